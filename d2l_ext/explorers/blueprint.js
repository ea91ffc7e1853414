// From a blueprint and a choice of settings to counted layers, as expansion.py and settings.py
// have it; the tests hold the two together.

import { Impossible, checkRange } from "./base.js";
import { ShapeError, propagate, receptiveField } from "./counting.js";
import { changedParts } from "./structure.js";
import { widthsAt } from "./widths.js";

const COMPUTING = ["conv", "linear"]; // what comes out of them is counted as activations

function filled(layer, widths) {
  const open = ["out", "groups"].filter((name) => name in layer);
  const values = open.map((name) => [name, widths(layer[name])]);
  const ends = layer.channels && { channels: layer.channels.map((end) => end && widths(end)) };
  return { ...layer, ...Object.fromEntries(values), ...ends };
}

// Every part and layer as {name, local, depth, layer | type, first, last}, in the order in which
// they are shown; `first` and `last` are positions in the list of layers.
function outline(parts, blocks, widths, prefix, rows, nodes) {
  for (const part of parts) {
    for (let copy = 0; copy < (part.count ?? 1); copy += 1) {
      const local = "count" in part ? String(Number(part.name) + copy) : part.name;
      const name = prefix + local;
      const row = { name, local, depth: name.split(".").length - 1, first: nodes.length };
      rows.push(row);
      if ("kind" in part) {
        row.layer = filled(part, widths);
        nodes.push({ name, from: part.from ?? [1], layer: row.layer });
      } else {
        const inner = "block" in part ? blocks[part.block] : part;
        row.type = inner.type;
        row.parts = inner.parts.reduce((sum, child) => sum + (child.count ?? 1), 0);
        row.ofBlocks = inner.parts.every((child) => !("kind" in child));
        outline(inner.parts, blocks, widths, `${name}.`, rows, nodes);
      }
      row.last = nodes.length - 1;
    }
  }
}

function checkSettings({ limits, stems }, settings) {
  for (const [name, range] of Object.entries(limits)) {
    const value = settings[name] ?? null;
    if (name === "depths") value?.forEach((depth, i) => checkRange(`depths[${i}]`, depth, range));
    else if (value !== null) checkRange(name, value, range);
  }
  if ((settings.stem ?? null) === null || settings.stem in stems) return;
  const names = Object.keys(stems).join(", ");
  throw new ShapeError(`stem = '${settings.stem}' is none of ${names}. Try 7x7.`, { stem: "7x7" });
}

function checkFixed({ fixed = [], own, title }, { height, width, width_mult }) {
  const given = { input_size: [height, width], width_mult: [width_mult] };
  const known = { ...own, width_mult: 1 };
  for (const name of fixed) {
    if (given[name].every((value) => value === known[name])) continue;
    throw new ShapeError(
      `${title} can be counted at ${name} = ${known[name]} only. Try ${known[name]}.`,
      { [name]: known[name] },
    );
  }
}

// Count a network of the catalogue.
//
// settings: {height, width, in_channels, num_classes, width_mult, and what may be null: cardinality,
// group_width, ratio, depths, stem}
// Returns {rows, results, parameters, macs, activations}; each row has signal, field and the three
// costs, results are those of `propagate`.
// Throws Impossible where the setting is impossible.
export function count(catalogue, network, settings) {
  const blueprint = catalogue.networks[network];
  checkSettings(catalogue, settings);
  checkFixed(blueprint, settings);
  const rows = [];
  const nodes = [];
  const widths = widthsAt(settings, blueprint.published);
  outline(changedParts(blueprint, settings), catalogue.blocks, widths, "", rows, nodes);
  const results = propagate(nodes, [settings.in_channels, settings.height, settings.width]);
  const cost = ({ node, signal, parameters, macs }) => ({
    parameters,
    macs,
    activations: COMPUTING.includes(node.layer.kind) ? signal.shape.reduce((a, b) => a * b, 1) : 0,
  });
  const costs = results.map(cost);
  const total = (key, some) => some.reduce((sum, one) => sum + one[key], 0);
  const add = (to, some) => {
    for (const key of ["parameters", "macs", "activations"]) to[key] = total(key, some);
    return to;
  };
  for (const row of rows) {
    add(row, costs.slice(row.first, row.last + 1));
    row.signal = results[row.last].signal;
    row.field = receptiveField(row.signal);
    if (row.layer) row.inputs = results[row.last].inputs;
  }
  return add({ rows, results }, costs);
}

// The value nearest to an impossible one at which all networks can be counted, the smaller of two;
// null if there is none within reach. `vary(value)` gives the settings with that value.
export function nearestValid(catalogue, networks, start, [low, high], step, vary) {
  for (let distance = 1; distance <= 256; distance += 1) {
    for (const sign of [-1, 1]) {
      const value = Number((start + sign * distance * step).toFixed(4));
      if (value < low || value > high) continue;
      try {
        networks.forEach((network) => count(catalogue, network, vary(value)));
        return value;
      } catch (error) {
        if (!(error instanceof Impossible)) throw error;
      }
    }
  }
  return null;
}
