// The settings of the layer explorer: as numbers to count with, and as the line of Python.

import { constructorLine, quoted } from "./base.js";

// What can be null: as published.
export const STRUCTURE = ["cardinality", "group_width", "ratio", "depths", "stem"];

export const sides = (size) => (Array.isArray(size) ? size : [size, size]);

export function numbers(state) {
  const [height, width] = sides(state.input_size);
  const others = ["in_channels", "num_classes", "width_mult", ...STRUCTURE];
  return { height, width, ...Object.fromEntries(others.map((name) => [name, state[name] ?? null])) };
}

// The shortest line of Python that gives this state again.
export function line(catalogue, state) {
  const { own, expression } = catalogue.networks[state.network];
  const other = state.compare && catalogue.networks[state.compare].expression;
  const usual = { ...own, width_mult: 1, compare: null, opened: [], predict: false };
  const order = ["input_size", "in_channels", "num_classes", "width_mult", ...STRUCTURE];
  const shown = [...order, ...(other ? [] : ["compare"]), "opened", "predict"].filter(
    (name) => JSON.stringify(state[name] ?? null) !== JSON.stringify(usual[name] ?? null),
  );
  const first = expression ?? (state.network === "resnet18" && !other ? null : quoted(state.network));
  const text = constructorLine("LayerExplorer", first, shown.map((name) => [name, state[name]]));
  return other ? text.replace(first, `${first}, compare=${other}`) : text;
}
