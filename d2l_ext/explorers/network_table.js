// A network as a table whose rows open: stages to blocks, blocks to layers, layers to their
// arithmetic. The table is one stop of Tab; arrows move between its rows.

import { element, modified, rowOf, setText, shape, short, tabulated, whole } from "./base.js";
import { amount } from "./cost_panel.js";
import { explanation, kind, tiling, tilingText } from "./explain.js";

const HEADER = ["Layer", "Output", "Parameters", "MACs", "Receptive field"];

function fieldText(field) {
  if (!field) return "unknown";
  if (field.whole) return "whole image";
  const [height, width] = field.sizes;
  return height === width ? `${height}` : `${height} × ${width}`;
}

// The difference to the same row of another network; nothing where there is neither.
function gap(value, other) {
  if (other === undefined || (!value && !other)) return "";
  if (value === other) return "same";
  return `${value > other ? "+" : "−"}${short(Math.abs(value - other))}`;
}

function showAmount(cell, value, total, other) {
  const share = total ? value / total : 0;
  const title = `${whole(value)}, ${(100 * share).toFixed(1)} % of the network`;
  cell.show(value, share, gap(value, other), title);
}

function layerRow({ name: path, depth }, act) {
  const name = element("span");
  const mark = element("span");
  const what = element("span", { class: "d2l-kind" });
  const opener = element(
    "button",
    { type: "button", class: "d2l-opener", title: path, tabindex: -1, onclick: act },
    element("span", { class: "d2l-arrow", "aria-hidden": "true" }),
    element("span", { class: "d2l-name" }, name, mark),
    " ",
    what,
  );
  const output = element("td", { class: "d2l-shape" });
  const parameters = amount("parameters");
  const macs = amount("macs");
  const field = element("td", { class: "d2l-sees" });
  const node = rowOf(opener, output, parameters.node, macs.node, field);
  node.style.setProperty("--depth", depth);
  return {
    node,
    opener,
    show(row, total, opened, other) {
      setText(name, row.local);
      setText(what, kind(row));
      const axes = row.layer && tiling(row);
      setText(mark, axes ? " †" : "");
      mark.title = axes ? `The stride does not divide the map: ${tilingText(axes)}` : "";
      opener.setAttribute("aria-expanded", String(opened));
      setText(output, shape(row.signal.shape));
      showAmount(parameters, row.parameters, total.parameters, other?.parameters);
      showAmount(macs, row.macs, total.macs, other?.macs);
      setText(field, fieldText(row.field));
    },
  };
}

function detailRow() {
  const cell = element("td", { colspan: HEADER.length });
  const node = element("tr", { class: "d2l-detail" }, cell);
  return {
    node,
    show(row) {
      node.style.setProperty("--depth", row.depth);
      const text = explanation(row);
      if (cell.innerText === text.join("\n")) return;
      cell.replaceChildren(...text.map((sentence) => element("p", {}, sentence)));
    },
  };
}

// The rows that are not inside a closed part, a row of arithmetic after each open layer.
function visible(rows, opened) {
  const shown = [];
  let closed = null;
  for (const row of rows) {
    if (closed && row.depth > closed.depth) continue;
    closed = null;
    const open = opened.has(row.name);
    shown.push({ key: row.name, row, open });
    if (row.layer && open) shown.push({ key: `${row.name} in detail`, row, detail: true });
    if (!row.layer && !open) closed = row;
  }
  return shown;
}

// toggle(name, open) is called for a row that the learner opens or closes; leave() for Escape.
export function networkTable(toggle, leave) {
  const title = element("strong");
  const image = element("span");
  const cost = element("span", { class: "d2l-cost" });
  const caption = element("caption", {}, title, " on ", image, ": ", cost);
  const body = element("tbody", { onkeydown: steer });
  const sums = { parameters: amount("parameters"), macs: amount("macs") };
  const total = rowOf("Total", "", sums.parameters.node, sums.macs.node, "");
  const table = tabulated(caption, HEADER, body);
  table.append(element("tfoot", {}, total));
  const node = element("section", { class: "d2l-network" }, table);
  const made = new Map();
  let shown = [];
  let stop = null; // the key of the row at which Tab enters the table

  const rowsOnly = () => shown.filter((entry) => !entry.detail);

  function enter(entry) {
    if (!entry) return;
    made.get(stop)?.opener.setAttribute("tabindex", -1);
    stop = entry.key;
    made.get(stop).opener.setAttribute("tabindex", 0);
    made.get(stop).opener.focus();
  }

  function steer(event) {
    if (modified(event)) return;
    const entries = rowsOnly();
    const at = entries.findIndex((entry) => made.get(entry.key).opener === event.target);
    if (at < 0) return;
    const here = entries[at];
    const parent = () =>
      entries.findLast((entry, i) => i < at && entry.row.depth < here.row.depth);
    const moves = {
      ArrowDown: () => enter(entries[at + 1]),
      ArrowUp: () => enter(entries[at - 1]),
      Home: () => enter(entries[0]),
      End: () => enter(entries.at(-1)),
      ArrowRight: () => (here.open ? enter(entries[at + 1]) : toggle(here.key, true)),
      ArrowLeft: () => (here.open ? toggle(here.key, false) : enter(parent())),
      Escape() {
        if (here.open) toggle(here.key, false);
        else if (parent()) {
          const outer = parent();
          enter(outer);
          toggle(outer.key, false);
        } else leave();
      },
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  // Rows that stay are neither moved nor made anew, so that the focus stays where it is.
  function arrange() {
    const keys = new Set(shown.map((entry) => entry.key));
    for (const [key, view] of made) {
      if (keys.has(key)) continue;
      view.node.remove();
      made.delete(key);
    }
    let next = body.firstChild;
    for (const { key, detail, row } of shown) {
      if (!made.has(key)) {
        const act = () => {
          enter({ key });
          toggle(row.name, made.get(key).opener.getAttribute("aria-expanded") !== "true");
        };
        made.set(key, detail ? detailRow() : layerRow(row, act));
      }
      const view = made.get(key);
      if (view.node === next) next = next.nextSibling;
      else body.insertBefore(view.node, next);
    }
    if (!made.has(stop)) stop = shown[0].key;
    made.get(stop).opener.setAttribute("tabindex", 0);
  }

  return {
    node,
    headline: () => `${caption.textContent}.`,

    // other: a second network, counted, to show the difference to.
    show(name, input, counted, opened, other) {
      setText(title, name);
      setText(image, input);
      setText(cost, `${whole(counted.parameters)} parameters, ${short(counted.macs)} MACs`);
      shown = visible(counted.rows, opened);
      arrange();
      const others = new Map(other?.rows.map((row) => [row.name, row]));
      for (const { key, row, open } of shown) {
        made.get(key).show(row, counted, open, others.get(row.name));
      }
      for (const [key, sum] of Object.entries(sums)) {
        showAmount(sum, counted[key], counted[key], other?.[key]);
      }
    },
  };
}
