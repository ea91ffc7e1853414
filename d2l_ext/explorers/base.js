// What the pages of all explorers share: elements, numbers as text, controls with names, one live
// region, the link to Python, and a stand-in for it where there is no kernel.

// ---- elements ----

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// The namespace of SVG as the browser itself spells it: scripts hold no address.
let drawing;

export function svg(tag, attributes = {}, ...children) {
  drawing ??= element("template");
  if (!drawing.innerHTML) drawing.innerHTML = "<svg></svg>";
  const made = document.createElementNS(drawing.content.firstChild.namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Setting a text that is there already would make the browser lay out the page for nothing.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A table with named columns and a body to fill; a caption that is text is for those who hear it.
export function tabulated(caption, heads, body, kind) {
  const text = (tag, attributes, one) => (one.append ? one : element(tag, attributes, one));
  const cells = heads.map((head) => text("th", { scope: "col" }, head));
  const title = text("caption", { class: "d2l-unseen" }, caption);
  return element("table", { class: kind }, title, element("thead", {}, element("tr", {}, ...cells)), body);
}

// A row of a table: texts, or cells that are made already.
export function rowOf(head, ...cells) {
  const first = element("th", { scope: "row" }, head);
  return element("tr", {}, first, ...cells.map((cell) => (cell.append ? cell : element("td", {}, cell))));
}

// Terms and what is said of them.
export const facts = (rows) =>
  element("dl", { class: "d2l-facts" }, ...rows.flatMap(([a, b]) => [element("dt", {}, a), element("dd", {}, b)]));

export const modified = (event) => event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;

// A figure with a title and a drawing that is made anew as text, `words` being what it shows.
export function figure(kind, title) {
  const picture = element("div", { role: "img" });
  const node = element("figure", { class: kind }, element("figcaption", {}, title), picture);
  return {
    node,
    picture,
    draw(words, wide, tall, parts) {
      picture.setAttribute("aria-label", `${title}. ${words}`);
      picture.innerHTML = `<svg viewBox="0 0 ${wide} ${tall}">${parts.join("")}</svg>`;
    },
  };
}

// A text in a drawing, as markup.
export const textAt = (x, y, text, anchor = "middle", more = "") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}"${more}>${text}</text>`;

// ---- numbers as text ----

const grouped = new Intl.NumberFormat("en");

export const whole = (number) => grouped.format(number);

// Four significant digits, halves up: 1814073344 is 1.814 G. Python's `short` says the same.
export function short(number) {
  if (number < 10_000) return whole(number);
  for (const [unit, letter] of [[1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]]) {
    for (const decimals of [3, 2, 1]) {
      const scale = 10 ** decimals;
      const rounded = Math.floor((number * scale) / unit + 0.5);
      if (rounded < 10_000) return `${(rounded / scale).toFixed(decimals)} ${letter}`;
    }
  }
  return `${whole(Math.floor(number / 1e12 + 0.5))} T`;
}

export const shape = (sizes) => sizes.join(" × ");

// ---- a line of Python ----

function literal(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&")}'`;
  if (!Array.isArray(value)) return String(value);
  return `(${value.map(literal).join(", ")}${value.length === 1 ? "," : ""})`;
}

// first: an expression, or null; settings: pairs of keyword and value.
export function constructorLine(name, first, settings) {
  const keywords = settings.map(([keyword, value]) => `${keyword}=${literal(value)}`);
  return `explorers.${name}(${[...(first ? [first] : []), ...keywords].join(", ")})`;
}

export const quoted = literal;

// The line of an explorer whose arguments are keywords: those that differ from the usual ones.
export function keywordLine(name, state, usual) {
  const settings = Object.keys(usual).filter((key) => !equal(state[key], usual[key]));
  return constructorLine(name, null, settings.map((key) => [key, state[key]]));
}

// ---- what cannot be ----

// fix: the control to change and the nearest valid value, as in {groups: 2}, if there is one.
export class Impossible extends Error {
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

// `check_range` of settings.py.
export function checkRange(name, value, [low, high]) {
  if (low <= value && value <= high) return;
  const nearest = value < low ? low : high;
  throw new Impossible(
    `${name} = ${value} must lie between ${low} and ${high}. Try ${nearest}.`,
    { [name]: nearest },
  );
}

// ---- the frame around an explorer ----

// JupyterLab keeps running its shortcuts while a widget has the focus, so no key leaves the root.
function frame(el, name) {
  const root = element("div", {
    class: `d2l-explorer d2l-${name}`,
    role: "group",
    "aria-label": name.replace(/(?<=.)[A-Z]/g, (c) => ` ${c.toLowerCase()}`),
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => event.stopPropagation(),
  });
  const live = element("p", { class: "d2l-unseen", role: "status", "aria-live": "polite" });
  root.append(live);
  el.append(root);
  let timer;
  const announce = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => setText(live, text), 400);
  };
  return { root, announce };
}

// ---- controls ----

