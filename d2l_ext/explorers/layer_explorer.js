// The layer explorer's page: one network or two, layer by layer, counted anew at each change.

import { alone, button, constructorLine, element, explorer, quoted, setText, shape, short, whole } from "./base.js";
import { count, nearestValid } from "./blueprint.js";
import { networkTable } from "./network_table.js";
import { tiling, tilingText } from "./explain.js";

const STEPS = { height: 1, width: 1, in_channels: 1, num_classes: 1, width_mult: 0.05 };

const sides = (size) => (Array.isArray(size) ? size : [size, size]);

function numbers(state) {
  const [height, width] = sides(state.input_size);
  const { in_channels, num_classes, width_mult } = state;
  return { height, width, in_channels, num_classes, width_mult };
}

// The shortest line of Python that gives this state again.
export function line(catalogue, state) {
  const { own, expression } = catalogue.networks[state.network];
  const other = state.compare && catalogue.networks[state.compare].expression;
  const differs = (name) => String(state[name]) !== String(own[name]);
  const shown = ["input_size", "in_channels", "num_classes"].filter(differs);
  const settings = shown.map((name) => [name, state[name]]);
  if (state.width_mult !== 1) settings.push(["width_mult", state.width_mult]);
  if (state.compare && !other) settings.push(["compare", state.compare]);
  if (state.opened.length) settings.push(["opened", state.opened]);
  const first = expression ?? (state.network === "resnet18" && !other ? null : quoted(state.network));
  const text = constructorLine("LayerExplorer", first, settings);
  return other ? text.replace(first, `${first}, compare=${other}`) : text;
}

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

function render({ model, el }) {
  const catalogue = model.get("catalogue");
  const { networks, limits } = catalogue;
  const { state, put, add, actions, body, start } = explorer({ model, el }, {
    name: "LayerExplorer",
    line: () => line(catalogue, state),
    draw,
    remedy,
  });
  let last = "height"; // the number that was changed last

  const options = Object.entries(networks).map(([value, { title, family }]) => ({
    value,
    label: title,
    group: family,
  }));
  const chosen = () => [state.network, state.compare].filter(Boolean);
  const height = () => sides(state.input_size)[0];
  const assign = {
    height: (value) => ({
      input_size: Array.isArray(state.input_size) ? [value, state.input_size[1]] : value,
    }),
    width: (value) => ({ input_size: [height(), value] }),
    in_channels: (value) => ({ in_channels: value }),
    num_classes: (value) => ({ num_classes: value }),
    width_mult: (value) => ({ width_mult: value }),
  };
  const controls = {};
  const numeric = (name, label, hint, page, step = 1) => {
    controls[name] = add.number(name, {
      label,
      hint,
      limits: limits[name],
      step,
      page,
      read: () => numbers(state)[name],
      assign(value) {
        last = name;
        return assign[name](value);
      },
    });
  };
  const network = add.choice("network", { label: "Network", options });
  add.choice("compare", {
    label: "Compare with",
    options: [{ value: "", label: "no other" }, ...options],
    read: () => state.compare ?? "",
    assign: (value) => ({ compare: value || null }),
  });
  numeric("height", "Height", "Rows of the image, in pixels", 32);
  numeric("width", "Width", "Columns of the image, in pixels", 32);
  add.tick("square", {
    label: "square",
    hint: "The width follows the height",
    read: () => !Array.isArray(state.input_size),
    assign: (on) => ({ input_size: on ? height() : [height(), height()] }),
  });
  numeric("in_channels", "Channels", "in_channels: 1 is grey, 3 is colour", 16);
  numeric("num_classes", "Classes", "num_classes: size of the output", 100);
  const factor = "width_mult: a factor on the channels of every stage";
  numeric("width_mult", "Width factor", factor, 1, 0.25);

  const published = button(
    "Usual settings",
    () => put({ ...networks[state.network].own, width_mult: 1 }),
    "Image, classes and width as this network was published",
  );
  actions.prepend(published);
  const difference = element("p", { class: "d2l-difference" });
  const tables = [0, 1].map(() => networkTable(toggle, () => network.control.focus()));
  const pair = element("div", { class: "d2l-pair" }, ...tables.map((table) => table.node));
  const tiles = element("p");
  const notes = element("div", { class: "d2l-notes" }, tiles, element("p", {}, catalogue.note));
  body.append(difference, pair, notes);

  function toggle(name, on) {
    const others = state.opened.filter((other) => other !== name);
    put({ opened: on ? [...others, name] : others });
  }

  // The nearest valid value: of what was changed last if that helps, else of the first that does.
  function remedy() {
    const settings = numbers(state);
    const names = [last, ...Object.keys(limits).filter((name) => name !== last)];
    for (const name of names.filter((other) => !controls[other].control.disabled)) {
      const vary = (value) => numbers({ ...state, ...assign[name](value) });
      const range = limits[name];
      const value = nearestValid(catalogue, chosen(), settings[name], range, STEPS[name], vary);
      if (value !== null) return { [name]: value };
    }
    return null;
  }

  function enable() {
    const shown = chosen().map((name) => networks[name]);
    for (const [name, { control }] of Object.entries(controls)) {
      const key = name === "height" || name === "width" ? "input_size" : name;
      control.disabled = !shown.some((one) => one.controls.includes(key));
      if (name === "width" && !Array.isArray(state.input_size)) control.disabled = true;
    }
    const { own } = networks[state.network];
    published.enable(
      state.width_mult !== 1 || Object.keys(own).some((key) => String(own[key]) !== String(state[key])),
    );
  }

  function draw() {
    enable();
    const settings = numbers(state);
    const names = chosen();
    const counted = names.map((name) => count(catalogue, name, settings));
    const image = shape([settings.in_channels, settings.height, settings.width]);
    const opened = new Set(state.opened);
    tables.forEach((table, i) => {
      table.node.hidden = !counted[i];
      if (counted[i]) {
        const other = i ? counted[0] : null;
        table.show(networks[names[i]].title, image, counted[i], opened, other);
      }
    });
    body.classList.toggle("d2l-two", counted.length === 2);
    setText(tiles, tilingNote(counted));
    const [first, second] = counted;
    const said = !second
      ? ""
      : `${networks[names[1]].title} against ${networks[names[0]].title}: ` +
        `${against(first, second, "parameters", whole, "parameters")}; ` +
        `${against(first, second, "macs", short, "MACs")}.`;
    difference.hidden = !second;
    setText(difference, said);
    return [...tables.slice(0, names.length).map((table) => table.headline()), said].join(" ");
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
