// The page of the gate explorer: gates of a trained network on real images, to be moved by hand.

import { alone, button, checkRange, element, explorer, figure, setText, textAt, whole } from "./base.js";
import { costPanel } from "./cost_panel.js";
import { addedParameters, movedScores, sigmoid, softmax } from "./gates.js";
import { kernelButton } from "./kernel_button.js";

const WIDE = 640;
const LEFT_OF_GATES = 104;
const ROW = 18;
const RATIOS = [2, 4, 8, 16, 32];

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const percentOf = (share) => `${(100 * share).toFixed(1)} %`;
const two = (value) => value.toFixed(2);
const four = (value) => value.toFixed(4);

// How much the average of a gate differs between classes: the root mean square over its channels.
export function betweenClasses(byClass) {
  const spread = byClass[0].map((_, c) => {
    const values = byClass.map((row) => row[c] / 1000);
    return mean(values.map((value) => (value - mean(values)) ** 2));
  });
  return Math.sqrt(mean(spread));
}

function channels(title, act) {
  const { node, picture, draw } = figure("d2l-gates", title);
  picture.addEventListener("click", (event) => {
    const spot = event.target.closest("[data-channel]");
    if (spot) act(Number(spot.dataset.channel));
  });
  return { node, show: (words, tall, parts) => draw(words, WIDE, tall, parts) };
}

// One bar for each channel, from 0 to `top`, with a line across at `level` and, where there are
// any, a short line at each of `ticks`.
function bars(values, top, level, text, chosen, ticks = []) {
  const width = (WIDE - LEFT_OF_GATES) / values.length;
  const up = (value) => (10 + 90 * (1 - value / top)).toFixed(1);
  const drawn = values.map((value, c) => {
    const x = LEFT_OF_GATES + c * width;
    const colour = c === chosen ? "var(--macs)" : "var(--parameters)";
    const tick = ticks.length ? `<path d="M${x} ${up(ticks[c])}h${width}" stroke="var(--text)" stroke-width="2"/>` : "";
    return (
      `<g data-channel="${c + 1}"><rect x="${x}" y="5" width="${width}" height="95" fill="transparent"/>` +
      `<rect x="${(x + 0.12 * width).toFixed(1)}" y="${up(value)}" width="${(0.76 * width).toFixed(1)}" ` +
      `height="${(100 - up(value)).toFixed(1)}" fill="${colour}"/>${tick}</g>`
    );
  });
  const mark = (value, words) => textAt(LEFT_OF_GATES - 6, Number(up(value)) + 4, words, "end");
  return [
    ...drawn,
    `<path d="M${LEFT_OF_GATES} ${up(level)}H${WIDE}" stroke="var(--text)" stroke-dasharray="3 4"/>`,
    mark(0, "0"),
    mark(top, text(top)),
    textAt(LEFT_OF_GATES, 116, "channel 1", "start"),
    textAt(WIDE, 116, values.length, "end"),
  ];
}

// Averages of the gates, a row for each class.
function heat(rows, classes, chosen, mine) {
  const width = (WIDE - LEFT_OF_GATES) / rows[0].length;
  const cells = rows.flatMap((row, k) => [
    textAt(LEFT_OF_GATES - 6, ROW * k + 15, classes[k], "end", k === mine ? ' font-weight="700"' : ""),
    ...row.map(
      (value, c) =>
        `<rect data-channel="${c + 1}" x="${(LEFT_OF_GATES + c * width).toFixed(1)}" y="${ROW * k + 2}" ` +
        `width="${width.toFixed(1)}" height="${ROW - 1}" fill="#0072b2" fill-opacity="${value / 1000}"/>`,
    ),
  ]);
  const x = LEFT_OF_GATES + chosen * width;
  const frame = `<rect x="${x}" y="1" width="${width}" height="${ROW * rows.length}" fill="none" stroke="var(--macs)" stroke-width="2"/>`;
  return [...cells, frame];
}

