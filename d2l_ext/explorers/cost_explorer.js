// The page of the cost explorer: ways to write one convolution, counted and timed.

import { alone, copyable, element, explorer, setText, short, whole } from "./base.js";
import { CONVOLUTION_LIMITS, KINDS, checkConvolution, convolutionCost, partsOf } from "./convolutions.js";
import { costPanel } from "./cost_panel.js";
import { explanation, kind } from "./explain.js";
import { kernelButton } from "./kernel_button.js";
import { prediction } from "./predict.js";
import { conv2d } from "./torch_code.js";

const SETTINGS = Object.keys(CONVOLUTION_LIMITS);

const bytes = (number) => `${short(number)}${number < 10_000 ? " " : ""}B`;
const decimal = (number) => (number < 10 ? number.toFixed(2) : number.toFixed(number < 100 ? 1 : 0));
const timeText = (ms) => `${decimal(ms)} ms`;

// How far measured settings are from others: doublings of what each counts for.
function distance(row, state) {
  const weight = { size: 2, kernel_size: 2 };
  const terms = SETTINGS.map((key) => Math.abs(Math.log2(row[key] / state[key])) * (weight[key] ?? 1));
  return terms.reduce((a, b) => a + b, 0);
}

// The measurement that is nearest to a state: the learner's own if it fits, else the table's.
export function nearestTimes(state, measured, table) {
  const all = [measured, table].flatMap(({ machine, rows = [] }) =>
    rows.map((row) => ({ ...row, machine, own: measured.rows === rows })),
  );
  const far = all.map((row) => distance(row, state));
  const nearest = all[far.indexOf(Math.min(...far))];
  return { ...nearest, exact: Math.min(...far) === 0 };
}

// A layer in words: its name, and how its numbers come about.
function sentence(result) {
  const row = { ...result, layer: result.node.layer };
  const words = explanation(row).filter((text) => !/^(Height|Of the image)/.test(text));
  return `${kind(row)}. ${words.join(" ")}`;
}

const factor = (ratio) => `${decimal(ratio)} times`;

// Where the count and the time of a kind disagree, in words.
export function disagreement(kind, times) {
  const [mine, dense] = [kind, "dense"].map((name) => convolutionCost(times, name));
  const fewer = dense.macs / mine.macs;
  const faster = times.times.dense / times.times[kind];
  if (kind === "dense") return "The dense convolution is what the others are held to.";
  const counted = fewer >= 1 ? `${factor(fewer)} fewer MACs` : `${factor(1 / fewer)} as many MACs`;
  const timed = faster >= 1 ? `${factor(faster)} as fast` : `but it takes ${factor(1 / faster)} as long`;
  const facts = `${counted} than dense, ${timed}.`;
  if (Math.abs(Math.log(faster / fewer)) < Math.log(1.25)) return `${facts} Count and time agree.`;
  if (faster > fewer) return `${facts} The count promises less than that: small kernels suit this machine.`;
  const traffic = mine.traffic / dense.traffic;
  const moved = traffic > 1.05 ? `${factor(traffic)} as many bytes` : "about as many bytes";
  return (
    `${facts} The count promises more; but it moves ${traffic < 0.95 ? factor(1 / traffic) + " fewer bytes" : moved}, ` +
    `and has ${decimal(mine.intensity)} in place of ${decimal(dense.intensity)} MACs to do for each, ` +
    `in ${partsOf(times, kind).length > 1 ? `${partsOf(times, kind).length} layers in place of 1` : "one layer"}.`
  );
}

function riddleOf(kind, times) {
  const fewer = convolutionCost(times, "dense").macs / convolutionCost(times, kind).macs;
  const faster = times.times.dense / times.times[kind];
  const promised = Math.abs(Math.log(faster / fewer)) < Math.log(1.25);
  const options = [
    `as the count says, about ${factor(fewer)} as fast`,
    "faster than dense, but less than the count says",
    "no faster than dense",
    "faster than the count says",
  ];
  const answer = promised ? 0 : faster > fewer ? 3 : faster > 1 ? 1 : 2;
  const question = `${kind}: ${factor(fewer)} fewer MACs than dense. How fast is it?`;
  return { question, options, answer, why: disagreement(kind, times) };
}

