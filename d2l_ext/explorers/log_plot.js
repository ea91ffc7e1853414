// Curves over a linear axis, on a logarithmic one of powers of ten.

import { figure, textAt } from "./base.js";

const WIDTH = 330;
const TALL = 210;
const LEFT = 44;
const BOTTOM = 30;
const STYLES = [
  { colour: "var(--parameters)", dash: "", mark: (x, y) => `<circle cx="${x}" cy="${y}" r="3.5" ` },
  {
    colour: "var(--macs)",
    dash: "6 4",
    mark: (x, y) => `<rect x="${x - 3.2}" y="${y - 3.2}" width="6.4" height="6.4" `,
  },
];

const superscript = (power) =>
  String(power).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);

const shown = (value) => Number.isFinite(value) && value > 0;

// The powers of ten that a set of curves reaches, at least from 0.1 to 10.
export function decades(curves) {
  const logs = curves.flatMap((points) => points.map(([, value]) => value).filter(shown)).map(Math.log10);
  return [Math.floor(Math.min(-1, ...logs)), Math.ceil(Math.max(1, ...logs))];
}

// A sign of the curve's style, for a legend.
export function plotMark(i) {
  const { colour, mark, dash } = STYLES[i];
  return (
    `<svg viewBox="0 0 28 12" width="28" height="12" aria-hidden="true"><path d="M0 6H28" ` +
    `stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>${mark(14, 6)}fill="${colour}"/></svg>`
  );
}

// `show(words, curves, range, last, at)`: curves of [x, y] from 0 to `last`, one or two, drawn in
// the powers of ten from `range`, with a line at x = `at`; values that are not positive are left out.
export function logPlot(title) {
  const { node, draw } = figure("d2l-plot", title);
  return {
    node,
    show(words, curves, [low, high], last, at) {
      const across = (x) => LEFT + ((WIDTH - LEFT - 18) * x) / last;
      const up = (power) => TALL - BOTTOM - ((TALL - BOTTOM - 8) * (power - low)) / (high - low);
      const parts = [];
      const step = Math.max(1, Math.ceil((high - low) / 6));
      for (let power = Math.ceil(low / step) * step; power <= high; power += step) {
        const y = up(power).toFixed(1);
        const faint = power === 0 ? "" : 'class="d2l-rule" ';
        parts.push(
          `<path ${faint}d="M${LEFT} ${y}H${WIDTH - 18}" stroke="currentColor"/>` +
            textAt(LEFT - 6, Number(y) + 4, power ? `10${superscript(power)}` : 1, "end"),
        );
      }
      for (let x = 0; x <= last; x += 25) {
        parts.push(textAt(across(x), TALL - BOTTOM + 16, x));
      }
      parts.push(
        textAt(across(last / 2), TALL - 1, "blocks"),
        `<path d="M${across(at)} 8V${TALL - BOTTOM}" stroke="currentColor" stroke-dasharray="2 3"/>`,
      );
      curves.forEach((points, i) => {
        const { colour, dash, mark } = STYLES[i];
        const spots = points
          .filter(([, value]) => shown(value))
          .map(([x, value]) => [across(x).toFixed(1), up(Math.log10(value)).toFixed(1)]);
        parts.push(
          `<polyline points="${spots.map((spot) => spot.join()).join(" ")}" fill="none" ` +
            `stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
          ...spots.map(([x, y]) => `${mark(x, y)}fill="${colour}"/>`),
        );
      });
      draw(words, WIDTH, TALL, parts);
    },
  };
}
