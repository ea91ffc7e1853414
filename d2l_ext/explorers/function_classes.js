// Classes of functions and the best members of each, as function_classes.py has them; the tests hold
// the two together.

import { Impossible } from "./base.js";

// ---- the cartoon ----

const ANGLES = 600;

const outlineRadius = (extent, turn, angle) =>
  extent * (1 + 0.13 * Math.cos(2 * (angle - turn)) + 0.08 * Math.cos(3 * (angle + turn)));

// Points of a region's outline.
export function outline([extent, turn, [x, y]], count = ANGLES) {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    const r = outlineRadius(extent, turn, angle);
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
  });
}

// The point of a region that is nearest to the target: the target itself if it is inside.
export function nearestPoint(region, target) {
  const [extent, turn, [x, y]] = region;
  const [across, up] = [target[0] - x, target[1] - y];
  if (Math.hypot(across, up) <= outlineRadius(extent, turn, Math.atan2(up, across))) return target;
  const far = (point) => Math.hypot(point[0] - target[0], point[1] - target[1]);
  return outline(region).reduce((best, point) => (far(point) < far(best) ? point : best));
}

export const areaOf = (extent) => Math.PI * extent ** 2 * (1 + (0.13 ** 2 + 0.08 ** 2) / 2);

// ---- real functions ----

export function sizesOf({ sizes, always_nested: always }, functions, classes) {
  const found = sizes[functions][classes];
  if (found) return found;
  throw new Impossible(`${always[functions]} Try classes = 'nested'.`, { classes: "nested" });
}

const GRID = Array.from({ length: 768 }, (_, i) => (i + 0.5) / 768);

const TRUTH = {
  jump: (x) => x + (x >= 1 / 3 ? 1 : 0),
  sine: (x) => Math.sin(2 * Math.PI * x),
  kink: (x) => Math.abs(3 * x - 1),
  peak: (x) => Math.exp(-(((x - 0.6) / 0.08) ** 2)),
};

export const truthValues = (name) => GRID.map(TRUTH[name]);

function legendre(degree, x) {
  const rows = [x.map(() => 1), x.map((value) => 2 * value - 1)];
  for (let n = 1; n < degree; n += 1) {
    const [before, last] = rows.slice(-2);
    rows.push(last.map((value, i) => ((2 * n + 1) * rows[1][i] * value - n * before[i]) / (n + 1)));
  }
  return rows.slice(0, degree + 1);
}

// Functions whose weighted sums are the class.
const BASES = {
  polynomials: (count) => legendre(count, GRID),
  steps: (count) =>
    Array.from({ length: count }, (_, i) => GRID.map((x) => (Math.floor(x * count) === i ? 1 : 0))),
  splines: (count) =>
    Array.from({ length: count + 1 }, (_, i) =>
      GRID.map((x) => Math.max(0, 1 - Math.abs(x * count - i))),
    ),
};

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// The orthogonal projection of a function on a class: one direction after the other is made
// orthogonal to those before it, twice so that rounding does not matter, and taken away.
function project(columns, goal) {
  const directions = [];
  const fitted = goal.map(() => 0);
  for (const column of columns) {
    const direction = [...column];
    for (let pass = 0; pass < 2; pass += 1) {
      for (const other of directions) {
        const share = dot(direction, other);
        direction.forEach((_, i) => (direction[i] -= share * other[i]));
      }
    }
    const length = Math.sqrt(dot(direction, direction));
    direction.forEach((_, i) => (direction[i] /= length));
    directions.push(direction);
    const share = dot(goal, direction);
    fitted.forEach((_, i) => (fitted[i] += share * direction[i]));
  }
  return fitted;
}

const bestKnown = new Map();

// The best member of a class at the points of the grid, and its distance from the truth.
export function bestMember({ networks }, functions, count, name) {
  const key = `${functions} ${count} ${name}`;
  if (bestKnown.has(key)) return bestKnown.get(key);
  const goal = truthValues(name);
  let values;
  if (functions === "networks") {
    const { weights, biases, outputs, offset } = networks.fits[name][count];
    const hidden = (x, j) => Math.max(0, weights[j] * x + biases[j]) * outputs[j];
    values = GRID.map((x) => weights.reduce((sum, _, j) => sum + hidden(x, j), offset));
  } else {
    values = project(BASES[functions](count), goal);
  }
  const gap = values.map((value, i) => value - goal[i]);
  const found = { values, distance: Math.sqrt(dot(gap, gap) / gap.length) };
  bestKnown.set(key, found);
  return found;
}

export const parametersOf = (functions, count) =>
  ({ polynomials: count + 1, steps: count, splines: count + 1 })[functions] ?? 3 * count + 1;
