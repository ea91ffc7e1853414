// Channels that the settings decide, as small expressions: widths.py has the same operations.

import { ShapeError } from "./counting.js";
import { squeezed } from "./squeezed.js";

const scaled = (channels, factor) => Math.max(1, Math.floor(channels * factor + 0.5));

function toMultiple(base, factor, multiple) {
  if (scaled(base, factor) <= multiple) return multiple;
  return multiple * Math.floor((base * factor) / multiple + 0.5);
}

function generously(base, factor, multiple) {
  const rounded = toMultiple(base, factor, multiple);
  return rounded >= 0.9 * base * factor ? rounded : rounded + multiple;
}

// Ties to the even number, as Python rounds.
const evenly = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

// `widths(expression)` is a number of channels or groups.
export function widthsAt(settings, published = {}) {
  const factor = settings.width_mult;
  const chosen = (name) => settings[name] ?? published[name];
  const groupWidth = (base, wanted) => Math.min(wanted, scaled(base, factor));
  const operations = {
    sum: (...terms) => terms.reduce((sum, term) => sum + widths(term), 0),
    less: (whole, part) => widths(whole) - widths(part),
    times: (by, of) => Math.floor(by * widths(of)),
    half: (of) => Math.max(1, Math.floor(widths(of) / 2)),
    quarter: (of) => Math.max(1, evenly(widths(of) / 4)),
    ninths(of, count) {
      const channels = widths(of);
      const ninth = Math.floor(channels / 9);
      return count < 5 ? count * ninth : channels - (9 - count) * ninth;
    },
    multiple: (base, multiple) => toMultiple(base, factor, multiple),
    generous: (base, multiple) => generously(base, factor, multiple),
    upwards: (base, multiple) => generously(base, Math.max(1, factor), multiple),
    stage: (base, wanted) => groupWidth(base, wanted) * operations.groups(base, wanted),
    groups: (base, wanted) => evenly(scaled(base, factor) / groupWidth(base, wanted)),
    cardinality: () => chosen("cardinality"),
    paths: (base, first) =>
      chosen("cardinality") * scaled(chosen("group_width"), scaled(base, factor) / first),
    squeeze(of) {
      const channels = widths(of);
      const ratio = chosen("ratio");
      if ((settings.ratio ?? 0) <= channels) return squeezed(channels, ratio);
      throw new ShapeError(
        `ratio = ${ratio} is above the ${channels} channels that it would reduce. Try ${channels}.`,
        { ratio: channels },
      );
    },
  };
  function widths(expression) {
    if (!Array.isArray(expression)) return expression === "classes" ? settings.num_classes : expression;
    const [first, ...others] = expression;
    return first in operations ? operations[first](...others) : first * scaled(others[0], factor);
  }
  return widths;
}
