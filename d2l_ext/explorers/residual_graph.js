// The layers of a block of the gallery with the learner's numbers, as residual_graph.py has it; the
// tests hold the two together.

import { Impossible, checkRange } from "./base.js";
import { propagate } from "./counting.js";
import { squeezed } from "./squeezed.js";

function checkDivides(divisor, value, what, fix, who = "") {
  const rest = value % divisor;
  if (!rest) return;
  const [near] = Object.values(fix);
  throw new Impossible(
    `${who}${divisor} does not divide ${what} (${value} = ${divisor} x ` +
      `${Math.floor(value / divisor)} + ${rest}). Try ${near}.`,
    fix,
  );
}

// Throws Impossible unless a block can have these settings.
export function checkBlock({ blocks, limits }, name, settings) {
  const { title, uses, merge, change, branch } = blocks[name];
  for (const key of uses) checkRange(key, settings[key], limits[key]);
  const { channels, out_channels: out, stride, cardinality, ratio } = settings;
  if (merge && !change && stride !== 1) {
    throw new Impossible(
      `${title} keeps the map's size, so stride = ${stride} is impossible. Try 1.`,
      { stride: 1 },
    );
  }
  if (merge === "add" && !change && out !== channels) {
    throw new Impossible(
      `${title} adds its input as it is, so out_channels = ${out} must be channels = ` +
        `${channels}. Try ${channels}.`,
      { out_channels: channels },
    );
  }
  if (change.includes("pad") && out < channels) {
    throw new Impossible(
      `${title} pads its shortcut with zeros (option A), so out_channels = ${out} cannot ` +
        `be below channels = ${channels}. Try ${channels}.`,
      { out_channels: channels },
    );
  }
  for (const [word, divisor] of [["mid", 4], ["paths", 2]]) {
    if (!branch.includes(`:${word}`)) continue;
    const near = Math.max(divisor, out - (out % divisor));
    checkDivides(divisor, out, `out_channels = ${out}`, { out_channels: near });
  }
  if (uses.includes("cardinality")) {
    const width = Math.floor(out / 2);
    let near = Math.min(cardinality, width);
    while (width % near) near -= 1;
    checkDivides(cardinality, width, `the width ${width}`, { cardinality: near }, "cardinality = ");
  }
  if (uses.includes("ratio")) {
    const reduced = branch.includes("se:in") ? channels : out;
    if (ratio > reduced) {
      throw new Impossible(
        `ratio = ${ratio} is above the ${reduced} channels that it reduces. Try ${reduced}.`,
        { ratio: reduced },
      );
    }
  }
}

// The block's layers and their drawing, with or without a shortcut that changes the shape.
export function variant({ blocks }, name, { stride, channels, out_channels: out }) {
  const { change, same, changed } = blocks[name];
  return change && (stride !== 1 || channels !== out) ? changed : same;
}

// The attributes of a layer, with numbers where the description has names.
export function filledIn(node, settings) {
  const { channels, out_channels: out, ratio, growth_rate: growth } = settings;
  const widths = {
    in: channels,
    out,
    mid: Math.floor(out / 4),
    paths: Math.floor(out / 2),
    growth,
    wide: 4 * growth,
    squeezed_in: squeezed(channels, ratio),
    squeezed_out: squeezed(out, ratio),
  };
  const layer = { kind: node.kind };
  for (const key of ["out", "kernel", "padding", "stride", "groups", "bias", "size"]) {
    if (!(key in node)) continue;
    const value = typeof node[key] === "string" ? widths[node[key]] ?? settings[node[key]] : node[key];
    layer[key] = key === "stride" ? [value, value] : value;
  }
  return layer;
}

// Count a block: its layers as counting.js gives them, and the sums.
export function countBlock(catalogue, name, settings) {
  checkBlock(catalogue, name, settings);
  const nodes = variant(catalogue, name, settings).nodes.map((node) => ({
    name: node.name,
    from: node.from ?? [1],
    layer: filledIn(node, settings),
  }));
  const results = propagate(nodes, [settings.channels, settings.size, settings.size]);
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  return { results, parameters: total("parameters"), macs: total("macs") };
}
