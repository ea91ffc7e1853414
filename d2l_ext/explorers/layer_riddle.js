// What is asked before the layer explorer shows its numbers.

import { sharesOf } from "./shares.js";

const RATIOS = ["less than half", "half to as many", "as many to twice", "more than twice"];

// titles and counts of one network or two.
export function riddleOf(titles, counted) {
  const [first, second] = counted;
  if (second && first.macs) {
    const ratio = second.macs / first.macs;
    const answer = [0.5, 1, 2].findIndex((limit) => ratio <= limit);
    return {
      question: `How many MACs has ${titles[1]}, against ${titles[0]}?`,
      options: RATIOS,
      answer: answer < 0 ? 3 : answer,
      why: `It has ${ratio.toFixed(2)} times as many MACs, and ${(second.parameters / first.parameters).toFixed(2)} times as many parameters.`,
    };
  }
  const most = (quantity) => {
    const shares = sharesOf(first, quantity);
    return shares.length ? shares.reduce((a, b) => (b.value > a.value ? b : a)) : null;
  };
  const [macs, parameters] = [most("macs"), most("parameters")];
  if (!macs) return null;
  const options = sharesOf(first, "macs").map(({ name }) => name);
  const part = ({ name, share }) => `${name} with ${(100 * share).toFixed(1)} %`;
  return {
    question: `Which part of ${titles[0]} takes the most MACs on this image?`,
    options,
    answer: options.indexOf(macs.name),
    why: `Most MACs are in ${part(macs)}, most parameters in ${part(parameters)}.`,
  };
}
