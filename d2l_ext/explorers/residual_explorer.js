// The page of the residual explorer: blocks of the gallery, one or two, and what a stack of them does.

import { alone, button, element, explorer, other, rowOf, setText, short, tabulated, whole } from "./base.js";
import { decades, logPlot, plotMark } from "./log_plot.js";
import { prediction } from "./predict.js";
import { countBlock } from "./residual_graph.js";
import { blockSection } from "./residual_section.js";

// What one block multiplies the shortcut by, and n of them.
export function factorOf(block, settings) {
  return block.uses.includes("scale") ? settings.scale : block.factor;
}

// A measured curve at a depth between those measured: a straight line on the logarithmic axis.
export function between(depths, values, depth) {
  const after = depths.findIndex((measured) => measured >= depth);
  const [x1, y1] = [depths[after], values[after]];
  if (x1 === depth) return y1;
  const [x0, y0] = [depths[after - 1], values[after - 1]];
  if (!(y0 > 0 && y1 > 0)) return y1;
  return y0 * (y1 / y0) ** ((depth - x0) / (x1 - x0));
}

// Three digits, as 1.23 or 4.5e-7 in the way of the papers.
export function gainText(value) {
  if (value === null) return "above float32";
  if (value === 0) return "0";
  if (value >= 0.01 && value < 10_000) return String(Number(value.toPrecision(3)));
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits} × 10^${Number(power)}`;
}

// The curves of a block: products of the scaling factors, and what was measured, null if not.
export function curvesOf(catalogue, name, settings) {
  const { depths, curves } = catalogue.measured;
  const block = catalogue.blocks[name];
  const factor = factorOf(block, settings);
  const known = !block.uses.includes("scale") || settings.scale === 0.5;
  const found = known ? curves[name][settings.start] : { signal: null, gradient: null };
  const points = (values) => (values ?? []).map((value, i) => [depths[i], value]);
  return {
    product: factor ? [0, ...depths].map((n) => [n, factor ** n]) : [],
    signal: points(found.signal),
    gradient: points(found.gradient),
    at: {
      product: factor === null ? undefined : factor ** settings.depth,
      signal: known ? between(depths, found.signal, settings.depth) : undefined,
      gradient: known ? between(depths, found.gradient, settings.depth) : undefined,
    },
  };
}

const RANGES = ["It vanishes: below 1/1000", "It stays within a factor of 1000", "It explodes: above 1000"];

function riddle({ title }, gain, depth) {
  const answer = gain === null || gain > 1000 ? 2 : gain < 0.001 ? 0 : 1;
  return {
    question:
      `${depth} blocks, ${title}: how large is the gradient in front of the first, against that ` +
      "behind the last?",
    options: RANGES,
    answer,
    why: `Measured: ${gainText(gain)}.`,
  };
}

function render(context) {
  const catalogue = context.model.get("catalogue");
  const { blocks, limits, measured } = catalogue;
  const options = Object.entries(blocks).map(([value, { title, group }]) => ({ value, label: title, group }));
  const { put, state, controls, words, actions, body, announce, start } = explorer(context, {
    name: "ResidualExplorer",
    own: { block: { options }, compare: other("compare", options, () => state) },
    draw,
  });
  actions.prepend(
    button("Usual settings", () => put(blocks[state.block].own), "Shapes at which the paper uses the block"),
  );

  const sections = [0, 1].map(() => blockSection(announce, words));
  const pair = element("div", { class: "d2l-blocks" }, ...sections.map((one) => one.node));
  const heading = element("h4");
  const plots = {
    product: logPlot("Shortcuts alone: product of their factors"),
    signal: logPlot("Signal: behind the stack against before it"),
    gradient: logPlot("Gradient: before the stack against behind it"),
  };
  const grid = element("div", { class: "d2l-plots" }, ...Object.values(plots).map((plot) => plot.node));
  const columns = ["Block", "Shortcut of one block", "Shortcuts of all", "Signal", "Gradient"];
  const rows = element("tbody");
  const table = tabulated("Gains through the stack", columns, rows, "d2l-gains");
  const why = element("div", { class: "d2l-notes" });
  const guess = prediction([grid, table], announce);
  const stack = element("section", { class: "d2l-stack" }, heading, guess.node, grid, table);
  body.append(pair, stack, why);

  function tell(names, curves) {
    rows.replaceChildren(
      ...names.map((name, i) => {
        const legend = element("span");
        legend.innerHTML = plotMark(i);
        legend.append(` ${blocks[name].title}`);
        const factor = factorOf(blocks[name], state);
        const { product, signal, gradient } = curves[i].at;
        const texts = [factor === null ? "no constant" : String(factor)];
        for (const gain of [product, signal, gradient]) texts.push(gain === undefined ? "–" : gainText(gain));
        return rowOf(legend, ...texts);
      }),
    );
    const told = names.map((name) => `${blocks[name].title}: ${blocks[name].factor_says}`);
    const unmeasured = names.some((name) => blocks[name].uses.includes("scale")) && state.scale !== 0.5;
    why.replaceChildren(
      ...told.map((text) => element("p", {}, text)),
      element("p", {}, words.additive),
      element(
        "p",
        {},
        `Measured: ${measured.setup}; ratios of root mean squares, 0 where float32 has nothing left.` +
          (unmeasured ? words.unmeasured : ""),
      ),
      element("p", {}, catalogue.note),
    );
  }

  function draw() {
    const names = [state.block, state.compare].filter(Boolean);
    const used = new Set(names.flatMap((name) => blocks[name].uses));
    for (const key of Object.keys(limits)) controls[key].control.disabled = key !== "depth" && !used.has(key);
    const counted = names.map((name) => countBlock(catalogue, name, state));
    sections.forEach((one, i) => {
      one.node.hidden = !names[i];
      if (names[i]) one.show(catalogue, names[i], state, counted[i]);
    });
    body.classList.toggle("d2l-two", names.length === 2);

    const curves = names.map((name) => curvesOf(catalogue, name, state));
    const range = decades(curves.flatMap(({ product, signal, gradient }) => [product, signal, gradient]));
    const last = measured.depths.at(-1);
    for (const [key, plot] of Object.entries(plots)) {
      const told = names
        .map((name, i) => [blocks[name].title, curves[i].at[key]])
        .map(([title, gain]) => `${title}: ${gain === undefined ? "not known" : gainText(gain)}`)
        .join("; ");
      plot.show(`At ${state.depth} blocks, ${told}.`, curves.map((one) => one[key]), range, last, state.depth);
    }
    setText(heading, `Through ${state.depth} blocks`);
    tell(names, curves);
    const gain = curves[0].at.gradient;
    const ask = state.predict && gain !== undefined;
    guess.show(`${state.block} ${state.start} ${state.depth}`, ask && riddle(blocks[state.block], gain, state.depth));
    return names
      .map((name, i) => `${blocks[name].title}: ${whole(counted[i].parameters)} parameters, ${short(counted[i].macs)} MACs.`)
      .join(" ");
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
