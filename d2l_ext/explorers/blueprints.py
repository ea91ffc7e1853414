"""Draw the blueprints of all listed networks: python -m d2l_ext.explorers.blueprints

Each network is built at several widths and traced; what changes with the width or with the number
of classes is left open in its blueprint. The only module of the explorers that needs torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import nn

from d2l_ext import networks
from d2l_ext.counting import Node, summarize
from d2l_ext.counting.rules import RULES, Shape
from d2l_ext.explorers.catalogue import PATH
from d2l_ext.explorers.expansion import OPEN, expand
from d2l_ext.explorers.settings import Settings
from d2l_ext.explorers.structure import depth_of, stages, stem_length
from d2l_ext.explorers.width_rules import fits, rule, total
from d2l_ext.networks.regnet import QuarterExcitation, XBlock
from d2l_ext.networks.resnext import ResNeXtBlock
from d2l_ext.networks.senet import SqueezeExcitation
from d2l_ext.networks.shufflenet import ShuffleBranch

# Widths at which a network is traced to learn how its channels scale: the first is the paper's,
# the others are awkward, so that a wrong rule does not fit all of them.
WIDTHS = (1.0, 0.37, 1.93, 0.11, 0.72, 1.27, 0.83)
MORE_CLASSES = 7

# The side of the images that a family is made for; 224 for all others.
INPUT_SIZES = {"cifar": 32, "book": 96}

CONTROLS = ("input_size", "in_channels", "num_classes", "width_mult")

SPELLING = {
    "book": "the book's",
    "cifar": "CIFAR",
    "preact": "pre-activation",
    "resnet": "ResNet",
    "resnetv2": "ResNet-v2",
    "resnext": "ResNeXt",
    "seresnet": "SE-ResNet",
    "seresnext": "SE-ResNeXt",
    "densenet": "DenseNet",
    "shufflenet": "ShuffleNet",
    "mobilenet": "MobileNet",
    "googlenet": "GoogLeNet",
    "regnetx": "RegNetX",
    "regnety": "RegNetY",
    "shiftresnet": "ShiftResNet",
}

# Values that the rules assume where an attribute is missing.
DEFAULTS: dict[str, Any] = {
    "padding": (0, 0),
    "dilation": (1, 1),
    "groups": 1,
    "bias": False,
    "ceil": False,
    "affine": True,
}


def title(name: str) -> str:
    """A network's name as people write it: resnet50_stride1x1 becomes ResNet-50 (stride1x1)."""
    words: list[str] = []
    variant: list[str] = []
    for part in name.split("_"):
        kind, depth = re.fullmatch(r"(.*?)(\d*)", part).groups()  # type: ignore[union-attr]
        if variant:
            variant.append(part)
        elif part in SPELLING:
            words.append(SPELLING[part])
        elif kind in SPELLING or not words or words[-1] == SPELLING["cifar"]:
            words.append(SPELLING.get(kind, kind) + (f"-{depth}" if depth else ""))
        else:
            variant.append(part)
    text = " ".join(words) + (f" ({' '.join(variant)})" if variant else "")
    return text[0].upper() + text[1:]


def family(name: str) -> str:
    """The group in which a network is listed: its title without depth and variant."""
    return re.sub(r"(-\d+)?( \(.*\))?$", "", title(name))


def attributes_of(node: Node) -> dict[str, Any]:
    """A layer's attributes without what follows from its input, and without defaults."""
    return {
        key: value
        for key, value in node.attributes.items()
        if key != "in" and DEFAULTS.get(key) != value
    }