function render(context) {
  const { model } = context;
  const { state, put, actions, body, start } = explorer(context, {
    name: "GateExplorer",
    heard: ["measured", "measurements"],
    own: { gate: { read: () => state.gate ?? Number(own.toFixed(2)) } },
    draw,
  });
  const { classes, costs, notes } = state.measurements;
  const free = button("Gate as computed", () => put({ gate: null }), "Undo the change by hand");
  const live = kernelButton(model, "Run the network", {
    message: "measure",
    busy: "Running …",
    hint: "Compute this and each later change in the kernel; it loads torch first",
    answer: () => state.measured,
  });
  actions.prepend(live.node, free);

  let own = 0.5; // the gate as the network computes it
  const pick = (channel) => put({ channel, gate: null });
  const lead = element("p", { class: "d2l-lead" });
  const thumb = element("div", { class: "d2l-seen", role: "img" });
  const result = costPanel({
    first: "Class",
    columns: [
      { key: "before", label: "As computed", format: [percentOf, percentOf], alone: true },
      { key: "after", label: "Gate as set", format: [percentOf, percentOf], alone: true },
    ],
  });
  const how = element("p", { class: "d2l-muted" });
  const gates = channels("Gates on this image: the paper's sigmoid", pick);
  const weights = channels("The same pre-activations through the lecture's softmax", pick);
  const averages = element("p");
  const map = channels("Gates averaged over the test images of each class; the stronger, the nearer to 1", pick);
  const stages = costPanel({
    first: "Block",
    columns: [
      { key: "channels", label: "Channels", alone: true },
      { key: "mean", label: "Mean gate", format: [two, two], alone: true },
      { key: "classes", label: "Between classes", hint: "How much the averages of the classes differ", format: [four, four], alone: true },
    ],
    pick: (key) => {
      const [stage, block] = key.split(".").map(Number);
      put({ stage, block, channel: 1, gate: null });
    },
  });
  const names = Object.keys(costs);
  const price = costPanel({
    first: "Ratio r",
    columns: names.flatMap((name, i) => [
      { key: `parameters${i}`, label: `${name}: parameters added` },
      { key: `share${i}`, label: "of the network's", format: [percentOf, percentOf], alone: true },
    ]),
  });
  const measured = element(
    "div",
    {},
    element("div", { class: "d2l-sides" }, element("div", {}, thumb), result.node),
    how,
    element("div", { class: "d2l-pair" }, element("div", {}, gates.node, weights.node, averages), element("div", {}, map.node, stages.node)),
  );
  body.append(
    lead,
    measured,
    element("h4", {}, "What the ratio costs"),
    price.node,
    element("div", { class: "d2l-notes" }, ...notes.map((text) => element("p", {}, text))),
  );

  function showPrices(ratio) {
    const all = [...new Set([...RATIOS, ratio])].sort((a, b) => a - b);
    const rows = all.map((r) => {
      const values = {};
      names.forEach((name, i) => {
        const { widths, plain } = costs[name];
        const more = r <= widths[0][0] ? addedParameters(widths, r) : null;
        values[`parameters${i}`] = more;
        values[`share${i}`] = more && more / plain;
      });
      return { key: r, label: String(r), values };
    });
    price.show("Gates in every block of two networks", rows, ratio);
  }

  function draw() {
    live.settle();
    const { stage, block, channel, gate, image, ratio, measurements } = state;
    const { blocks, images, missing, between, sheet, stale } = measurements;
    const [, [[narrowest]]] = names.map((name) => costs[name].widths);
    checkRange("ratio", ratio, [1, narrowest]);
    measured.hidden = !blocks;
    showPrices(ratio);
    if (!blocks) {
      setText(lead, missing);
      return missing;
    }
    checkRange("stage", stage, [1, Math.max(...blocks.map((one) => one.stage))]);
    const here = blocks.filter((one) => one.stage === stage);
    checkRange("block", block, [1, here.length]);
    const chosen = here[block - 1];
    const at = blocks.indexOf(chosen);
    checkRange("channel", channel, [1, chosen.mean.length]);
    const label = classes.indexOf(image);
    const seen = images[label];
    const { pre } = seen.blocks[at];
    const c = channel - 1;
    const computed = pre.map(sigmoid);
    own = computed[c];
    if (gate !== null) checkRange("gate", gate, [0, 1]);

    const key = JSON.stringify([stage, block, channel, gate, image]);
    const exact = state.measured.logits && JSON.stringify(state.measured.key) === key;
    const scores = exact ? state.measured.logits : movedScores(seen, at, chosen.mean[c] / 1000, c, gate);
    const [before, after] = [seen.logits, scores].map(softmax);
    const order = classes.map((_, k) => k).sort((a, b) => before[b] - before[a] || a - b);
    const first = after.indexOf(Math.max(...after));
    const turned = first === label ? "" : ` Now the network says ${classes[first]}.`;
    const change = gate === null ? "as computed; move it" : `set from ${two(own)} to ${two(gate)}`;
    const said =
      `Stage ${stage}, block ${block}, channel ${channel}: gate ${gate === null ? `${two(own)} ` : ""}${change}. ` +
      `${image}: ${percentOf(before[label])}${gate === null ? "" : `, then ${percentOf(after[label])}`}.${turned}`;
    setText(lead, said);
    free.enable(gate !== null);

    thumb.setAttribute("aria-label", `Test image ${seen.number}: ${image}`);
    thumb.style.backgroundImage = `url(${sheet})`;
    thumb.style.backgroundPosition = `0 ${(100 * label) / (images.length - 1)}%`;
    const rows = order.map((k) => ({
      key: k,
      label: classes[k],
      values: { before: before[k], after: after[k] },
    }));
    result.show("Class probabilities", rows, label);
    const error = state.measured.error;
    setText(
      how,
      (stale ? "These gates belong to other weights than the zoo's: measure them again. " : "") +
        (exact ? "Computed by the network, in the kernel." : between) +
        (error ? ` The network cannot be run: ${error}` : ""),
    );

    const set = computed.map((value, i) => (i === c && gate !== null ? gate : value));
    const average = mean(computed);
    gates.show(
      `Channel ${channel}: ${two(set[c])}; mean of all ${two(average)}.`,
      120,
      bars(set, 1, average, String, c, chosen.mean.map((value) => value / 1000)),
    );
    const shares = softmax(pre);
    const most = Math.max(...shares);
    weights.show(
      `Channel ${channel}: ${four(shares[c])}; mean of all ${four(1 / pre.length)}.`,
      120,
      bars(shares, most, 1 / pre.length, four, c),
    );
    setText(
      averages,
      `Dashed: the mean over the channels; short lines: each gate's mean over all test images. The sigmoid looks at each ` +
        `channel by itself, and here averages ${two(average)}. The softmax shares out 1 among ${pre.length} channels: it ` +
        `averages 1/${pre.length} = ${four(1 / pre.length)} whatever the image shows, and more for one is less for all others.`,
    );
    map.show(
      `Channel ${channel}: ${classes.map((name, k) => `${name} ${two(chosen.by_class[k][c] / 1000)}`).join(", ")}.`,
      ROW * classes.length + 4,
      heat(chosen.by_class, classes, c, label),
    );
    const listed = blocks.map((one) => ({
      key: `${one.stage}.${one.block}`,
      label: `stage ${one.stage}, block ${one.block}`,
      values: {
        channels: one.mean.length,
        mean: mean(one.mean) / 1000,
        classes: betweenClasses(one.by_class),
      },
    }));
    stages.show("All blocks: how open the gates are, and how much they depend on the class", listed, `${stage}.${block}`);
    return said;
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
