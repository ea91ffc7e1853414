// A block as PyTorch code that runs; the tests run it and compare it with the package's own block.

import { countBlock, variant } from "./residual_graph.js";
import { call, moduleOf, programOf } from "./torch_code.js";

function expression(node, inputs, settings, result) {
  const [first, second] = inputs;
  switch (node.kind) {
    case "sigmoid":
      return `torch.sigmoid(${first}${node.start ? ` - ${-node.start}` : ""})`;
    case "adaptive_pool":
      return `${first}.mean(dim=(2, 3), keepdim=True)`;
    case "scale":
      return `${node.factor === "scale" ? settings.scale : node.factor} * ${first}`;
    case "multiply":
      return node.complement ? `(1 - ${second}) * ${first}` : `${second} * ${first}`;
    default: {
      const shapes = result.inputs.map((input) => input.shape);
      return call(result.node.layer, inputs, shapes, result.signal.shape) ?? `self.${node.name}(${first})`;
    }
  }
}

export function pytorch(catalogue, name, settings) {
  const { nodes } = variant(catalogue, name, settings);
  const { results } = countBlock(catalogue, name, settings);
  const sources = nodes.map((node, i) => (node.from ?? [1]).map((back) => i - back));
  const readers = (i) => nodes.filter((_, j) => sources[j].includes(i));

  // A line of code ends before a convolution, at the end of a lane, and at what is read twice.
  const ends = (i) => {
    const next = nodes[i + 1];
    if (!next) return false;
    return next.kind === "conv" || next.lane !== nodes[i].lane || readers(i).length > 1;
  };
  const variable = (i) => {
    const { lane, box, kind } = nodes[i];
    if (box === "SE" && kind !== "multiply") return "W";
    if (lane === "branch" && readers(i).some((reader) => reader.lane === "shortcut")) return "A";
    return { gate: "G", shortcut: "S" }[lane] ?? "Y";
  };

  const made = [];
  const lines = [];
  const text = [];
  nodes.forEach((node, i) => {
    const { layer } = results[i].node;
    const built = node.kind === "adaptive_pool" ? null : moduleOf(layer, results[i].inputs[0].shape);
    if (built) made.push(`        self.${node.name} = ${built}`);
    const inputs = sources[i].map((source) => (source < 0 ? "X" : text[source]));
    text[i] = expression(node, inputs, settings, results[i]);
    if (ends(i)) {
      lines.push(`        ${variable(i)} = ${text[i]}`);
      text[i] = variable(i);
    }
  });
  const { channels, size } = settings;
  return programOf("Block", "", made, lines, text.at(-1), [channels, size, size]);
}
