// The layer explorer's page: one network or two, layer by layer, counted anew at each change.

import { alone, button, copyable, element, explorer, other, setText, shape, short, whole } from "./base.js";
import { count, nearestValid } from "./blueprint.js";
import { fieldPicture } from "./field_picture.js";
import { STRUCTURE, line, numbers, sides } from "./layer_line.js";
import { riddleOf } from "./layer_riddle.js";
import { networkTable } from "./network_table.js";
import { prediction } from "./predict.js";
import { shareBars, sharesOf } from "./shares.js";
import { partCode } from "./torch_code.js";
import { tiling, tilingText } from "./explain.js";

const NOTHING = Object.fromEntries(STRUCTURE.map((name) => [name, null]));

// One count of the second network against the first, in words.
function against(first, second, key, format, unit) {
  const change = second[key] - first[key];
  if (!change) return `as many ${unit}`;
  const ratio = first[key] ? ` (${(second[key] / first[key]).toFixed(2)} times)` : "";
  return `${format(Math.abs(change))} ${change > 0 ? "more" : "fewer"} ${unit}${ratio}`;
}

function tilingNote(counted) {
  const layers = counted.flatMap(({ rows }) => rows.filter((row) => row.layer && tiling(row)));
  if (!layers.length) return "Every stride divides its map: nothing is rounded or left out.";
  const named = layers.slice(0, 3).map((row) => `${row.name} (${tilingText(tiling(row))})`);
  const others = layers.length > 3 ? ` and ${layers.length - 3} more` : "";
  return `† A stride does not divide its map at ${named.join(", ")}${others}: the size is rounded.`;
}

// The settings that say nothing about a network, in words.
function unusedNote(network, state) {
  const { title, published = {}, controls } = network;
  const unused = STRUCTURE.filter((name) => state[name] !== null && !controls.includes(name));
  const stages = published.depths?.length;
  if (state.depths && stages && stages !== state.depths.length) unused.push("depths");
  return unused.length ? `Without effect on ${title}: ${unused.join(", ")}. ` : "";
}