// One kind as PyTorch code that runs once torch and nn are imported.
export function convolutionCode(state, kind) {
  let channels = state.in_channels;
  const lines = partsOf(state, kind).map((layer) => {
    if (layer.kind === "shift") return `Shift(${channels}, kernel_size=${layer.kernel[0]})`;
    const text = conv2d(channels, layer);
    channels = layer.out;
    return text;
  });
  const shifted = kind === "shift" ? "from d2l_ext.networks.shift import Shift\n\n" : "";
  return `${shifted}net = nn.Sequential(\n${lines.map((text) => `    ${text},\n`).join("")})`;
}

function render(context) {
  const { model } = context;
  const { state, words, actions, body, announce, start } = explorer(context, {
    name: "CostExplorer",
    heard: ["measured"],
    draw,
  });
  const measure = kernelButton(model, "Measure here", {
    message: "measure",
    busy: "Measuring …",
    hint: "Time all kinds in the kernel, on its machine; takes a second or two",
    answer: () => state.measured,
  });
  actions.prepend(measure.node);

  const costs = costPanel({
    first: "Kind",
    columns: [
      { key: "parameters", label: "Parameters" },
      { key: "macs", label: "MACs" },
      { key: "traffic", label: "Memory traffic", format: [bytes, bytes] },
      { key: "intensity", label: "MACs per byte", format: [decimal, decimal] },
      { key: "time", label: "Time", format: [timeText, timeText] },
    ],
  });
  const source = element("p", { class: "d2l-muted" });
  const verdict = element("p", { class: "d2l-lead" });
  const meaning = element("p");
  const layers = element("ol", { class: "d2l-layers" });
  const code = copyable(announce, "Copy this PyTorch code");
  const guess = prediction([verdict, costs.node], announce);
  body.append(
    guess.node,
    verdict,
    costs.node,
    source,
    element("h4", {}, "Layer by layer"),
    meaning,
    layers,
    element("h4", {}, "In PyTorch"),
    code.node,
    element("div", { class: "d2l-notes" }, element("p", {}, words.note)),
  );

  function sourceText(times) {
    const { in_channels, out_channels, size, kernel_size, machine, exact, own } = times;
    const place = own ? "on the kernel's machine" : "when this course was made";
    const what = exact
      ? "Times of exactly this convolution"
      : `Times of the nearest that was measured, ${in_channels} to ${out_channels} channels on ` +
        `${size} × ${size}, kernel ${kernel_size}, ${times.cardinality} groups`;
    const failed = state.measured.error ? ` Not measured: ${state.measured.error}.` : "";
    const hint = model.send || own ? "" : " With a kernel, this page measures on your machine.";
    return `${what}, measured ${place} (${machine}; shortest of several).${failed}${hint}`;
  }

  function draw() {
    checkConvolution(state);
    measure.settle();
    const { kind, predict, measured } = state;
    const times = nearestTimes(state, measured, model.get("table_of_times"));
    const counted = Object.fromEntries(KINDS.map((name) => [name, convolutionCost(state, name)]));
    guess.show(
      JSON.stringify([kind, ...SETTINGS.map((name) => state[name])]),
      predict && kind !== "dense" ? riddleOf(kind, times) : null,
    );
    const where = times.exact
      ? ""
      : ` (${times.in_channels} to ${times.out_channels} channels on ${times.size} × ${times.size})`;
    setText(verdict, `${kind}${where}: ${disagreement(kind, times)}`);
    const rows = KINDS.map((name) => {
      const { parameters, macs, traffic, intensity } = counted[name];
      const values = { parameters, macs, traffic, intensity, time: times.times[name] };
      return { key: name, label: name, values };
    });
    const { in_channels, out_channels, size, kernel_size } = state;
    const title = `${kernel_size} × ${kernel_size} convolution, ${in_channels} to ${out_channels} channels on ${size} × ${size}`;
    costs.show(title, rows, kind);
    setText(source, sourceText(times));
    setText(meaning, words[kind]);
    layers.replaceChildren(
      ...counted[kind].layers.map((result) => element("li", {}, sentence(result))),
    );
    code.show(convolutionCode(state, kind));
    if (predict && costs.node.classList.contains("d2l-covered")) return "What do you expect?";
    const { parameters, macs } = counted[kind];
    return `${kind}: ${whole(parameters)} parameters, ${short(macs)} MACs. ${verdict.textContent}`;
  }

  return start();
}

export const show = (state) => alone(render, state);
export default { render };
