// What was measured of a network's gates, as gate_reading.py reads it; the tests hold the two together.

import { squeezed } from "./squeezed.js";

export const sigmoid = (value) => 1 / (1 + Math.exp(-value));

export function softmax(values) {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

// The scores of an image with one gate of a block moved: measured at 0, at its mean, at 1 and as
// computed; between these a straight line. `channel` counts from 0.
export function movedScores({ logits, blocks }, at, mean, channel, gate) {
  if (gate === null) return logits;
  const { pre, scale, changes } = blocks[at];
  const bytes = Int8Array.from(atob(changes), (c) => c.charCodeAt(0));
  const own = sigmoid(pre[channel]);
  const measured = (which) => [...bytes.slice(10 * (3 * channel + which))].slice(0, 10).map((b) => scale * b);
  const points = [
    [0, measured(0)],
    [1, measured(2)],
    [own, logits.map(() => 0)],
  ];
  if (Math.abs(mean - own) > 0.02) points.push([mean, measured(1)]);
  points.sort((a, b) => a[0] - b[0]);
  const right = Math.max(1, points.findIndex(([value]) => gate <= value));
  const [[low, before], [high, after]] = [points[right - 1], points[right]];
  const share = high > low ? (gate - low) / (high - low) : 0;
  return logits.map((score, k) => score + before[k] + share * (after[k] - before[k]));
}

// Parameters of the gates: two linear layers with biases in each block.
export const addedParameters = (widths, ratio) =>
  widths.reduce((sum, [channels, blocks]) => {
    const hidden = squeezed(channels, ratio);
    return sum + blocks * (2 * channels * hidden + hidden + channels);
  }, 0);
