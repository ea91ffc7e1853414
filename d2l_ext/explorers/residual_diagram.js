// A block as a blockDrawing, as residual_diagram.py makes it; the tests hold the two together.

import { filledIn } from "./residual_graph.js";

const BOX = 160;
const HEIGHT = 26;
const TINTS = { conv: "#0072b2", batch_norm: "#009e73", relu: "#e69f00", SE: "#cc79a7" };
const WORDS = { batch_norm: "BN", relu: "ReLU", add: "+", multiply: "×" };

const isRound = ({ kind, box }) => (kind === "add" || kind === "multiply") && !box;

export function boxLabel(node, settings) {
  const { kind, box } = node;
  if (box === "SE") return `SE, r = ${settings.ratio}`;
  if (box) return settings.stride === 1 ? `${box}: zeros` : `${box}, /${settings.stride}`;
  if (kind === "conv") {
    const { kernel, out, stride, groups } = filledIn(node, settings);
    const step = stride[0] > 1 ? `, /${stride[0]}` : "";
    return `${kernel[0]} × ${kernel[0]}, ${out}${step}${groups ? `, C = ${groups}` : ""}`;
  }
  if (kind === "scale") return `× ${node.factor === "scale" ? settings.scale : node.factor}`;
  if (kind === "sigmoid") return `sigmoid(· − ${-node.start})`;
  return WORDS[kind] ?? kind;
}

// What stands inside the svg element, as text.
export function blockDrawing({ nodes, layout }, settings, fused) {
  const parts = [];
  if (fused) {
    for (const [x, y, width, height] of layout.frames) {
      parts.push(
        `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="7" fill="none" ` +
          'stroke="currentColor" stroke-width="2.5"/>',
      );
    }
  }
  for (const points of layout.wires) {
    const path = points.map((point) => point.join(",")).join(" ");
    parts.push(`<polyline points="${path}" fill="none" stroke="currentColor"/>`);
    const [[x0, y0], [x, y]] = points.slice(-2);
    const [across, along] = x === x0 ? [0, y > y0 ? 1 : -1] : [x > x0 ? 1 : -1, 0];
    const tip = [
      [x, y],
      [x - 7 * across - 3.5 * along, y - 7 * along - 3.5 * across],
      [x - 7 * across + 3.5 * along, y - 7 * along + 3.5 * across],
    ];
    parts.push(`<polygon points="${tip.map((p) => p.join(",")).join(" ")}" fill="currentColor"/>`);
  }
  for (const [i, x, y] of layout.items) {
    const node = nodes[i];
    if (isRound(node)) {
      parts.push(`<circle cx="${x}" cy="${y}" r="12" fill="none" stroke="currentColor"/>`);
    } else {
      const tint = TINTS[node.box ?? node.kind] ?? "#888888";
      parts.push(
        `<rect x="${x - BOX / 2}" y="${y - HEIGHT / 2}" width="${BOX}" height="${HEIGHT}" rx="4" ` +
          `fill="${tint}" fill-opacity="0.2" stroke="${tint}"/>`,
      );
    }
    parts.push(
      `<text x="${x}" y="${y + 4.5}" text-anchor="middle" fill="currentColor">` +
        `${boxLabel(node, settings)}</text>`,
    );
    if (node.complement) {
      parts.push(`<text x="${x + 16}" y="${y + 4.5}" fill="currentColor">1 − g</text>`);
    }
  }
  return parts.join("");
}

// The drawing in words.
export function inWords({ nodes, layout }, settings, merge) {
  const drawn = layout.items.map(([i]) => nodes[i]);
  const [branch, gate, shortcut, after] = ["branch", "gate", "shortcut", "after"].map((lane) =>
    drawn.filter((node) => node.lane === lane).map((node) => boxLabel(node, settings)).join(", "),
  );
  if (!merge) return `In a row: ${branch}, ${after}.`;
  return (
    `Branch: ${branch}.${gate ? ` Gate: ${gate}.` : ""} Shortcut: ${shortcut || "the identity"}. ` +
    `Then: ${after}.`
  );
}
