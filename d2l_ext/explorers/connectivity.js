// Channels as columns of dots, and the lines between those that are connected. The input's dots are
// one stop of Tab: arrows move between them, Enter lights up what a channel reaches.

import { element, modified, setText, svg } from "./base.js";
import { columns, lit } from "./grouping.js";

const DRAWN_UP_TO = 24;

const PITCH = 28;
const TOP = 34;
const COLOURS = 8;

function place(i, channels, most) {
  return TOP + (i + 0.5 + (most - channels) / 2) * PITCH;
}

// choose(channel or null) is called for a dot of the input that is clicked or entered.
export function connectivity(choose) {
  const drawing = svg("svg", { class: "d2l-wires", role: "group" });
  const apology = element("p", { class: "d2l-muted" });
  const node = element("div", { class: "d2l-connections" }, apology, drawing);
  let drawn = "";
  let lines = [];
  let dots = [];
  let stop = 0;

  function steer(event, at) {
    if (modified(event)) return;
    const inputs = dots[0];
    const pressed = inputs[at].getAttribute("aria-pressed") === "true";
    const moves = {
      ArrowDown: () => enter(Math.min(at + 1, inputs.length - 1)),
      ArrowUp: () => enter(Math.max(at - 1, 0)),
      Home: () => enter(0),
      End: () => enter(inputs.length - 1),
      Enter: () => choose(pressed ? null : at),
      " ": () => choose(pressed ? null : at),
      Escape: () => choose(null),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  function enter(at) {
    dots[0][stop]?.setAttribute("tabindex", -1);
    stop = at;
    dots[0][stop].setAttribute("tabindex", 0);
    dots[0][stop].focus();
  }

  function dot(input, i, group, number) {
    const mark = svg(
      "g",
      {
        class: `d2l-dot d2l-hue${group % COLOURS}`,
        ...(input && {
          role: "button",
          tabindex: i === stop ? 0 : -1,
          "aria-label": `input channel ${i}, group ${group}`,
          onclick: () => {
            enter(i);
            choose(mark.getAttribute("aria-pressed") === "true" ? null : i);
          },
          onkeydown: (event) => steer(event, i),
        }),
      },
      svg("rect", { x: -13, y: -13, width: 26, height: 26, rx: 13 }),
      svg("circle", { r: 10.5 }),
      svg("text", { y: 4 }, String(number)),
    );
    return mark;
  }

  // Everything anew: other channels, groups or layers.
  function build(all, cardinality) {
    const most = Math.max(...all.map(({ channels }) => channels));
    const x = (at) => 9 + (82 * at) / (all.length - 1); // in hundredths of the width
    const height = TOP + most * PITCH + 4;
    drawing.setAttribute("height", height);
    stop = Math.min(stop, all[0].channels - 1);
    lines = [];
    dots = [];
    const hues = []; // of each dot: the group in which it was last, before a shuffle
    const back = [];
    const front = [];
    all.forEach(({ name, channels, edges, moves }, at) => {
      const width = channels / cardinality;
      const from = moves ? new Map(edges.map(([source, to]) => [to, source])) : null;
      const numbers = Array.from({ length: channels }, (_, i) => from?.get(i) ?? i);
      hues.push(numbers.map((number) => Math.floor(number / width)));
      front.push(svg("text", { x: `${x(at)}%`, y: 15, class: "d2l-column" }, name));
      for (let group = 0; group < cardinality; group += 1) {
        const y = place(group * width, channels, most) - PITCH / 2 + 1;
        const box = { x: -17, y: 0, width: 34, height: width * PITCH - 2, rx: 8 };
        back.push(svg("svg", { x: `${x(at)}%`, y, overflow: "visible" }, svg("rect", box)));
      }
      dots.push(
        numbers.map((number, i) => {
          const mark = dot(at === 0, i, hues[at][i], number);
          const y = place(i, channels, most);
          front.push(svg("svg", { x: `${x(at)}%`, y, overflow: "visible" }, mark));
          return mark;
        }),
      );
      if (!at) return;
      const before = all[at - 1];
      const ends = new Map();
      for (const [source, to] of edges) {
        const y = place(to, channels, most);
        ends.set(source, [...(ends.get(source) ?? []), y]);
      }
      for (const [source, ys] of ends) {
        const start = `M${x(at - 1)} ${place(source, before.channels, most)}L${x(at)} `;
        const d = ys.map((y) => start + y).join("");
        const line = svg("path", { class: `d2l-hue${hues[at - 1][source] % COLOURS}`, d });
        lines.push({ at, source, line });
      }
    });
    drawing.replaceChildren(
      svg("g", { class: "d2l-groups" }, ...back),
      svg(
        "svg",
        { width: "100%", height, viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none" },
        ...lines.map(({ line }) => line),
      ),
      svg("g", {}, ...front),
    );
  }

  return {
    node,
    show(state) {
      const { in_channels, out_channels, cardinality, channel } = state;
      const largest = Math.max(in_channels, out_channels);
      const fits = largest <= DRAWN_UP_TO;
      apology.hidden = fits;
      drawing.style.display = fits ? "" : "none";
      if (!fits) {
        setText(
          apology,
          `Lines are drawn for up to ${DRAWN_UP_TO} channels; the matrices show all ${largest}.`,
        );
        return;
      }
      const all = columns(state);
      const shape = JSON.stringify([cardinality, all.map(({ name, channels }) => [name, channels])]);
      if (shape !== drawn) build(all, cardinality);
      drawn = shape;
      drawing.setAttribute("aria-label", `Channels in ${cardinality} groups, from input to output`);
      const sets = channel === null ? null : lit(all, channel);
      drawing.classList.toggle("d2l-chosen", sets !== null);
      for (const { at, source, line } of lines) {
        line.classList.toggle("d2l-lit", Boolean(sets?.[at - 1].has(source)));
      }
      dots.forEach((column, at) => {
        column.forEach((mark, i) => {
          mark.classList.toggle("d2l-lit", Boolean(sets?.[at].has(i)));
          if (!at) mark.setAttribute("aria-pressed", String(i === channel));
        });
      });
    },
  };
}
