// A layer in words: what it is, and how its numbers come about.

import { shape, whole } from "./base.js";

const NAMES = {
  batch_norm: "batch norm",
  relu: "ReLU",
  add: "addition",
  multiply: "product",
  concat: "concatenation",
  subsample: "every so-many pixels",
  pad_channels: "channels of zeros",
};

const WINDOWS = { conv: "convolution", max_pool: "max pooling", avg_pool: "average pooling" };

const pair = ([height, width]) => (height === width ? height : `${height} × ${width}`);

export function kind(row) {
  if (row.layer) return layerKind(row.layer);
  if (row.ofBlocks) return `${row.parts} ${row.parts === 1 ? "block" : "blocks"}`;
  return row.type ?? `${row.parts} layers`;
}

function layerKind(layer) {
  if (layer.kind in WINDOWS) {
    const words = [`${shape(layer.kernel)} ${WINDOWS[layer.kind]}`];
    if (Math.max(...layer.stride) > 1) words.push(`stride ${pair(layer.stride)}`);
    if (layer.groups > 1) words.push(`${layer.groups} groups`);
    if (layer.dilation) words.push(`dilation ${pair(layer.dilation)}`);
    return words.join(", ");
  }
  if (layer.kind === "adaptive_pool") return `pooling to ${shape(layer.size)}`;
  if (layer.kind === "subsample") return `one pixel in ${shape(layer.stride)}`;
  return NAMES[layer.kind] ?? layer.kind.replaceAll("_", " ");
}

// How a window tiles each axis of its input: what is rounded, and which pixels are never read.
export function tiling(row) {
  const { stride, kernel = [1, 1], padding = [0, 0], dilation = [1, 1], ceil } = row.layer ?? {};
  if (!stride) return null;
  const axes = [0, 1].map((axis) => {
    const length = row.inputs[0].shape[axis + 1];
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const rest = (length + 2 * padding[axis] - reach) % stride[axis];
    const unread = ceil || reach < stride[axis] ? 0 : Math.max(0, rest - padding[axis]);
    return { length, to: row.signal.shape[axis + 1], rounded: length % stride[axis] !== 0, unread };
  });
  return axes.some((axis) => axis.rounded || axis.unread) ? axes : null;
}

export function tilingText(axes) {
  const square = axes[0].length === axes[1].length && axes[0].to === axes[1].to;
  const words = (square ? axes.slice(0, 1) : axes).map((axis) => {
    const lost = axis.unread ? `, ${axis.unread} unread` : "";
    return `${axis.length} to ${axis.to}${lost}`;
  });
  return words.join(" and ");
}

function windowText(row) {
  const { kernel, stride, padding = [0, 0], dilation = [1, 1], ceil } = row.layer;
  const lines = [0, 1].map((axis) => {
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const padded = `${row.inputs[0].shape[axis + 1]} + 2 × ${padding[axis]} − ${reach}`;
    const rounding = stride[axis] === 1 ? "" : ceil ? ", rounded up," : ", rounded down,";
    return `(${padded}) / ${stride[axis]}${rounding} + 1 = ${row.signal.shape[axis + 1]}`;
  });
  return lines[0] === lines[1]
    ? [`Height and width: ${lines[0]}.`]
    : [`Height: ${lines[0]}.`, `Width: ${lines[1]}.`];
}

function unreadText(row) {
  const { kernel, stride } = row.layer;
  if (kernel.every((taps, axis) => taps < stride[axis])) {
    return [`It reads one pixel in ${stride[0] * stride[1]} of its input.`];
  }
  return (tiling(row) ?? []).flatMap((axis, i) => {
    const line = i === 0 ? "row" : "column";
    if (!axis.unread) return [];
    const lines = axis.unread === 1 ? `The last ${line} is` : `The last ${axis.unread} ${line}s are`;
    return [`${lines} never read.`];
  });
}

function weightsText(row, factors, positions) {
  const weights = factors.reduce((a, b) => a * b, 1);
  const sum = row.layer.bias
    ? `${shape(factors)} weights + ${row.layer.out} biases`
    : `${shape(factors)} weights`;
  const where = positions.length ? ` at ${shape(positions)} positions` : "";
  const shared = row.layer.shared ? " These weights are counted where they are used first." : "";
  return [
    `Parameters: ${sum} = ${whole(weights + (row.layer.bias ? row.layer.out : 0))}.${shared}`,
    `MACs: ${whole(weights)} weights${where} = ${whole(row.macs)}.`,
  ];
}

function sight({ fields }) {
  if (!fields) return "Where in the image it looks cannot be told.";
  if (fields.every((field) => field.whole)) return "It sees the whole image.";
  const seen = fields.map(({ start, end, jump }, axis) => {
    const at = (offset) => {
      const sign = offset < 0 ? "−" : "+";
      const place = jump === 1 ? "i" : `${jump}i`;
      return offset ? `${place} ${sign} ${Math.abs(offset)}` : place;
    };
    return `${axis === 0 ? "row" : "column"} i sees ${axis === 0 ? "rows" : "columns"} ` +
      `${at(start)} to ${at(end)}`;
  });
  const same = JSON.stringify(fields[0]) === JSON.stringify(fields[1]);
  return `Of the image, output ${same ? seen[0] : seen.join(", and ")}; what lies outside is padding.`;
}

const SENTENCES = {
  conv(row) {
    const { kernel, groups = 1, out } = row.layer;
    const inputs = row.inputs[0].shape[0] / groups;
    const weights = weightsText(row, [out, inputs, ...kernel], row.signal.shape.slice(1));
    return [...weights, ...windowText(row), ...unreadText(row)];
  },
  linear: (row) =>
    weightsText(row, [row.layer.out, row.inputs[0].shape.at(-1)], row.signal.shape.slice(0, -1)),
  batch_norm: (row) => [
    row.parameters
      ? `Parameters: a scale and a shift for each of ${row.signal.shape[0]} channels.`
      : "No parameters of its own.",
  ],
  max_pool: (row) => [...windowText(row), ...unreadText(row)],
  avg_pool: (row) => [...windowText(row), ...unreadText(row)],
  add: (row) => [
    `It adds ${row.inputs.map((input) => shape(input.shape)).join(" and ")}; ` +
      "the longest path decides how far it sees.",
  ],
};

// Sentences on how a layer's shape, parameters and MACs come about.
export function explanation(row) {
  const own = SENTENCES[row.layer.kind]?.(row) ?? [];
  const costless = row.parameters || row.macs || own.length ? [] : ["No parameters, no MACs."];
  return [...own, ...costless, sight(row.signal)];
}
