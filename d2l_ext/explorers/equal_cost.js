// The curve along which ResNeXt's block costs the same: many narrow paths or few wide ones.

import { element, setText, svg, whole } from "./base.js";
import { blockWeights, equalCostWidth } from "./grouping.js";

const BOX = { left: 44, right: 356, top: 14, bottom: 186 };
const MOST = 128; // paths: beyond them even one channel each costs more
const TICKS = [1, 2, 4, 8, 16, 32, 64, 128];

const across = (cardinality) => BOX.left + ((BOX.right - BOX.left) * Math.log2(cardinality)) / 7;
const up = (channels) => BOX.bottom - ((BOX.bottom - BOX.top) * Math.log2(channels)) / 8;

function curve(of) {
  const points = Array.from({ length: 71 }, (_, i) => 2 ** (i / 10));
  return `M${points.map((c) => `${across(c).toFixed(1)} ${up(of(c)).toFixed(1)}`).join("L")}`;
}

export function equalCost() {
  const label = (x, y, text, anchor = "middle") =>
    svg("text", { x, y, "text-anchor": anchor }, text);
  const mark = svg("line", { class: "d2l-now", y1: BOX.top, y2: BOX.bottom });
  const drawing = svg(
    "svg",
    {
      class: "d2l-curve",
      viewBox: "0 0 400 224",
      role: "img",
      "aria-label": "As cardinality C grows from 1 to 128, group width d falls from 64 to 1, C times d rises to 134.",
    },
    svg("path", { class: "d2l-axis", d: `M${BOX.left} ${BOX.top}V${BOX.bottom}H${BOX.right}` }),
    ...TICKS.map((c) => label(across(c), BOX.bottom + 16, String(c))),
    ...[1, 4, 16, 64, 256].map((d) => label(BOX.left - 8, up(d) + 4, String(d), "end")),
    label((BOX.left + BOX.right) / 2, BOX.bottom + 34, "cardinality C"),
    mark,
    svg("path", { class: "d2l-width", d: curve(equalCostWidth) }),
    svg("path", { class: "d2l-total", d: curve((c) => c * equalCostWidth(c)) }),
    label(BOX.right + 6, up(1.05) + 1, "d", "start"),
    label(BOX.right + 6, up(134) + 4, "C d", "start"),
    ...TICKS.map((c) => svg("circle", { r: 3.5, cx: across(c), cy: up(equalCostWidth(c)) })),
  );
  const said = element("p");
  const node = element("figure", { class: "d2l-equal" }, drawing, said);
  return {
    node,
    show(cardinality) {
      const fits = cardinality <= MOST;
      mark.style.display = fits ? "" : "none";
      if (!fits) {
        setText(said, `${cardinality} paths cost more than the bottleneck even with one channel each.`);
        return;
      }
      mark.setAttribute("x1", across(cardinality));
      mark.setAttribute("x2", across(cardinality));
      const width = Math.floor(equalCostWidth(cardinality) + 0.5);
      setText(
        said,
        `C = ${cardinality} paths of d = ${width} channels (${cardinality} × ${width} = ` +
          `${cardinality * width} in all): ${whole(blockWeights(cardinality, width))} weights, ` +
          `beside ${whole(blockWeights(1, 64))} of the bottleneck with 64.`,
      );
    },
  };
}
