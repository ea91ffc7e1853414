// Layers as PyTorch code that runs; the tests run it and count what it builds.

const both = ([a, b]) => (a === b ? a : `(${a}, ${b})`);

// A convolution: nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1, bias=False).
export function conv2d(channels, layer) {
  const { out, kernel, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1, bias } = layer;
  const settings = [channels, out, `kernel_size=${both(kernel)}`];
  if (Math.max(...stride) > 1) settings.push(`stride=${both(stride)}`);
  if (Math.max(...padding)) settings.push(`padding=${both(padding)}`);
  if (Math.max(...dilation) > 1) settings.push(`dilation=${both(dilation)}`);
  if (groups > 1) settings.push(`groups=${groups}`);
  if (!bias) settings.push("bias=False");
  return `nn.Conv2d(${settings.join(", ")})`;
}

function pool(name, { kernel, stride, padding = [0, 0], ceil }) {
  const more = `${Math.max(...padding) ? `, padding=${both(padding)}` : ""}${ceil ? ", ceil_mode=True" : ""}`;
  return `nn.${name}(${both(kernel)}, stride=${both(stride)}${more})`;
}

const orNone = (value) => value ?? "None";

// The module of a layer, or null where it is a function.
export function moduleOf(layer, shape) {
  const modules = {
    conv: () => conv2d(shape[0], layer),
    linear: () => `nn.Linear(${shape.at(-1)}, ${layer.out}${layer.bias ? "" : ", bias=False"})`,
    batch_norm: () => `nn.BatchNorm2d(${shape[0]}${layer.affine === false ? ", affine=False" : ""})`,
    dropout: () => "nn.Dropout(0.5)",
    max_pool: () => pool("MaxPool2d", layer),
    avg_pool: () => pool("AvgPool2d", layer),
    adaptive_pool: () => `nn.AdaptiveAvgPool2d((${layer.size.map(orNone).join(", ")}))`,
  };
  return modules[layer.kind]?.() ?? null;
}

const cut = ([from, to, by] = []) => `${from ?? ""}:${to ?? ""}${(by ?? 1) > 1 ? `:${by}` : ""}`;

// What a function makes of its inputs, or null for one that has no code here.
export function call(layer, inputs, shapes, out) {
  const [first] = inputs;
  const calls = {
    identity: () => first,
    add: () => inputs.join(" + "),
    multiply: () => inputs.join(" * "),
    concat: () => `torch.cat((${inputs.join(", ")}), dim=1)`,
    chunk: () => `${first}.chunk(${layer.chunks}, dim=1)[${layer.index}]`,
    flatten: () => `${first}.flatten(1)`,
    softmax: () => `F.softmax(${first}, dim=1)`,
    subsample: () => `${first}[:, :, ::${layer.stride[0]}, ::${layer.stride[1]}]`,
    slice: () => `${first}[:, ${["channels", "rows", "columns"].map((axis) => cut(layer[axis])).join(", ")}]`,
    pad([top, bottom, left, right] = layer.padding) {
      return `F.pad(${first}, (${left}, ${right}, ${top}, ${bottom}))`;
    },
    pad_channels: () => `F.pad(${first}, (0, 0, 0, 0, 0, ${out[0] - shapes[0][0]}))`,
    channel_shuffle: () => layer.groups && `F.channel_shuffle(${first}, ${layer.groups})`,
  };
  if (layer.kind in calls) return calls[layer.kind]();
  return /^(relu6?|sigmoid|silu|gelu|tanh|hardswish|hardsigmoid|leaky_relu)$/.test(layer.kind)
    ? `F.${layer.kind}(${first})`
    : null;
}

// A class of that name, what makes its layers and what its forward does, and a line that runs it.
export function programOf(name, remark, made, lines, result, shape) {
  const instance = name.toLowerCase();
  return [
    "import torch",
    "from torch import nn",
    "from torch.nn import functional as F",
    "",
    "",
    `class ${name}(nn.Module):${remark}`,
    "    def __init__(self):",
    "        super().__init__()",
    ...made,
    "",
    "    def forward(self, X):",
    ...lines,
    `        return ${result}`,
    "",
    "",
    `${instance} = ${name}()`,
    `print(${instance}(torch.randn(2, ${shape.join(", ")})).shape)`,
  ].join("\n");
}

// A module that does what some successive layers of a network do, or why there is none.
//
// results: as `propagate` gives them, those of the part only. A value that only the next layer reads
// is Y; others have numbers.
export function partCode(title, prefix, results) {
  const sources = results.map(({ node }, i) => node.from.map((back) => i - back));
  const inside = sources.map((all) => all.filter((source) => source >= 0));
  const outside = new Set(sources.flat().filter((source) => source < 0));
  if (outside.size > 1) return "# This part reads from more than one place.";
  const made = [];
  const lines = [];
  const names = results.map((_, i) => {
    const readers = inside.flatMap((all, j) => (all.includes(i) ? [j] : []));
    return readers.every((j) => j === i + 1) ? "Y" : `Y${i + 1}`;
  });
  for (const [i, { node, inputs, signal }] of results.entries()) {
    const shapes = inputs.map((input) => input.shape);
    const read = sources[i].map((source) => (source < 0 ? "X" : names[source]));
    const built = moduleOf(node.layer, shapes[0]);
    const own = node.name.slice(prefix.length).replace(/^\./, "").replaceAll(".", "_") || "layer";
    const attribute = /^\d/.test(own) ? `layer${own}` : own;
    if (built) made.push(`        self.${attribute} = ${built}`);
    const text = built ? `self.${attribute}(${read[0]})` : call(node.layer, read, shapes, signal.shape);
    if (text === null || node.layer.shared) return `# ${node.name} (${node.layer.kind}) has no code here.`;
    lines.push(`        ${names[i]} = ${text}`);
  }
  return programOf("Part", `  # ${title}`, made, lines, names.at(-1), results[0].inputs[0].shape);
}