function render({ model, el }) {
  const catalogue = model.get("catalogue");
  const { networks, stems } = catalogue;
  const stemOptions = Object.entries(stems).map(([value, label]) => ({ value, label }));
  const options = Object.entries(networks).map(([value, { title, family }]) => ({
    value,
    label: title,
    group: family,
  }));
  const chosen = () => [state.network, state.compare].filter(Boolean);
  // What the first shown network that has such a thing was published with.
  const published = (name) =>
    chosen().map((one) => networks[one].published?.[name]).find((value) => value != null) ?? null;
  const height = () => sides(state.input_size)[0];
  const depths = () => {
    const usual = published("depths") ?? [];
    return state.depths?.length === usual.length ? state.depths : usual;
  };
  // A setting that is null as published, and has a control only where a network has such a thing.
  const special = (name) => ({
    read: () => state[name] ?? published(name) ?? 1,
    assign: (value) => ({ [name]: value === published(name) ? null : value }),
  });
  const depth = (i) => ({
    read: () => depths()[i] ?? 1,
    assign(value) {
      const changed = depths().map((old, at) => (at === i ? value : old));
      return { depths: String(changed) === String(published("depths")) ? null : changed };
    },
  });
  const own = {
    network: { options },
    compare: other("compare", options, () => state),
    height: {
      read: height,
      assign: (value) => ({
        input_size: Array.isArray(state.input_size) ? [value, state.input_size[1]] : value,
      }),
    },
    width: {
      read: () => sides(state.input_size)[1],
      assign: (value) => ({ input_size: [height(), value] }),
    },
    square: {
      read: () => !Array.isArray(state.input_size),
      assign: (on) => ({ input_size: on ? height() : [height(), height()] }),
    },
    ...Object.fromEntries(["cardinality", "group_width", "ratio"].map((name) => [name, special(name)])),
    ...Object.fromEntries([0, 1, 2, 3].map((i) => [`depths[${i}]`, depth(i)])),
    stem: other("stem", stemOptions, () => state, "as published"),
  };
  const { state, put, controls, words, actions, body, announce, start } = explorer({ model, el }, {
    name: "LayerExplorer",
    line: () => line(catalogue, state),
    own,
    draw,
    remedy,
  });

  const usual = button(
    "Usual settings",
    () => put({ ...networks[state.network].own, width_mult: 1, ...NOTHING }),
    "Image, classes, width and structure as this network was published",
  );
  actions.prepend(usual);
  const difference = element("p", { class: "d2l-difference" });
  const tables = [0, 1].map(() => networkTable(toggle, () => controls.network.control.focus()));
  const bars = [shareBars(), shareBars()];
  const halves = tables.map((table, i) => element("div", {}, bars[i].node, table.node));
  const pair = element("div", { class: "d2l-pair" }, ...halves);
  const looks = fieldPicture(catalogue.picture);
  const code = copyable(announce, "Copy this PyTorch code");
  const heading = element("summary");
  const program = element("details", { class: "d2l-program", ontoggle: showCode }, heading, code.node);
  const below = element("div", { class: "d2l-below" }, looks.node, program);
  const answers = element("div", {}, difference, pair, below);
  const guess = prediction([answers], announce);
  const tiles = element("p");
  const unused = element("p");
  const activations = element("p", {}, words.activations);
  const note = element("p", {}, catalogue.note);
  body.append(guess.node, answers, element("div", { class: "d2l-notes" }, unused, tiles, note, activations));

  function toggle(name, on) {
    const others = state.opened.filter((other) => other !== name);
    put({ opened: on ? [...others, name] : others });
  }

  // The nearest valid value: of what was changed last if that helps, else of the first that does.
  function remedy(last) {
    const settings = numbers(state);
    const numeric = Object.keys(controls).filter((name) => controls[name].limits);
    for (const name of new Set([last ?? "height", ...numeric])) {
      const { limits, step, control, assign, node } = controls[name];
      if (!limits || control.disabled || node.hidden) continue;
      const vary = (value) => numbers({ ...state, ...assign(value) });
      const from = settings[name] ?? control.valueAsNumber;
      const value = nearestValid(catalogue, chosen(), from, limits, step, vary);
      if (value !== null) return { [name]: value };
    }
    return null;
  }

  function enable() {
    const shown = chosen().map((name) => networks[name]);
    const has = (key) => shown.some((one) => one.controls.includes(key));
    for (const [name, { control, node, limits }] of Object.entries(controls)) {
      const [key, place] = name.split(/\[|\]/);
      if (STRUCTURE.includes(key)) node.hidden = !has(key) || Number(place) >= depths().length;
      else if (limits) control.disabled = !has(["height", "width"].includes(name) ? "input_size" : key);
    }
    if (!Array.isArray(state.input_size)) controls.width.control.disabled = true;
    const { own } = networks[state.network];
    const differs = ([key, value]) => JSON.stringify(value) !== JSON.stringify(state[key]);
    usual.enable(Object.entries({ ...own, width_mult: 1, ...NOTHING }).some(differs));
  }

  let chosenPart = null;

  function showCode() {
    if (!program.open || !chosenPart) return;
    const { row, results } = chosenPart;
    code.show(partCode(row.name, row.name, results.slice(row.first, row.last + 1)));
  }

  // The part or layer that was opened last, or where the last maps are that do not see everything.
  function showPart(titles, counted) {
    const [{ rows, results }] = counted;
    const named = (all, name) => all.find((row) => row.name === name);
    const opened = state.opened.findLast((name) => named(rows, name));
    const parts = rows.filter((row) => !row.depth);
    const row = opened
      ? named(rows, opened)
      : parts.findLast(({ field }) => field && !field.whole) ?? parts.at(-1);
    const both = counted.map((one, i) => ({ title: titles[i], row: named(one.rows, row.name) }));
    looks.show(both.filter((one) => one.row));
    setText(heading, `${row.name} as PyTorch code`);
    chosenPart = { row, results };
    showCode();
  }

  function draw() {
    enable();
    const settings = numbers(state);
    const names = chosen();
    const titles = names.map((name) => networks[name].title);
    const counted = names.map((name) => count(catalogue, name, settings));
    const image = shape([settings.in_channels, settings.height, settings.width]);
    const opened = new Set(state.opened);
    guess.show(JSON.stringify([names, settings]), state.predict ? riddleOf(titles, counted) : null);
    tables.forEach((table, i) => {
      halves[i].hidden = !counted[i];
      if (!counted[i]) return;
      bars[i].show(titles[i], counted[i]);
      table.show(titles[i], image, counted[i], opened, i ? counted[0] : null);
    });
    body.classList.toggle("d2l-two", counted.length === 2);
    showPart(titles, counted);
    setText(tiles, tilingNote(counted));
    setText(unused, names.map((name) => unusedNote(networks[name], state)).join(""));
    const [first, second] = counted;
    const said = !second
      ? ""
      : `${titles[1]} against ${titles[0]}: ` +
        `${against(first, second, "parameters", whole, "parameters")}; ` +
        `${against(first, second, "macs", short, "MACs")}.`;
    difference.hidden = !second;
    setText(difference, said);
    if (answers.classList.contains("d2l-covered")) return "What do you expect?";
    return [...tables.slice(0, names.length).map((table) => table.headline()), said].join(" ");
  }

  return start();
}

export { count, line, partCode, riddleOf, sharesOf }; // for the tests
export const show = (state) => alone(render, state);
export default { render };