// Ids are drawn, not counted: every kind of explorer has its own copy of this module.
function labelled(label, control, hint) {
  control.id = `d2l-${Math.random().toString(36).slice(2)}`;
  const caption = element("label", { for: control.id }, label);
  if (hint) control.title = hint;
  return element("div", { class: "d2l-field" }, caption, control);
}

// options: [{value, label, group}] in their order.
export function choice({ label, hint, options, change }) {
  const select = element("select", { onchange: () => change(select.value) });
  const groups = new Map();
  for (const { value, label: text, group } of options) {
    const option = element("option", { value }, text);
    if (!group) select.append(option);
    else {
      if (!groups.has(group)) groups.set(group, element("optgroup", { label: group }));
      groups.get(group).append(option);
    }
  }
  select.append(...groups.values());
  return {
    node: labelled(label, select, hint),
    control: select,
    show: (value) => {
      if (select.value !== value) select.value = value;
    },
  };
}

// A number to type or to turn: arrows by `step`, Page Up and Down by `page`, Home and End to the
// limits. What is no number at all goes to `refuse`, in words.
export function number({ label, hint, limits, step = 1, page = 10, change, refuse }) {
  const [low, high] = limits;
  const fraction = !Number.isInteger(step);
  const input = element("input", {
    type: "number",
    inputmode: fraction ? "decimal" : "numeric",
    step,
    "aria-valuemin": low,
    "aria-valuemax": high,
    autocomplete: "off",
    style: `--digits: ${String(high).length + (fraction ? 3 : 0)}`,
  });
  const read = () => {
    const value = input.valueAsNumber;
    if (Number.isNaN(value)) refuse(`${label} needs a number from ${low} to ${high}.`);
    else if (!fraction && !Number.isInteger(value)) {
      refuse(`${label} = ${value} is not a whole number.`, Math.ceil(value - 0.5));
    } else change(value);
  };
  const turns = {
    ArrowUp: (value) => value + step,
    ArrowDown: (value) => value - step,
    PageUp: (value) => value + page,
    PageDown: (value) => value - page,
    Home: () => low,
    End: () => high,
  };
  input.addEventListener("input", read);
  input.addEventListener("keydown", (event) => {
    const turn = turns[event.key];
    if (!turn || modified(event)) return;
    event.preventDefault();
    const next = Number(turn(input.valueAsNumber || 0).toFixed(4));
    input.value = Math.min(high, Math.max(low, next));
    read();
  });
  return {
    node: labelled(label, input, hint),
    control: input,
    show: (value) => {
      if (input.valueAsNumber !== value) input.value = value;
    },
  };
}

export function tick({ label, hint, change }) {
  const box = element("input", { type: "checkbox", onchange: () => change(box.checked) });
  const node = element("label", { class: "d2l-tick", title: hint }, box, label);
  return { node, control: box, show: (value) => (box.checked = value) };
}

// What a choice needs to set a trait that is null for none: `state()` gives the state.
export const other = (name, options, state, none = "no other") => ({
  options: [{ value: "", label: none }, ...options],
  read: () => state()[name] ?? "",
  assign: (value) => ({ [name]: value || null }),
});

// A button that stays in place and in the order of Tab while there is nothing to do for it.
export function button(label, act, hint) {
  const control = element(
    "button",
    {
      type: "button",
      class: "d2l-button",
      title: hint,
      onclick: () => control.getAttribute("aria-disabled") !== "true" && act(),
    },
    label,
  );
  control.enable = (on) => control.setAttribute("aria-disabled", String(!on));
  return control;
}

// Code with a button that copies it.
export function copyable(announce, hint = "Copy this line of Python") {
  const code = element("code");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Pages opened from a file may have no clipboard: select the line, and copy it as of old.
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    announce("Copied");
    setText(control, "Copied");
    setTimeout(() => setText(control, "Copy"), 1500);
  };
  const control = button("Copy", copy, hint);
  const node = element("div", { class: "d2l-line" }, code, control);
  return { node, show: (text) => setText(code, text) };
}

// Why a setting is impossible, and the way out.
export function problem() {
  const text = element("span");
  const node = element("div", { class: "d2l-problem", hidden: true }, text);
  return {
    node,
    show(message, remedy) {
      node.hidden = !message;
      setText(text, message ?? "");
      node.querySelector("button")?.remove();
      if (remedy) node.append(button(remedy.label, remedy.act));
    },
  };
}

// ---- Python on the other side ----

