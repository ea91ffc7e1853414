// What things cost, side by side: the panel of parameters, MACs and whatever else is counted, with
// bars, that all explorers share.

import { element, setText, short, tabulated, whole } from "./base.js";

// An amount in a cell of a table: in full where there is room, else short; a remark below it; a bar
// for its share of the whole. `name` gives the bar its colour.
export function amount(name, [full, few] = [whole, short]) {
  const exact = element("span", { class: "d2l-exact" });
  const brief = element("span", { class: "d2l-brief" });
  const remark = element("small");
  const node = element("td", { class: `d2l-amount d2l-${name}` }, exact, brief, remark);
  let before = "";
  return {
    node,
    show(value, share, note = "", title = "") {
      const now = `${value} ${share} ${note}`;
      if (now === before) return;
      before = now;
      setText(exact, value == null ? "–" : full(value));
      setText(brief, value == null ? "–" : few(value));
      setText(remark, note);
      node.style.setProperty("--share", share.toFixed(4));
      node.title = title;
    },
  };
}

// "2.5 times fewer", "3 times", "as many": how often one amount is another.
export function times(value, reference) {
  if (!reference || !value) return "";
  if (value === reference) return "";
  const [ratio, sign] = value > reference ? [value / reference, "×"] : [reference / value, "÷"];
  return `${sign} ${ratio < 9.95 ? ratio.toFixed(2) : ratio.toFixed(ratio < 99.5 ? 1 : 0)}`;
}

// Alternatives as rows, what they cost as columns; the first row is what the others are held to.
//
//   first     the head of the first column
//   columns   [{key, label, hint, format: [in full, in few characters], alone: true for no ratio}]
//   pick      makes the rows' names buttons, and is called with the key of one
//
// `show(caption, rows, chosen)` takes rows as [{key, label, values: {key: number or null}}], and the
// key, or the keys, of the chosen ones.
export function costPanel({ first, columns, pick }) {
  const caption = element("caption");
  const heads = columns.map(({ label, hint }) => element("th", { scope: "col", title: hint }, label));
  const body = element("tbody");
  const table = tabulated(caption, [first, ...heads], body);
  const many = columns.length > 3 ? " d2l-many" : "";
  const node = element("section", { class: `d2l-costs${many}` }, table);
  const made = new Map();

  function row(key) {
    if (!made.has(key)) {
      const head = element("th", { scope: "row" });
      const name = pick
        ? element("button", { type: "button", class: "d2l-pick", onclick: () => pick(key) })
        : head;
      if (pick) head.append(name);
      const cells = columns.map((column) => amount(column.key, column.format));
      made.set(key, { name, cells, node: element("tr", {}, head, ...cells.map((c) => c.node)) });
    }
    return made.get(key);
  }

  return {
    node,
    show(text, rows, chosen) {
      setText(caption, text);
      const views = rows.map(({ key }) => row(key));
      const same = views.every((view, i) => body.children[i] === view.node);
      if (!same || body.children.length > views.length) {
        body.replaceChildren(...views.map((view) => view.node));
      }
      const largest = columns.map(({ key }) => Math.max(...rows.map((r) => r.values[key] ?? 0)));
      rows.forEach(({ key, label, values }, i) => {
        setText(views[i].name, label);
        const on = [chosen].flat().includes(key);
        if (pick) views[i].name.setAttribute("aria-pressed", String(on));
        else views[i].node.toggleAttribute("aria-current", on);
        columns.forEach((column, j) => {
          const value = values[column.key];
          const share = largest[j] ? (value ?? 0) / largest[j] : 0;
          const note = i && !column.alone ? times(value, rows[0].values[column.key]) : "";
          views[i].cells[j].show(value, share, note, note && `${note} of ${rows[0].label}`);
        });
      });
    },
  };
}
