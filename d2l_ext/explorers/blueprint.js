// From a blueprint and a choice of settings to counted layers, as expansion.py and settings.py
// have it; the tests hold the two together.

import { Impossible, checkRange } from "./base.js";
import { ShapeError, propagate, receptiveField } from "./counting.js";

const scaled = (channels, widthMult) => Math.max(1, Math.floor(channels * widthMult + 0.5));

function attribute(value, name, settings) {
  if (value === "classes") return settings.num_classes;
  if ((name === "out" || name === "groups") && Array.isArray(value)) {
    return value[0] * scaled(value[1], settings.width_mult);
  }
  return value;
}

function filled(layer, settings) {
  const open = ["out", "groups"].filter((name) => name in layer);
  const values = open.map((name) => [name, attribute(layer[name], name, settings)]);
  return { ...layer, ...Object.fromEntries(values) };
}

// Every part and layer as {name, local, depth, layer | type, first, last}, in the order in which
// they are shown; `first` and `last` are positions in the list of layers.
function outline(parts, blocks, settings, prefix, rows, nodes) {
  for (const part of parts) {
    for (let copy = 0; copy < (part.count ?? 1); copy += 1) {
      const local = "count" in part ? String(Number(part.name) + copy) : part.name;
      const name = prefix + local;
      const row = { name, local, depth: name.split(".").length - 1, first: nodes.length };
      rows.push(row);
      if ("kind" in part) {
        row.layer = filled(part, settings);
        nodes.push({ name, from: part.from ?? [1], layer: row.layer });
      } else {
        const inner = "block" in part ? blocks[part.block] : part;
        row.type = inner.type;
        row.parts = inner.parts.reduce((sum, child) => sum + (child.count ?? 1), 0);
        row.ofBlocks = inner.parts.every((child) => !("kind" in child));
        outline(inner.parts, blocks, settings, `${name}.`, rows, nodes);
      }
      row.last = nodes.length - 1;
    }
  }
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
// settings: {height, width, in_channels, num_classes, width_mult}
// Returns {rows, parameters, macs}; each row has signal, field, parameters and macs.
// Throws Impossible where the setting is impossible.
export function count(catalogue, network, settings) {
  for (const [name, limits] of Object.entries(catalogue.limits)) {
    checkRange(name, settings[name], limits);
  }
  checkFixed(catalogue.networks[network], settings);
  const rows = [];
  const nodes = [];
  outline(catalogue.networks[network].parts, catalogue.blocks, settings, "", rows, nodes);
  const results = propagate(nodes, [settings.in_channels, settings.height, settings.width]);
  for (const row of rows) {
    row.parameters = 0;
    row.macs = 0;
    for (let i = row.first; i <= row.last; i += 1) {
      row.parameters += results[i].parameters;
      row.macs += results[i].macs;
    }
    row.signal = results[row.last].signal;
    row.field = receptiveField(row.signal);
    if (row.layer) row.inputs = results[row.last].inputs;
  }
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  return { rows, parameters: total("parameters"), macs: total("macs") };
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
