// Which output depends on which input, as a matrix: a row for each output, a column for each input.

import { element, setText, svg } from "./base.js";

const HUES = 8;

// A matrix as rectangles [row, column, rows, columns, hue].
function patch() {
  const drawing = svg("svg", { class: "d2l-matrix", role: "img", preserveAspectRatio: "none" });
  const caption = element("figcaption");
  const node = element("figure", {}, drawing, caption);
  return {
    node,
    show({ title, words, rows, columns, blocks, marked }) {
      const longest = Math.max(rows, columns);
      drawing.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
      drawing.setAttribute("width", (124 * columns) / longest);
      drawing.setAttribute("height", (124 * rows) / longest);
      drawing.setAttribute("aria-label", `${title}: ${words}`);
      setText(caption, title);
      const paths = Array(HUES).fill("");
      for (const [row, column, high, wide, hue] of blocks) {
        paths[hue % HUES] += `M${column} ${row}h${wide}v${high}h${-wide}z`;
      }
      const shapes = paths.map((d, hue) => d && svg("path", { d, class: `d2l-hue${hue}` }));
      drawing.replaceChildren(...shapes.filter(Boolean));
      if (marked !== null) {
        const box = { x: marked, y: 0, width: 1, height: rows, class: "d2l-marked" };
        drawing.append(svg("rect", box));
      }
    },
  };
}

function diagonal(rows, columns, cardinality) {
  const [high, wide] = [rows / cardinality, columns / cardinality];
  return Array.from({ length: cardinality }, (_, g) => [g * high, g * wide, high, wide, g]);
}

// The product of all steps, from the groups of input channels to single or whole groups of outputs.
function wholeProduct({ in_channels, out_channels, cardinality, layers, shuffle }, moved) {
  if (!shuffle) return diagonal(out_channels, in_channels, cardinality);
  const [high, wide] = [out_channels / cardinality, in_channels / cardinality];
  const origin = (place) => Math.floor(moved[place] / high);
  if (layers === 1) return moved.map((_, row) => [row, origin(row) * wide, 1, wide, origin(row)]);
  const pairs = new Set(moved.map((_, row) => Math.floor(row / high) * cardinality + origin(row)));
  return [...pairs].map((pair) => {
    const [to, from] = [Math.floor(pair / cardinality), pair % cardinality];
    return [to * high, from * wide, high, wide, from];
  });
}

export function matrices() {
  const views = Array.from({ length: 4 }, patch);
  const node = element("div", { class: "d2l-matrices" }, ...views.map((view) => view.node));
  return {
    node,

    // moved: the permutation, or null without a shuffle.
    show(state, moved) {
      const { in_channels, out_channels, cardinality, layers, channel } = state;
      const square = { rows: out_channels, columns: out_channels, marked: null };
      const tall = { rows: out_channels, columns: in_channels, marked: channel };
      const groups = `${cardinality} blocks on the diagonal`;
      const shown = [
        {
          title: layers === 2 ? "W₁, convolution 1" : "W, convolution",
          words: groups,
          blocks: diagonal(out_channels, in_channels, cardinality),
          ...tall,
        },
      ];
      if (moved) {
        const blocks = moved.map((from, to) => [to, from, 1, 1, Math.floor((from * cardinality) / out_channels)]);
        shown.push({ title: "P, shuffle", words: "one entry in each row", blocks, ...square });
      }
      if (layers === 2) {
        const blocks = diagonal(out_channels, out_channels, cardinality);
        shown.push({ title: "W₂, convolution 2", words: groups, blocks, ...square });
      }
      if (shown.length > 1) {
        const factors = [layers === 2 ? "W₁" : "W", moved && "P", layers === 2 && "W₂"].filter(Boolean).reverse();
        const title = `${factors.join(" ")}, all together`;
        const blocks = wholeProduct(state, moved);
        const words = "filled where an output depends on an input";
        shown.push({ title, words, blocks, ...tall });
      }
      views.forEach((view, i) => {
        view.node.hidden = !shown[i];
        if (shown[i]) view.show(shown[i]);
      });
    },
  };
}
