// The page of grouped convolutions: who hears of whom, what it costs, and what the shuffle changes.

import { alone, copyable, element, explorer, facts, Impossible, setText, whole } from "./base.js";
import { connectivity } from "./connectivity.js";
import { costPanel } from "./cost_panel.js";
import { equalCost } from "./equal_cost.js";
import { checkGrouping, groupedWeights, order, permutation, reachCount } from "./grouping.js";
import { matrices } from "./matrices.js";
import { prediction } from "./predict.js";

function checkChannel({ channel, in_channels }) {
  if (channel === null || (channel >= 0 && channel < in_channels)) return;
  const nearest = channel < 0 ? 0 : in_channels - 1;
  throw new Impossible(
    `channel = ${channel} must lie between 0 and ${in_channels - 1}. Try ${nearest}.`,
    { channel: nearest },
  );
}

// The layers as PyTorch code that runs once torch and nn are imported.
export function torchCode({ in_channels, out_channels, cardinality, layers, shuffle, kernel_size }) {
  const convolution = (channels) => {
    const padding = kernel_size > 1 ? ", padding='same'" : "";
    const sizes = `${channels}, ${out_channels}, kernel_size=${kernel_size}${padding}`;
    return `nn.Conv2d(${sizes}, groups=${cardinality}, bias=False)`;
  };
  const parts = [convolution(in_channels)];
  if (shuffle) parts.push(`nn.ChannelShuffle(${cardinality})`);
  if (layers === 2) parts.push(convolution(out_channels));
  return `nn.Sequential(\n${parts.map((part) => `    ${part},\n`).join("")})`;
}

export const summary = (state) => ({
  grouped: groupedWeights(state),
  dense: groupedWeights({ ...state, cardinality: 1 }),
  reached: reachCount(state),
});

const listed = (numbers, most = 32) =>
  numbers.slice(0, most).join(" ") + (numbers.length > most ? " …" : "");

function riddleOf({ grouped, dense, reached }, { out_channels, cardinality, layers, shuffle }) {
  const width = out_channels / cardinality;
  const options = [...new Set([1, width, reached, out_channels])].sort((a, b) => a - b);
  const why = shuffle && layers === 2
    ? `The shuffle deals the ${width} channels of a group out to ${reached / width} of ${cardinality} groups.`
    : `Without a shuffle between two convolutions, nothing leaves its group of ${width}.`;
  return {
    question: `How many of the ${out_channels} outputs does one input channel reach?`,
    options: options.map(String),
    answer: options.indexOf(reached),
    why: `${why} The weights are ${whole(grouped)} in place of ${whole(dense)}.`,
  };
}

function render(context) {
  const layers = {
    read: () => String(state.layers),
    assign: (value) => ({ layers: Number(value) }),
  };
  const { state, put, words, body, announce, start } = explorer(context, {
    name: "GroupedConvolutionExplorer",
    own: { layers },
    draw,
  });

  const wires = connectivity((channel) => put({ channel }));
  const reach = element("p", { class: "d2l-lead" });
  const blocks = matrices();
  const costs = costPanel({
    first: "Layers",
    columns: [
      { key: "parameters", label: "Parameters" },
      { key: "macs", label: "MACs per position" },
    ],
  });
  const mixing = element("div");
  const block = equalCost(words.curve);
  const code = copyable(announce, "Copy this PyTorch code");
  const section = (title, ...parts) =>
    element("section", {}, element("h4", {}, title), ...parts);
  const shuffled = section("The shuffle as a permutation", mixing);
  const answers = element(
    "div",
    { class: "d2l-beside" },
    wires.node,
    element("div", { class: "d2l-column-of" }, reach, blocks.node, costs.node, shuffled),
  );
  const guess = prediction([answers], announce);
  body.append(
    guess.node,
    answers,
    section("Cardinality and width at equal cost: the block of ResNeXt-50's first stage", block.node),
    section("In PyTorch", code.node),
  );

  function showMixing({ out_channels, cardinality }, moved) {
    const inverse = out_channels / cardinality;
    const rows = [
      ["Channel at each place", listed(moved)],
      ["Inverse", `the shuffle with ${inverse} groups: ${listed(permutation(out_channels, inverse))}`],
      ["Order", `${order(moved)}: after so many shuffles each channel is back`],
    ];
    mixing.replaceChildren(facts(rows));
  }

  function draw() {
    checkGrouping(state);
    checkChannel(state);
    const { in_channels, out_channels, cardinality, layers, channel } = state;
    const found = summary(state);
    const { predict, kernel_size, channel: chosen, ...asked } = state;
    guess.show(JSON.stringify(asked), predict ? riddleOf(found, state) : null);
    wires.show(state);
    const moved = state.shuffle ? permutation(out_channels, cardinality) : null;
    blocks.show(state, moved);
    const who = channel === null ? "Each input channel" : `Input channel ${channel}`;
    const said = `${who} reaches ${whole(found.reached)} of ${whole(out_channels)} outputs.`;
    setText(reach, said);
    const kinds = [["dense", found.dense], [`${cardinality} groups`, found.grouped]];
    costs.show(
      `${layers === 2 ? "Two convolutions" : "One convolution"}, ${in_channels} to ${out_channels} channels`,
      kinds.map(([label, weights], i) => ({
        key: String(i),
        label,
        values: { parameters: weights, macs: weights },
      })),
      "1",
    );
    shuffled.hidden = !moved;
    if (moved) showMixing(state, moved);
    block.show(cardinality);
    code.show(torchCode(state));
    const hidden = predict && answers.classList.contains("d2l-covered");
    return hidden ? "What do you expect?" : `${said} ${whole(found.grouped)} parameters.`;
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
