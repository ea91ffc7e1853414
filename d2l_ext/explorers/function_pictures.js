// The pictures of the function class explorer: regions of the plane with a target to move, and
// functions on [0, 1].

import { element, setText, svg, textAt } from "./base.js";
import { outline, truthValues } from "./function_classes.js";

const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
const DASHES = ["", "7 4", "7 3 2 3", "2 3", "11 4"];

const PLANE = { left: -3, right: 4, low: -3, high: 3, unit: 64 };
const acrossPlane = (x) => (x - PLANE.left) * PLANE.unit;
const upPlane = (y) => (PLANE.high - y) * PLANE.unit;
const path = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

// The plane of the cartoon; `move([x, y])` is called when the target is moved by mouse or arrows.
export function plane(move, limits) {
  const regions = svg("g");
  const star = svg(
    "g",
    { class: "d2l-target", tabindex: 0, role: "application", "aria-roledescription": "point to move" },
    svg("circle", { r: 16, fill: "transparent" }),
    svg("path", {
      d: "M0-11 2.6-3.6 10.5-3.4 4.2 1.4 6.5 8.9 0 4.4-6.5 8.9-4.2 1.4-10.5-3.4-2.6-3.6Z",
      fill: "currentColor",
    }),
  );
  const width = (PLANE.right - PLANE.left) * PLANE.unit;
  const height = (PLANE.high - PLANE.low) * PLANE.unit;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "d2l-plane" }, regions, star);
  let at = [0, 0];

  const within = (value, [low, high]) => Math.min(high, Math.max(low, Number(value.toFixed(2))));
  const go = (x, y) => move([within(x, limits.x), within(y, limits.y)]);
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  star.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const far = event.shiftKey ? 0.5 : 0.1;
    go(at[0] + far * step[0], at[1] + far * step[1]);
  });
  const follow = (event) => {
    const box = picture.getBoundingClientRect();
    const scale = (PLANE.right - PLANE.left) / box.width;
    go(PLANE.left + (event.clientX - box.left) * scale, PLANE.high - (event.clientY - box.top) * scale);
  };
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    star.focus();
    event.preventDefault();
    follow(event);
  });
  picture.addEventListener("pointermove", (event) => {
    if (picture.hasPointerCapture(event.pointerId)) follow(event);
  });

  return {
    node: picture,
    show(drawn, found, target, chosen, covered) {
      at = target;
      const parts = drawn.map((region, i) => {
        const points = outline(region, 120).map(([x, y]) => [acrossPlane(x), upPlane(y)]);
        const low = points.reduce((a, b) => (b[1] > a[1] ? b : a));
        const [x, y] = found[i].best;
        const link = `M${acrossPlane(x)} ${upPlane(y)}L${acrossPlane(target[0])} ${upPlane(target[1])}`;
        const heavy = i === chosen ? 3.5 : 1.6;
        return (
          `<polygon points="${path(points)}" fill="${COLOURS[i]}" fill-opacity="${i === chosen ? 0.16 : 0.05}" ` +
          `stroke="${COLOURS[i]}" stroke-width="${heavy}" stroke-dasharray="${DASHES[i]}"/>` +
          textAt(low[0], low[1] - 7, found[i].label) +
          (covered
            ? ""
            : `<path d="${link}" stroke="${COLOURS[i]}" stroke-width="${i === chosen ? 2.5 : 1.2}" ` +
              `stroke-dasharray="2 3"/><circle cx="${acrossPlane(x)}" cy="${upPlane(y)}" r="4.5" fill="${COLOURS[i]}"/>`)
        );
      });
      regions.innerHTML = parts.join("");
      star.setAttribute("transform", `translate(${acrossPlane(target[0])} ${upPlane(target[1])})`);
      star.setAttribute(
        "aria-label",
        `Target at x = ${target[0]}, y = ${target[1]}. Arrows move it, with Shift further.`,
      );
    },
  };
}

// A truth and the best member of one class.
export function fitPlot() {
  const picture = element("div", { role: "img" });
  const caption = element("figcaption");
  const node = element("figure", { class: "d2l-fit" }, picture, caption);
  return {
    node,
    show(name, one, covered) {
      const goal = truthValues(name);
      const [low, high] = [Math.min(...goal), Math.max(...goal)];
      const margin = 0.25 * (high - low);
      const up = (y) => 20 + (280 * (high + margin - y)) / (high - low + 2 * margin);
      const curve = (values) =>
        path(values.map((y, i) => [30 + (400 * (i + 0.5)) / values.length, Math.min(312, Math.max(8, up(y)))]));
      const ticks = [0, 1 / 3, 2 / 3, 1].map(
        (x, i) => textAt(30 + 400 * x, 322, ["0", "1/3", "2/3", "1"][i]),
      );
      picture.innerHTML =
        `<svg viewBox="0 0 450 330"><path d="M30 304H430" stroke="currentColor"/>${ticks.join("")}` +
        `<polyline points="${curve(goal)}" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="6 4"/>` +
        (covered
          ? ""
          : `<polyline points="${curve(one.best)}" fill="none" stroke="${COLOURS[1]}" stroke-width="2.5"/>`) +
        "</svg>";
      const best = covered ? "" : `; solid: the best member with ${one.label}`;
      setText(caption, `Dashed: the truth${best}.`);
      picture.setAttribute("aria-label", caption.textContent);
    },
  };
}
