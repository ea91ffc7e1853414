// Points and lines between two axes with round ticks, either of them logarithmic.

import { figure, textAt } from "./base.js";

const PLOT_WIDE = 460;
const PLOT_TALL = 300;
const PLOT_BOX = { left: 50, right: 436, top: 12, bottom: 262 };

// The colours of lines that are told apart.
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

// Round values from `low` to `high`, about `most` of them, in equal steps of 1, 2 or 5 times a power
// of ten. On a logarithmic axis these numbers themselves, or the powers, if two or more lie there.
export function roundTicks(low, high, log, most = 6) {
  const found = [];
  if (log) {
    for (const factors of [[1, 2, 5], [1]]) {
      found.length = 0;
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
        found.push(...factors.map((f) => f * 10 ** power).filter((v) => v >= low && v <= high));
      }
      if (found.length <= most) break;
    }
    if (found.length > 1) return found.map((value) => Number(value.toPrecision(1)));
    found.length = 0;
  }
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((f) => f * power >= rough) * power;
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

// `show(words, x, y, marks)`: axes {low, high, log, label, text}; `marks(across, up)` gives the SVG
// between them.
export function zooPlot(title) {
  const { node, picture, draw } = figure("d2l-zoo-plot", title);
  const scale = ({ low, high, log }, from, to) => {
    const at = log ? Math.log : (value) => value;
    const span = at(high) - at(low) || 1;
    return (value) => Number((from + ((to - from) * (at(value) - at(low))) / span).toFixed(1));
  };
  return {
    node,
    picture,
    show(words, x, y, marks) {
      const { left, right, top, bottom } = PLOT_BOX;
      const across = scale(x, left + 14, right - 14);
      const up = scale(y, bottom - 10, top + 10);
      const rows = roundTicks(y.low, y.high).map(
        (tick) =>
          `<path class="d2l-rule" d="M${left} ${up(tick)}H${right}" stroke="currentColor"/>` +
          textAt(left - 6, up(tick) + 4, y.text(tick), "end"),
      );
      const columns = roundTicks(x.low, x.high, x.log).map(
        (tick) =>
          `<path d="M${across(tick)} ${bottom}v5" stroke="currentColor"/>` +
          textAt(across(tick), bottom + 18, x.text(tick)),
      );
      draw(words, PLOT_WIDE, PLOT_TALL, [
        ...rows,
        ...columns,
        `<path d="M${left} ${bottom}H${right}" stroke="currentColor"/>` +
          textAt((left + right) / 2, PLOT_TALL - 4, x.label),
        marks(across, up),
      ]);
    },
  };
}
