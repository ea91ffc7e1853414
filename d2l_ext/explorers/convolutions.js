// Ways to write one convolution, and what each costs, as convolutions.py has it; the tests hold the
// two together.

import { Impossible, checkRange } from "./base.js";
import { divisorsNear, propagate } from "./counting.js";
import { checkCardinality } from "./grouping.js";

export const CONVOLUTION_LIMITS = {
  in_channels: [1, 2048],
  out_channels: [1, 2048],
  size: [1, 512],
  kernel_size: [1, 15],
  cardinality: [1, 2048],
};

export const KINDS = ["dense", "factorised", "grouped", "separable", "shift", "bottleneck"];

export function checkConvolution(state) {
  for (const [name, limits] of Object.entries(CONVOLUTION_LIMITS)) {
    checkRange(name, state[name], limits);
  }
  const { kernel_size } = state;
  if (kernel_size % 2 === 0) {
    throw new Impossible(
      `kernel_size = ${kernel_size} has no middle, so the map would not keep its size. ` +
        `Try ${kernel_size - 1} or ${kernel_size + 1}.`,
      { kernel_size: kernel_size - 1 },
    );
  }
  checkCardinality(state);
}

const moving = (out, height, width, groups = 1) => ({
  kind: "conv",
  out,
  kernel: [height, width],
  stride: [1, 1],
  padding: [(height - 1) / 2, (width - 1) / 2],
  groups,
});

// The layers of one kind.
export function partsOf({ in_channels, out_channels, size, kernel_size: k, cardinality }, kind) {
  const middle = Math.max(1, Math.floor(out_channels / 4));
  const kinds = {
    dense: [moving(out_channels, k, k)],
    factorised: [moving(out_channels, 1, k), moving(out_channels, k, 1)],
    grouped: [moving(out_channels, k, k, cardinality)],
    separable: [moving(in_channels, k, k, in_channels), moving(out_channels, 1, 1)],
    shift: [
      { kind: "shift", shape: [in_channels, size, size], kernel: [k, k] },
      moving(out_channels, 1, 1),
    ],
    bottleneck: [moving(middle, 1, 1), moving(middle, k, k), moving(out_channels, 1, 1)],
  };
  return kinds[kind];
}

// {parameters, macs, traffic in bytes, intensity, layers as `propagate` gives them}
export function convolutionCost(state, kind) {
  const image = [state.in_channels, state.size, state.size];
  const nodes = partsOf(state, kind).map((layer, i) => ({ name: `${i}`, from: [1], layer }));
  const layers = propagate(nodes, image);
  const volume = (shape) => shape.reduce((a, b) => a * b, 1);
  const sum = (of) => layers.reduce((total, layer) => total + of(layer), 0);
  const parameters = sum((layer) => layer.parameters);
  const macs = sum((layer) => layer.macs);
  const values = sum((layer) => volume(layer.inputs[0].shape) + volume(layer.signal.shape));
  const traffic = 4 * (values + parameters);
  return { parameters, macs, traffic, intensity: macs / traffic, layers };
}
