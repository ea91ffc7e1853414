// Shapes, parameters, MACs and receptive fields, as d2l_ext.counting has them:
// receptive_field.py, rules.py, moves.py and graph.py, with their words. The tests hold the two
// together, so a change there is a change here.

import { Impossible } from "./base.js";

export class ShapeError extends Impossible {}

const tuple = (shape) => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`);
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

// ---- receptive_field.py: outputs look at pixels start + i * jump to end + i * jump ----

const pixel = (image) => ({ image, start: 0, end: 0, jump: 1, whole: false });

const size = (field) => (field.whole ? field.image : field.end - field.start + 1);

function through(field, kernel, stride, padding, dilation = 1) {
  return {
    ...field,
    start: field.start - padding * field.jump,
    end: field.end + (dilation * (kernel - 1) - padding) * field.jump,
    jump: field.jump * stride,
  };
}

function over(field, positions) {
  const start = Math.max(field.start, 0);
  const end = Math.min(field.end + (positions - 1) * field.jump, field.image - 1);
  if (field.whole || (start === 0 && end === field.image - 1)) {
    return { image: field.image, start: 0, end: field.image - 1, jump: field.image, whole: true };
  }
  return { ...field, start, end };
}

const together = (a, b) => ({
  ...a,
  start: Math.min(a.start, b.start),
  end: Math.max(a.end, b.end),
  whole: a.whole || b.whole,
});

function joined(inputs) {
  if (inputs.some((signal) => !signal.fields)) return null;
  return [0, 1].map((axis) => inputs.map((signal) => signal.fields[axis]).reduce(together));
}

// ---- rules.py: what each kind of layer makes of its inputs ----

function positions(length, kernel, stride, padding, dilation, ceil) {
  const room = length + 2 * padding - dilation * (kernel - 1) - 1;
  let count = Math.floor(room / stride) + 1;
  if (ceil) {
    count = Math.ceil(room / stride) + 1;
    if ((count - 1) * stride >= length + padding) count -= 1;
  }
  if (count < 1) {
    throw new ShapeError(
      `kernel ${dilation * (kernel - 1) + 1} is larger than the padded input ` +
        `${length + 2 * padding} (${length} + 2 x ${padding}); use a larger image or fewer strides`,
    );
  }
  return count;
}

const NONE = [0, 0];
const ONES = [1, 1];

function moved(layer, signal, channels) {
  if (signal.shape.length !== 3) {
    throw new ShapeError(`expects a map of shape (channels, height, width), got ${tuple(signal.shape)}`);
  }
  const { kernel, stride, padding = NONE, dilation = ONES, ceil = false } = layer;
  const step = (axis) => [kernel[axis], stride[axis], padding[axis], dilation[axis]];
  const [height, width] = [0, 1].map((axis) =>
    positions(signal.shape[axis + 1], ...step(axis), ceil),
  );
  const fields = signal.fields && signal.fields.map((field, axis) => through(field, ...step(axis)));
  return { shape: [channels, height, width], fields };
}

export function divisorsNear(groups, channels) {
  let below = Math.min(groups, channels);
  while (below > 1 && channels % below) below -= 1;
  let above = groups;
  while (above <= channels && channels % above) above += 1;
  return above > channels || above === below ? `${below}` : `${below} or ${above}`;
}

function checkGroups(groups, channels, what) {
  if (groups < 1) throw new ShapeError(`groups = ${groups} must be at least 1. Try 1.`);
  if (channels % groups) {
    const whole = Math.floor(channels / groups);
    throw new ShapeError(
      `groups = ${groups} does not divide ${what} = ${channels} ` +
        `(${channels} = ${groups} x ${whole} + ${channels % groups}). ` +
        `Try ${divisorsNear(groups, channels)}.`,
    );
  }
}

// Which positions a slice of Python takes: the first, their distance, how many.
function taken(length, [from = null, to = null, by = null] = []) {
  const inside = (end) => Math.min(Math.max(end < 0 ? end + length : end, 0), length);
  const start = inside(from ?? 0);
  const step = by ?? 1;
  return { start, step, count: Math.max(0, Math.ceil((inside(to ?? length) - start) / step)) };
}

const plain = (signal) => ({ signal, parameters: 0, macs: 0 });
const pooled = (layer, [signal]) => plain(moved(layer, signal, signal.shape[0]));

function elementwise(layer, inputs) {
  const shapes = inputs.map((signal) => signal.shape);
  const axes = shapes[0].map((_, axis) => shapes.map((shape) => shape[axis]));
  const differ = (sizes) => new Set(sizes.filter((value) => value !== 1)).size > 1;
  if (shapes.some((shape) => shape.length !== shapes[0].length) || axes.some(differ)) {
    throw new ShapeError(`shapes that do not add up: ${shapes.map(tuple).join(" and ")}`);
  }
  return plain({ shape: axes.map((sizes) => Math.max(...sizes)), fields: joined(inputs) });
}

const RULES = {
  conv(layer, [signal]) {
    const channels = signal.shape[0];
    const { out, groups = 1, bias = false } = layer;
    const expected = layer.in ?? channels;
    if (expected !== channels) {
      throw new ShapeError(
        `expects ${expected} channels, got ${channels}; build it with ${channels} input channels, ` +
          `or give it ${expected}`,
      );
    }
    checkGroups(groups, channels, "in_channels");
    checkGroups(groups, out, "out_channels");
    const result = moved(layer, signal, out);
    const weights = out * (channels / groups) * product(layer.kernel);
    const macs = weights * product(result.shape.slice(1));
    return { signal: result, parameters: weights + (bias ? out : 0), macs };
  },

  linear(layer, [signal]) {
    const features = signal.shape.at(-1);
    const { out, bias = false } = layer;
    const expected = layer.in ?? features;
    if (expected !== features) {
      throw new ShapeError(
        `expects ${expected} features, got ${features}; the map before it has another size than ` +
          "it was built for",
      );
    }
    const weights = features * out;
    const others = signal.shape.slice(0, -1);
    return {
      signal: { shape: [...others, out], fields: others.length ? null : signal.fields },
      parameters: weights + (bias ? out : 0),
      macs: weights * product(others),
    };
  },

  batch_norm(layer, [signal]) {
    const channels = signal.shape[0];
    const expected = layer.in ?? channels;
    if (expected !== channels) {
      throw new ShapeError(`expects ${expected} channels, got ${channels}`);
    }
    return { signal, parameters: layer.affine === false ? 0 : 2 * channels, macs: 0 };
  },

  max_pool: pooled,
  avg_pool: pooled,

  adaptive_pool(layer, [signal]) {
    const [channels, ...sizes] = signal.shape;
    const out = layer.size.map((value, axis) => value || sizes[axis]);
    if (same(out, sizes)) return plain(signal);
    let fields = null;
    if (signal.fields && out.every((value, axis) => sizes[axis] % value === 0)) {
      fields = signal.fields.map((field, axis) => {
        const bin = sizes[axis] / out[axis];
        return out[axis] === 1 ? over(field, sizes[axis]) : through(field, bin, bin, 0);
      });
    }
    return plain({ shape: [channels, ...out], fields });
  },

  flatten(layer, [signal]) {
    const { shape, fields } = signal;
    const seen = fields && shape.length === 3;
    return plain({
      shape: [product(shape)],
      fields: seen ? fields.map((field, axis) => over(field, shape[axis + 1])) : fields,
    });
  },

  parameter: (layer) => ({
    signal: { shape: layer.shape, fields: null },
    parameters: product(layer.shape),
    macs: 0,
  }),

  add: elementwise,
  multiply: elementwise,

  // ---- moves.py: what moves values and computes nothing ----

  subsample: (layer, inputs) => pooled({ ...layer, kernel: ONES }, inputs),

  concat(layer, inputs) {
    const maps = inputs.map((signal) => signal.shape.slice(1));
    const differing = maps.filter((map, i) => maps.findIndex((other) => same(other, map)) === i);
    if (differing.length > 1) {
      differing.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      throw new ShapeError(
        `maps that differ in size cannot be concatenated: [${differing.map(tuple).join(", ")}]`,
      );
    }
    const channels = inputs.reduce((sum, signal) => sum + signal.shape[0], 0);
    const filled = inputs.filter((signal) => signal.shape[0]);
    const fields = joined(filled.length ? filled : inputs);
    return plain({ shape: [channels, ...maps[0]], fields });
  },

  chunk({ chunks, index }, [signal]) {
    const [channels, ...map] = signal.shape;
    const width = Math.ceil(channels / chunks);
    const kept = Math.min(width, channels - index * width);
    if (kept < 1) {
      throw new ShapeError(`${channels} channels do not make ${index + 1} of ${chunks} chunks`);
    }
    return plain({ shape: [kept, ...map], fields: signal.fields });
  },

  slice(layer, [signal]) {
    const names = ["channels", "rows", "columns"];
    const kept = names.map((name, axis) => taken(signal.shape[axis], layer[name]));
    for (const axis of [1, 2]) {
      if (kept[axis].count) continue;
      throw new ShapeError(
        `the slice leaves none of ${signal.shape[axis]} ${names[axis]}; use a larger image`,
      );
    }
    const [, rows, columns] = kept;
    const fields = signal.fields && [rows, columns].map(({ start, step }, axis) =>
      through(signal.fields[axis], 1, step, -start));
    return plain({ shape: kept.map(({ count }) => count), fields });
  },

  pad({ padding }, [signal]) {
    const [top, bottom, left, right] = padding;
    const [channels, height, width] = signal.shape;
    const shape = [channels, height + top + bottom, width + left + right];
    if (shape[1] < 1 || shape[2] < 1) {
      throw new ShapeError(`padding ${tuple(padding)} leaves nothing; use a larger image`);
    }
    const fields = signal.fields && [top, left].map((border, axis) =>
      through(signal.fields[axis], 1, 1, border));
    return plain({ shape, fields });
  },

  pad_channels: (layer, [signal]) =>
    plain({ shape: [layer.out, ...signal.shape.slice(1)], fields: signal.fields }),
};

for (const kind of [
  "relu", "relu6", "sigmoid", "softmax", "silu", "gelu", "tanh", "hardswish", "hardsigmoid",
  "leaky_relu", "dropout", "identity", "scale", "channel_shuffle",
]) {
  RULES[kind] = (layer, [signal]) => plain(signal);
}

function measured(layer, inputs) {
  const map = String(layer.shape.slice(1));
  const kept =
    inputs.length > 0 &&
    layer.pixelwise &&
    layer.shape.length === 3 &&
    inputs.every((signal) => String(signal.shape.slice(1)) === map);
  return {
    signal: { shape: layer.shape, fields: kept ? joined(inputs) : null },
    parameters: layer.parameters ?? 0,
    macs: layer.macs ?? 0,
  };
}

function apply(layer, inputs) {
  const rule = RULES[layer.kind];
  if (!rule) return measured(layer, inputs);
  const outcome = rule(layer, inputs);
  return layer.shared ? { ...outcome, parameters: 0 } : outcome;
}

// ---- graph.py: through the whole network ----

// Nodes are {name, from, layer}; `from` counts backwards, as a blueprint does.
export function propagate(nodes, inputShape) {
  const image = { shape: inputShape, fields: inputShape.slice(-2).map(pixel) };
  const results = [];
  nodes.forEach((node, position) => {
    const inputs = node.from.map((back) => results[position - back]?.signal ?? image);
    try {
      results.push({ node, inputs, ...apply(node.layer, inputs) });
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const got = inputs.map((signal) => tuple(signal.shape)).join(" and ");
      throw new ShapeError(`${node.name} (${node.layer.kind}, on ${got}): ${error.message}`);
    }
  });
  return results;
}

// The pixels of the image, along each axis, that an output can depend on.
export function receptiveField(signal) {
  if (!signal.fields) return null;
  const sizes = signal.fields.map(size);
  return { sizes, whole: signal.fields.every((field) => field.whole) };
}
