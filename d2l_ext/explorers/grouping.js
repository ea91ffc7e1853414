// What grouped convolutions connect, and what they cost, as grouping.py has it; the tests hold the
// two together.

import { Impossible, checkRange } from "./base.js";
import { divisorsNear } from "./counting.js";

const LIMITS = {
  in_channels: [1, 1024],
  out_channels: [1, 1024],
  cardinality: [1, 1024],
  kernel_size: [1, 15],
  layers: [1, 2],
};

const greatestCommonDivisor = (a, b) => (b ? greatestCommonDivisor(b, a % b) : a);

// Throws Impossible unless the groups divide the channels on both sides.
export function checkCardinality(state) {
  const { cardinality } = state;
  const common = greatestCommonDivisor(state.in_channels, state.out_channels);
  for (const name of ["in_channels", "out_channels"]) {
    const rest = state[name] % cardinality;
    if (!rest) continue;
    const near = divisorsNear(cardinality, common);
    throw new Impossible(
      `cardinality = ${cardinality} does not divide ${name} = ${state[name]} ` +
        `(${state[name]} = ${cardinality} x ${Math.floor(state[name] / cardinality)} + ${rest}). ` +
        `Try ${near}.`,
      { cardinality: parseInt(near, 10) },
    );
  }
}

export function checkGrouping(state) {
  for (const [name, limits] of Object.entries(LIMITS)) checkRange(name, state[name], limits);
  checkCardinality(state);
}

// Which channel comes to each place.
export function permutation(channels, cardinality) {
  const width = channels / cardinality;
  const from = (place) => (place % cardinality) * width + Math.floor(place / cardinality);
  return Array.from({ length: channels }, (_, place) => from(place));
}

// After how many times everything is where it was.
export function order(moved) {
  const seen = new Set();
  let all = 1;
  moved.forEach((_, start) => {
    let length = 0;
    for (let place = start; !seen.has(place); place = moved[place], length += 1) seen.add(place);
    if (length) all = (all * length) / greatestCommonDivisor(all, length);
  });
  return all;
}

// The columns of channels from input to output: {name, channels, edges}, where edges are the pairs
// (channel of the column before, channel here) that are connected.
export function columns({ in_channels, out_channels, cardinality, layers, shuffle }) {
  const convolution = (name, before) => {
    const [from, to] = [before / cardinality, out_channels / cardinality];
    const edges = [];
    for (let output = 0; output < out_channels; output += 1) {
      const first = Math.floor(output / to) * from;
      for (let i = 0; i < from; i += 1) edges.push([first + i, output]);
    }
    return { name, channels: out_channels, edges };
  };
  const all = [{ name: "input", channels: in_channels, edges: [] }];
  all.push(convolution(layers === 2 ? "conv 1" : "conv", in_channels));
  if (shuffle) {
    const edges = permutation(out_channels, cardinality).map((from, to) => [from, to]);
    all.push({ name: "shuffle", channels: out_channels, edges, moves: true });
  }
  if (layers === 2) all.push(convolution("conv 2", out_channels));
  return all;
}

// Of each column, the channels that depend on one input channel.
export function lit(all, channel) {
  const sets = [new Set([channel])];
  for (const { edges } of all.slice(1)) {
    const before = sets.at(-1);
    sets.push(new Set(edges.filter(([from]) => before.has(from)).map(([, to]) => to)));
  }
  return sets;
}

// How many outputs an input channel reaches; each reaches as many as those of the first group.
export function reachCount({ out_channels, cardinality, layers, shuffle }) {
  const width = out_channels / cardinality;
  if (layers === 1 || !shuffle) return width;
  const groups = new Set();
  permutation(out_channels, cardinality).forEach((from, to) => {
    if (from < width) groups.add(Math.floor(to / width));
  });
  return groups.size * width;
}

export function groupedWeights({ in_channels, out_channels, cardinality, kernel_size, layers }) {
  const first = out_channels * (in_channels / cardinality) * kernel_size ** 2;
  const second = out_channels * (out_channels / cardinality) * kernel_size ** 2;
  return first + second * (layers - 1);
}

// ---- ResNeXt's block: 256 channels, C paths of d ----

const BLOCK = { channels: 256, bottleneck: 64, kernel: 3 };

export const blockWeights = (cardinality, width) =>
  cardinality * (2 * BLOCK.channels * width + (BLOCK.kernel * width) ** 2);

// The width of a path at which all of them cost as much as the bottleneck, before rounding.
export function equalCostWidth(cardinality) {
  const budget = blockWeights(1, BLOCK.bottleneck);
  const middle = BLOCK.kernel ** 2;
  return (Math.sqrt(BLOCK.channels ** 2 + (middle * budget) / cardinality) - BLOCK.channels) / middle;
}