class Opening:
    """Finds how each width of one network depends on the settings, layer by layer.

    Args:
        net: The network as published.
        classes: Its number of classes.
    """

    def __init__(self, net: nn.Module, classes: int) -> None:
        self.net, self.classes = net, classes
        self.published = published_settings(net)
        self.multiples = multiples(net)
        self.settings = [Settings(1, 1, 1, classes, width) for width in WIDTHS]
        self.outputs: list[Any] = []  # of each layer, the expression of its channels
        self.entering: Any = None  # the same, of what comes into a RegNet's current block

    def attributes(self, versions: Sequence[Node]) -> dict[str, Any]:
        """A layer's attributes, widths as expressions; None for what no rule gives.

        Args:
            versions: The layer at each of `WIDTHS`, and then at the first with more classes.
        """
        node = versions[0]
        inputs = [self.outputs[i] if i >= 0 else None for i in node.inputs]
        found = {}
        for key in {key: None for version in versions for key in attributes_of(version)}:
            values = [version.attributes.get(key, DEFAULTS.get(key)) for version in versions]
            if key == "channels":
                found[key] = self.slice(values, inputs)
            elif key in OPEN:
                found[key] = self.width(node, key, values, inputs)
            else:
                found[key] = values[0] if set(values) == {values[0]} else None
        self.outputs.append(self.channels(node, inputs, found))
        return found

    def channels(self, node: Node, inputs: list[Any], found: dict[str, Any]) -> Any:
        """The expression of what comes out of a layer; None where it is not known."""
        if "out" in found:
            return found["out"]
        if found.get("channels"):
            start, end, _ = found["channels"]
            return end if start == 0 else ["less", end, start]
        if node.kind == "concat" and all(one is not None for one in inputs):
            return total(inputs)
        return inputs[0] if inputs and node.kind != "chunk" else None

    def width(self, node: Node, key: str, values: list[Any], inputs: list[Any]) -> Any:
        """The expression of a number of channels or groups, or None."""
        *by_width, more_classes = values
        if set(by_width) == {self.classes} and more_classes == self.classes + MORE_CLASSES:
            return "classes"
        known = [one for one in [*inputs[:1], *reversed(self.outputs)] if isinstance(one, list)]
        for expression in self.of_block(node, key, inputs):
            if fits(expression, by_width, self.settings, self.published):
                return expression
        distinct = list({str(one): one for one in known}.values())
        return rule(by_width, self.settings, distinct, self.published, self.multiples)

    def of_block(self, node: Node, key: str, inputs: list[Any]) -> list[Any]:
        """What a kind of block says of its own widths: they depend on more than the multiplier."""
        path, _, layer = node.name.rpartition(".")
        block = self.net.get_submodule(path)
        stage = self.net.get_submodule(re.sub(r"\.?(shortcut|se)$", "", path))
        if isinstance(stage, XBlock) and layer == "fc1":
            return [["quarter", self.entering]]
        if isinstance(stage, XBlock):
            if layer == "conv1":
                self.entering = inputs[0]
            width = stage.conv2.out_channels
            group_width = width // stage.conv2.groups
            return [["groups" if key == "groups" else "stage", width, group_width]]
        if isinstance(block, ResNeXtBlock) and layer in ("conv1", "conv2"):
            if key == "groups":
                return [["cardinality"]]
            first = self.published["base_channels"]
            return [["paths", first << doubled, first] for doubled in range(4)]
        excitation = isinstance(block, SqueezeExcitation)
        if excitation and not isinstance(block, QuarterExcitation) and layer == "fc1":
            return [["squeeze", inputs[0]]]
        return []

    def slice(self, values: list[Any], inputs: list[Any]) -> Any:
        """The channels of a slice as (start, stop, step), all constant or ninths of the input."""
        if set(values) == {values[0]}:
            return list(values[0])
        ends = []
        for at in (0, 1):
            by_width = [value[at] for value in values[:-1]]
            options = [0, *(["ninths", inputs[0], i] for i in range(1, 9)), inputs[0]]
            known = [one for one in options if fits(one, by_width, self.settings, self.published)]
            if inputs[0] is None or not known:
                return None
            ends.append(known[0])
        return [*ends, values[0][2]]


