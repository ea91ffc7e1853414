// Another stem, and stages of other depths, as structure.py has them.

const SIMPLE = ["batch_norm", "relu", "relu6"];

function stem(parts, kind) {
  const [first] = parts;
  const behind = parts.slice(1).filter((part) => SIMPLE.includes(part.kind));
  const two = (value) => [value, value];
  const pool = { kind: "max_pool", kernel: two(3), stride: two(2), padding: two(1), name: "maxpool" };
  const conv = (name, side, stride, out) => {
    const sizes = { kernel: two(side), stride: two(stride), padding: two(Math.floor(side / 2)) };
    return { ...first, name, out, ...sizes };
  };
  if (kind === "7x7") return [conv(first.name, 7, 2, first.out), ...behind, pool];
  if (kind === "3x3") return [conv(first.name, 3, 1, first.out), ...behind];
  const layers = [["deep1", 2], ["deep2", 1]].flatMap(([name, stride]) => [
    conv(name, 3, stride, ["half", first.out]),
    { name: `${name}_bn`, kind: "batch_norm" },
    { name: `${name}_relu`, kind: "relu" },
  ]);
  return [...layers, conv(first.name, 3, 1, first.out), ...behind, pool];
}

const depthOf = (parts) => parts.reduce((sum, part) => sum + (part.count ?? 1), 0);

function deepened(parts, depth) {
  const others = parts.slice(0, -1);
  const left = depth - depthOf(others);
  return left > 0 ? [...others, { ...parts.at(-1), count: left }] : others;
}

// The parts with the depths of their stages taken from a list, in their order.
function deep(parts, depths) {
  return parts.map((part) => {
    if (!part.parts) return part;
    const stage = part.parts.length && part.parts.every(({ block, name }) => block && /^\d+$/.test(name));
    return { ...part, parts: stage ? deepened(part.parts, depths.shift()) : deep(part.parts, depths) };
  });
}

export function changedParts({ parts, published = {} }, settings) {
  let found = parts;
  if (settings.depths && settings.depths.length === published.depths?.length) {
    found = deep(found, [...settings.depths]);
  }
  if (settings.stem && "stem" in published) {
    const length = found.findIndex((part) => !part.kind);
    found = [...stem(found.slice(0, length), settings.stem), ...found.slice(length)];
  }
  return found;
}