function equal(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// The explorer's traits. `set` changes the page at once and Python once the learner pauses;
// `changed` is called for changes from either side. What the learner has changed and Python has
// not heard yet is not overruled by what comes from there, the echo of an earlier change.
export function traits(model, names, changed) {
  const state = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  let unheard = {};
  let timer;
  const hear = () => {
    const news = names.filter(
      (name) => !(name in unheard) && !equal(model.get(name), state[name]),
    );
    for (const name of news) state[name] = model.get(name);
    if (news.length) changed();
  };
  const tell = () => {
    // `hear` is called at each `set`, when the model still has old values of what is set after it.
    for (const [name, value] of Object.entries(unheard)) model.set(name, value);
    unheard = {};
    model.save_changes();
  };
  for (const name of names) model.on(`change:${name}`, hear);
  return {
    state,
    set(changes) {
      const news = Object.entries(changes).filter(([name, value]) => !equal(value, state[name]));
      for (const [name, value] of news) state[name] = unheard[name] = value;
      clearTimeout(timer);
      timer = setTimeout(tell, 150);
      changed();
    },
    forget: () => names.forEach((name) => model.off(`change:${name}`, hear)),
  };
}

// ---- the page of an explorer ----

// Controls above, what they show in `body`, the line of Python below.
//
//   name      of the class in Python, as in LayerExplorer
//   draw      of the state, puts into `body` what follows from it, and returns what is announced;
//             throws Impossible where nothing does: the last picture stays then, dimmed
//   remedy    the fix of an Impossible that has none, or null, given the control changed last
//   line      of the state, its line of Python, where that is not a list of keywords
//   heard     other traits that are drawn anew when Python changes them
//   own       more about some controls, by name: their options, or `read()` and `assign(value)` where
//             a control is not for the trait of its name
//
// Python says which controls there are, in panel.py. Returns `state`; `put(changes)`; `controls` by
// name; `words`; `actions`, to which buttons can be prepended; `body`; `announce`; and `start()`, which
// draws and gives what `render` returns.
export function explorer({ model, el }, { name, draw, remedy = () => null, line, heard = [], own = {} }) {
  const initial = model.get("initial");
  const usual = model.get("usual");
  const { root, announce } = frame(el, name);
  const { state, set, forget } = traits(model, [...Object.keys(usual), ...heard], redraw);
  const { controls: panel, words } = model.get("page");
  const controls = {};
  let last = null; // the control that was changed last
  let drawn = false; // whether there has been a picture that can stay
  let refused = null; // what was typed and is no number; neither the page nor Python hears of it

  const reset = button("Reset", () => put({ ...initial }), "Back to what the cell of Python says");
  const actions = element("div", { class: "d2l-actions" }, reset);
  const bar = element("div", { class: "d2l-controls" }, actions);
  const trouble = problem();
  const body = element("div", { class: "d2l-body" });
  const code = copyable(announce);
  root.append(bar, element("div", { class: "d2l-stage" }, trouble.node, body), code.node);

  function put(changes) {
    refused = null;
    set(changes);
  }

  for (const { kind, name: trait, ...told } of panel) {
    const options = { ...told, ...own[trait] };
    const { read = () => state[trait], assign = (value) => ({ [trait]: value }) } = options;
    const change = (value) => {
      last = trait;
      put(assign(value));
    };
    const refuse = (message, value) => {
      refused = new Impossible(message, value === undefined ? null : { [trait]: value });
      redraw();
    };
    const made = { number, choice, tick }[kind]({ ...options, change, refuse });
    controls[trait] = { ...made, ...options, read, assign };
    bar.insertBefore(made.node, actions);
  }

  function showProblem(error) {
    const [[trait, value] = []] = Object.entries(error?.fix ?? {});
    const known = controls[trait];
    const way = trait && {
      label: `Use ${trait} = ${value}`,
      act() {
        put(known ? known.assign(value) : { [trait]: value });
        (known ?? Object.values(controls)[0]).control.focus();
      },
    };
    trouble.show(error?.message, way);
    body.classList.toggle("d2l-dimmed", Boolean(error));
  }

  function redraw() {
    for (const { show, read, control } of Object.values(controls)) {
      if (!(refused && control === document.activeElement)) show(read());
    }
    code.show(line ? line(state) : keywordLine(name, state, usual));
    let error = refused;
    let said;
    try {
      if (!error) {
        body.hidden = false;
        said = draw(state);
        drawn = true;
      }
    } catch (caught) {
      if (!(caught instanceof Impossible)) throw caught;
      error = caught;
      error.fix ??= remedy(last);
      body.hidden = !drawn;
    }
    showProblem(error);
    announce(error?.message ?? said);
  }

  return {
    state,
    put,
    controls,
    words,
    actions,
    body,
    announce,
    start() {
      redraw();
      return forget;
    },
  };
}

// Run an explorer in a page of its own, as a snapshot does: no kernel, the same script. The frame
// around it grows with it and lends it its colours.
export function alone(render, state) {
  const model = { get: (name) => state[name], set: (name, value) => (state[name] = value) };
  Object.assign(model, { on() {}, off() {}, save_changes() {} });
  const outside = window.frameElement;
  if (outside) {
    const seen = (node) => getComputedStyle(node).backgroundColor;
    let node = outside;
    while (node.parentElement && /, 0\)$|transparent/.test(seen(node))) node = node.parentElement;
    const [red, green, blue, alpha = 1] = seen(node).match(/[\d.]+/g).map(Number);
    const dark = alpha > 0 && 0.3 * red + 0.6 * green + 0.1 * blue < 128;
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    const fit = () => (outside.style.height = `${document.body.scrollHeight + 4}px`);
    new ResizeObserver(fit).observe(document.body);
  }
  render({ model, el: document.body });
}
