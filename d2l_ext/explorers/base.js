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

// Setting a text that is there already would make the browser lay out the page for nothing.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

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

// ---- the frame around an explorer ----

// JupyterLab keeps running its shortcuts while a widget has the focus, so no key leaves the root.
export function frame(el, name) {
  const root = element("div", {
    class: "d2l-explorer",
    role: "group",
    "aria-label": name,
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

let fields = 0;

function labelled(label, control, hint) {
  fields += 1;
  control.id = `d2l-field-${fields}`;
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
    if (!turn || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
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

// A line of code with a button that copies it.
export function copyable(announce) {
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
  const control = button("Copy", copy, "Copy this line of Python");
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

const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);

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
    const changes = Object.entries(unheard);
    unheard = {};
    for (const [name, value] of changes) model.set(name, value);
    model.save_changes();
  };
  for (const name of names) model.on(`change:${name}`, hear);
  return {
    state,
    set(changes) {
      Object.assign(state, changes);
      Object.assign(unheard, changes);
      clearTimeout(timer);
      timer = setTimeout(tell, 150);
      changed();
    },
    forget: () => names.forEach((name) => model.off(`change:${name}`, hear)),
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
