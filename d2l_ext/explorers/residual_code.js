// A block as PyTorch code that runs; the tests run it and compare it with the package's own block.

import { countBlock, variant } from "./residual_graph.js";

function moduleOf({ layer }, inputs, signal) {
  if (layer.kind === "batch_norm") return `nn.BatchNorm2d(${signal.shape[0]})`;
  if (layer.kind === "dropout") return "nn.Dropout(0.5)";
  if (layer.kind !== "conv") return null;
  const { kernel, stride, padding, groups, bias, out } = layer;
  const settings = [inputs[0].shape[0], out, `kernel_size=${kernel[0]}`];
  if (stride[0] > 1) settings.push(`stride=${stride[0]}`);
  if (padding[0]) settings.push(`padding=${padding[0]}`);
  if (groups) settings.push(`groups=${groups}`);
  if (!bias) settings.push("bias=False");
  return `nn.Conv2d(${settings.join(", ")})`;
}

function expression(node, inputs, settings, result) {
  const [first, second] = inputs;
  switch (node.kind) {
    case "relu":
      return `F.relu(${first})`;
    case "sigmoid":
      return `torch.sigmoid(${first}${node.start ? ` - ${-node.start}` : ""})`;
    case "adaptive_pool":
      return `${first}.mean(dim=(2, 3), keepdim=True)`;
    case "scale":
      return `${node.factor === "scale" ? settings.scale : node.factor} * ${first}`;
    case "multiply":
      return node.complement ? `(1 - ${second}) * ${first}` : `${second} * ${first}`;
    case "add":
      return `${first} + ${second}`;
    case "concat":
      return `torch.cat((${first}, ${second}), dim=1)`;
    case "subsample":
      return `${first}[:, :, ::${settings.stride}, ::${settings.stride}]`;
    case "pad_channels":
      return `F.pad(${first}, (0, 0, 0, 0, 0, ${result.signal.shape[0] - result.inputs[0].shape[0]}))`;
    default:
      return `self.${node.name}(${first})`;
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
    const built = moduleOf(results[i].node, results[i].inputs, results[i].signal);
    if (built) made.push(`        self.${node.name} = ${built}`);
    const inputs = sources[i].map((source) => (source < 0 ? "X" : text[source]));
    text[i] = expression(node, inputs, settings, results[i]);
    if (ends(i)) {
      lines.push(`        ${variable(i)} = ${text[i]}`);
      text[i] = variable(i);
    }
  });
  const { channels, size } = settings;
  return [
    "import torch",
    "from torch import nn",
    "from torch.nn import functional as F",
    "",
    "",
    "class Block(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    ...made,
    "",
    "    def forward(self, X):",
    ...lines,
    `        return ${text.at(-1)}`,
    "",
    "",
    "block = Block()",
    `print(block(torch.randn(2, ${channels}, ${size}, ${size})).shape)`,
  ].join("\n");
}
