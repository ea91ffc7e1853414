// The curve along which ResNeXt's block costs the same, many narrow paths or few wide ones, as
// equal_cost.py draws it; here the chosen place is marked.

import { element, setText, whole } from "./base.js";
import { blockWeights, equalCostWidth } from "./grouping.js";

const MOST = 128; // paths: beyond them even one channel each costs more

const across = (cardinality) => 44 + (312 * Math.log2(cardinality)) / 7;

export function equalCost(curve) {
  const drawing = element("div");
  drawing.innerHTML = curve;
  const mark = drawing.querySelector(".d2l-now");
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