def published_settings(net: nn.Module) -> dict[str, Any]:
    """What a network's blocks were published with, of those settings that can be others."""
    found: dict[str, Any] = {}
    for module in net.modules():
        if isinstance(module, ResNeXtBlock) and not found.get("cardinality"):
            groups, width = module.conv2.groups, module.conv2.out_channels
            base = module.conv3.out_channels // 4
            found |= {"cardinality": groups, "group_width": width // groups, "base_channels": base}
        if isinstance(module, SqueezeExcitation) and not isinstance(module, QuarterExcitation):
            found["ratio"] = 16
    return found


def multiples(net: nn.Module) -> list[int]:
    """What the groups of a ShuffleNet divide, from its blocks."""
    found = []
    for module in net.modules():
        if isinstance(module, ShuffleBranch):
            groups = module.conv3.groups
            found += [4 * groups, groups] if groups > 1 else [4]
    return list(dict.fromkeys(found))


def published_structure(parts: list[dict], nodes: Sequence[Node]) -> dict[str, Any]:
    """The depths of a network's stages, and whether its stem can be another."""
    depths = [depth_of(stage) for stage in stages(parts)]
    length = stem_length(parts)
    alone = all(i >= length - 1 for node in nodes[length:] for i in node.inputs)
    found: dict[str, Any] = {}
    if len(depths) > 1 and min(depths) > 1:
        found["depths"] = depths
    if length and alone and depths:
        found["stem"] = None
    return found


def grow(net: nn.Module, layers: Sequence[tuple[str, dict]], prefix: str = "") -> list[dict]:
    """The tree of parts below `prefix`, with equal neighbours written once."""
    parts: list[dict] = []
    for name, group in groupby(layers, key=lambda layer: layer[0][len(prefix) :].split(".")[0]):
        inner = list(group)
        path = prefix + name
        if inner[0][0] == path:
            part = {"name": name, **inner[0][1]}
        else:
            kind = type(net.get_submodule(path))
            part = {"name": name, "parts": grow(net, inner, f"{path}.")}
            part |= {} if issubclass(kind, nn.Sequential) else {"type": kind.__name__}
        add(parts, part)
    return parts


def add(parts: list[dict], part: dict) -> None:
    """Append a part, or count it where it repeats its neighbour under the next number."""
    if parts and part["name"].isdecimal() and parts[-1]["name"].isdecimal():
        last = parts[-1]
        copies = last.get("count", 1)
        follows = int(part["name"]) == int(last["name"]) + copies
        if follows and {**last, "name": "", "count": 0} == {**part, "name": "", "count": 0}:
            last["count"] = copies + 1
            return
    parts.append(part)


def backwards(position: int, node: Node) -> dict[str, list[int]]:
    """Where a layer's inputs are, as distances, if not just the layer before."""
    distances = [position - source for source in node.inputs]
    return {} if distances == [1] else {"from": distances}


def share(parts: list[dict], blocks: dict[str, dict]) -> list[dict]:
    """Move named blocks to `blocks`, each kind and size once, and refer to them."""
    shared = []
    for part in parts:
        if "parts" in part:
            part = {**part, "parts": share(part["parts"], blocks)}
        if "type" in part:
            body = {"type": part.pop("type"), "parts": part.pop("parts")}
            known = [name for name, block in blocks.items() if block == body]
            same_type = sum(block["type"] == body["type"] for block in blocks.values())
            part["block"] = known[0] if known else f"{body['type']} {same_type + 1}"
            blocks[part["block"]] = body
        shared.append(part)
    return shared


def build(name: str, **settings: Any) -> nn.Module:
    """A listed network, without memory for its weights."""
    with torch.device("meta"):
        return networks.get_network(name, **settings)


def first_channels(net: nn.Module) -> int:
    """Channels of the images that a network takes: what its first convolution is built for."""
    return next(m.in_channels for m in net.modules() if isinstance(m, nn.Conv2d))


def draw(name: str, blocks: dict[str, dict]) -> dict[str, Any]:
    """The blueprint of a listed network; blocks that are new go into `blocks`.

    What cannot be told for other settings is `fixed`: the width where channels scale by a rule of
    their own, and the image where a layer has no closed form.
    """
    net = build(name)
    size = INPUT_SIZES.get(name.split("_")[0], 224)
    channels = first_channels(net)
    shape = (channels, size, size)
    classes = summarize(net, shape).output_shape[0]
    choices: list[dict[str, Any]] = [
        {"width_mult": width, "num_classes": classes} for width in WIDTHS
    ]
    choices.append({"width_mult": WIDTHS[0], "num_classes": classes + MORE_CLASSES})
    traces = [summarize(build(name, **choice), shape).nodes for choice in choices]

    fixed = set()
    if any(structure(nodes) != structure(traces[0]) for nodes in traces):
        fixed.add("width_mult")
        traces[1:-1] = [traces[0]] * (len(WIDTHS) - 1)
    layers = []
    opening = Opening(net, classes)
    for position, versions in enumerate(zip(*traces, strict=True)):
        node = versions[0]
        if node.kind not in RULES:
            fixed |= {"input_size", "width_mult"}
        attributes = opening.attributes(versions)
        for key, found in attributes.items():
            if found is None:
                fixed.add("width_mult")
                value = node.attributes.get(key, DEFAULTS.get(key))
                attributes[key] = list(value) if isinstance(value, tuple) else value
        layers.append((node.name, {"kind": node.kind, **backwards(position, node), **attributes}))
    parts = share(grow(net, layers), blocks)
    published = {**opening.published, **published_structure(parts, traces[0])}
    if "width_mult" in fixed:
        published = {}
    controls = [control for control in CONTROLS if control not in fixed]
    blueprint = {
        "title": title(name),
        "family": family(name),
        "own": {"input_size": size, "in_channels": channels, "num_classes": classes},
        "controls": [*controls, *(name for name in published if name != "base_channels")],
        **({"published": published} if published else {}),
        **({"fixed": sorted(fixed)} if fixed else {}),
        "parts": parts,
    }
    for choice, nodes in zip(choices, traces, strict=True):
        if choice["width_mult"] == WIDTHS[0] or not fixed:
            check(name, expand(blueprint, blocks, Settings(size, size, channels, **choice)), nodes)
    return blueprint


def structure(nodes: Sequence[Node]) -> list[tuple]:
    """What must be the same at all widths: which layers there are, and what they read."""
    return [(node.name, node.kind, node.inputs) for node in nodes]


def check(name: str, drawn: Sequence[Node], traced: Sequence[Node]) -> None:
    """Raise unless a blueprint gives the traced network back."""
    for mine, theirs in zip(drawn, traced, strict=True):
        expected = Node(theirs.name, theirs.kind, theirs.inputs, attributes_of(theirs))
        if Node(mine.name, mine.kind, mine.inputs, attributes_of(mine)) != expected:
            raise ValueError(f"the blueprint of {name} gives {mine}, the network {expected}")


def draw_own(net: nn.Module, expression: str, shape: Shape) -> dict[str, Any]:
    """The blueprint of any module, in which only the size of the image is left open.

    Args:
        net: A network that takes one batch of images.
        expression: What stands for it in the line of Python that an explorer shows.
        shape: (channels, height, width) of an image that it takes. Its output is a vector or a map.

    Raises:
        ShapeError: It does not take such an image.
    """
    summary = summarize(net, shape)
    nodes = summary.nodes
    layers = [
        (node.name, {"kind": node.kind, **backwards(i, node), **node.attributes})
        for i, node in enumerate(nodes)
    ]
    closed = all(node.kind in RULES for node in nodes)
    return {
        "title": type(net).__name__,
        "family": "Your own",
        "expression": expression,
        "own": {
            "input_size": shape[1] if shape[1] == shape[2] else shape[1:],
            "in_channels": shape[0],
            "num_classes": summary.output_shape[0],
        },
        "controls": ["input_size"] if closed else [],
        "parts": grow(net, layers),
    }


def document() -> str:
    """The blueprints of all listed networks, one to a line, so that a change is easily read."""
    blocks: dict[str, dict] = {}
    blueprints = {name: draw(name, blocks) for name in networks.list_networks()}
    sections = []
    for key, entries in (("blocks", blocks), ("networks", blueprints)):
        lines = [
            f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in entries.items()
        ]
        sections.append(f'"{key}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(sections) + "}\n"


if __name__ == "__main__":
    PATH.write_text(document())
