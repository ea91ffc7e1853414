"""From a description of the gallery to layers: what they read, what they cost, what is impossible.

The channels stay names here (`in`, `out`, `mid`, ...), since a page fills in the learner's numbers:
`residual_graph.js` does that as `count` does, and the tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from d2l_ext.counting import Layer, Node, ShapeError, propagate
from d2l_ext.explorers.residual_gallery import GALLERY, Block
from d2l_ext.explorers.settings import check_range
from d2l_ext.scaling import squeezed

# Lowest and highest value of each setting.
LIMITS: dict[str, tuple[float, float]] = {
    "channels": (1, 4096),
    "out_channels": (1, 4096),
    "stride": (1, 4),
    "size": (1, 512),
    "cardinality": (1, 1024),
    "ratio": (1, 1024),
    "growth_rate": (1, 512),
    "scale": (0.1, 2),
    "depth": (2, 100),
}
CONV = re.compile(r"conv(\d)(s?)(g?)(b?):(\w+)")


class Graph:
    """Layers in the order in which they run; what they read are distances backwards."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []

    def add(self, name: str, kind: str, inputs: list[int], lane: str, **more: Any) -> int:
        """Append a layer, and return its position. A name that is taken gets the next number."""
        taken = sum(re.fullmatch(rf"{name}\d*", node["name"]) is not None for node in self.nodes)
        if name in ("conv", "bn", "relu") or taken:
            name += str(taken + 1)
        here = len(self.nodes)
        distances = {} if inputs == [here - 1] else {"from": [here - i for i in inputs]}
        self.nodes.append({"name": name, "kind": kind, **distances, "lane": lane, **more})
        return here

    def convolution(
        self, name: str, kernel: int, out: str, source: int, lane: str, **more: Any
    ) -> int:
        """A convolution that keeps the map's size, unless `stride` is among the attributes."""
        sizes = {"kernel": [kernel, kernel], "padding": [kernel // 2, kernel // 2], "stride": 1}
        return self.add(name, "conv", [source], lane, out=out, **sizes | more)

    def squeeze_excitation(self, channels: str, source: int, lane: str) -> int:
        """Mean of each channel, two layers, a sigmoid, a product: one box in the drawing."""
        more = {"box": "SE"}
        at = self.add("se_squeeze", "adaptive_pool", [source], lane, size=[1, 1], **more)
        at = self.convolution("se_fc1", 1, f"squeezed_{channels}", at, lane, bias=True, **more)
        at = self.add("se_relu", "relu", [at], lane, **more)
        at = self.convolution("se_fc2", 1, channels, at, lane, bias=True, **more)
        at = self.add("se_sigmoid", "sigmoid", [at], lane, **more)
        return self.add("se_multiply", "multiply", [source, at], lane, **more)

    def word(self, word: str, source: int, lane: str) -> int:
        """Append what one word stands for, and return the position of its output."""
        prefix = "shortcut_" if lane == "shortcut" else ""
        if found := CONV.fullmatch(word):
            kernel, stride, groups, bias, out = found.groups()
            more: dict[str, Any] = {"stride": "stride" if stride else 1}
            more |= {"groups": "cardinality"} if groups else {}
            more |= {"bias": True} if bias else {}
            name = "gate" if lane == "gate" else f"{prefix}conv"
            return self.convolution(name, int(kernel), out, source, lane, **more)
        if word.startswith("se:"):
            return self.squeeze_excitation(word[3:], source, lane)
        if word == "pad":
            at = self.add("subsample", "subsample", [source], lane, stride="stride", box="option A")
            return self.add("pad_channels", "pad_channels", [at], lane, out="out", box="option A")
        if word in ("scale", "half"):
            factor = "scale" if word == "scale" else 0.5
            return self.add(f"{lane}_scale", "scale", [source], lane, factor=factor)
        kind = {"bn": "batch_norm"}.get(word, word)
        return self.add(prefix + word, kind, [source], lane)

    def words(self, text: str, source: int, lane: str) -> int:
        """Append what some words stand for, one after the other."""
        for word in text.split():
            source = self.word(word, source, lane)
        return source


def graph(block: Block, changed: bool) -> list[dict[str, Any]]:
    """The layers of a block.

    Args:
        block: A description of the gallery.
        changed: Whether the block changes the shape, so that its shortcut has to as well.
    """
    made = Graph()
    branch = made.words(block.branch, -1, "branch")
    source = block.tap - 1 if changed and block.tap else -1
    change = block.change if changed and block.change != "-" else ""
    gate = -1
    if block.gate:
        gate = made.words(block.gate, -1, "gate")
        gate = made.add("sigmoid", "sigmoid", [gate], "gate", start=block.start)
        if block.gates_branch:
            branch = made.add("branch_gate", "multiply", [branch, gate], "branch")
    if not block.merge:
        made.words(block.after, branch, "after")
        return made.nodes
    shortcut = made.words(f"{change} {block.shortcut}", source, "shortcut")
    if block.gate:
        more = {"complement": True}
        shortcut = made.add("shortcut_gate", "multiply", [shortcut, gate], "shortcut", **more)
    inputs = [shortcut, branch] if block.merge == "concat" else [branch, shortcut]
    merged = made.add(block.merge, block.merge, inputs, "after")
    made.words(block.after, merged, "after")
    return made.nodes


def uses(block: Block) -> list[str]:
    """The settings that a block has a use for."""
    words = f"{block.branch} {block.shortcut} {block.after}"
    found = ["channels", "size"]
    found += [] if block.merge == "concat" else ["out_channels"]
    found += ["stride"] if block.change or not block.merge else []
    for word, name in (("conv3sg", "cardinality"), ("se:", "ratio"), ("growth", "growth_rate")):
        found += [name] if word in words else []
    return found + (["scale"] if "scale" in block.shortcut else [])


def changes(block: Block, settings: Mapping[str, Any]) -> bool:
    """Whether the block's output has another shape than its input, where it may."""
    if not block.change:
        return False
    return settings["stride"] != 1 or settings["channels"] != settings["out_channels"]


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise unless a block can have these settings.

    Raises:
        ShapeError: The message says why not, and which value is the nearest valid one.
    """
    block = GALLERY[name]
    for key in uses(block):
        check_range(key, settings[key], LIMITS[key])
    channels, out, stride = (settings[key] for key in ("channels", "out_channels", "stride"))
    if block.merge and not block.change and stride != 1:
        raise ShapeError(
            f"{block.title} keeps the map's size, so stride = {stride} is impossible. Try 1."
        )
    if block.merge == "add" and not block.change and out != channels:
        raise ShapeError(
            f"{block.title} adds its input as it is, so out_channels = {out} must be channels = "
            f"{channels}. Try {channels}."
        )
    if "pad" in block.change and out < channels:
        raise ShapeError(
            f"{block.title} pads its shortcut with zeros (option A), so out_channels = {out} cannot "
            f"be below channels = {channels}. Try {channels}."
        )
    for word, divisor in (("mid", 4), ("paths", 2)):
        if f":{word}" in block.branch:
            check_divides(divisor, out, f"out_channels = {out}", max(divisor, out - out % divisor))
    if "cardinality" in uses(block):
        width, paths = out // 2, settings["cardinality"]
        near = next(c for c in range(min(paths, width), 0, -1) if width % c == 0)
        check_divides(paths, width, f"the width {width}", near, "cardinality = ")
    if "ratio" in uses(block):
        reduced = channels if "se:in" in block.branch else out
        if settings["ratio"] > reduced:
            raise ShapeError(
                f"ratio = {settings['ratio']} is above the {reduced} channels that it reduces. "
                f"Try {reduced}."
            )


def check_divides(divisor: int, number: int, what: str, near: int, who: str = "") -> None:
    """Raise unless one number divides another, with the division and the nearest value that does."""
    whole, rest = divmod(number, divisor)
    if rest:
        raise ShapeError(
            f"{who}{divisor} does not divide {what} ({number} = {divisor} x {whole} + {rest}). "
            f"Try {near}."
        )


def filled(node: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a layer, with numbers where the description has names."""
    channels, out, ratio = settings["channels"], settings["out_channels"], settings["ratio"]
    growth = settings["growth_rate"]
    widths = {"in": channels, "out": out, "mid": out // 4, "paths": out // 2}
    widths |= {"growth": growth, "wide": 4 * growth}
    widths |= {"squeezed_in": squeezed(channels, ratio), "squeezed_out": squeezed(out, ratio)}
    attributes = {}
    for key in ("out", "kernel", "padding", "stride", "groups", "bias", "size"):
        if key in node:
            value = node[key]
            value = widths.get(value, settings.get(value)) if isinstance(value, str) else value
            value = (value, value) if key == "stride" else value
            attributes[key] = tuple(value) if isinstance(value, list) else value
    return attributes


def count(name: str, settings: Mapping[str, Any]) -> list[Layer]:
    """The layers of a block with their shapes and costs.

    Raises:
        ShapeError: The settings are impossible for this block.
    """
    check(name, settings)
    block = GALLERY[name]
    drawn = graph(block, changes(block, settings))
    nodes = []
    for here, node in enumerate(drawn):
        inputs = tuple(max(-1, here - back) for back in node.get("from", [1]))
        nodes.append(Node(node["name"], node["kind"], inputs, filled(node, settings)))
    return propagate(nodes, (settings["channels"], settings["size"], settings["size"]))
