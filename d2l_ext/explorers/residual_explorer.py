"""The residual explorer: the gallery of residual blocks, and what a stack of them does."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import traitlets

from d2l_ext.counting import Layer
from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.numbers import short
from d2l_ext.explorers.panel import Control, choice, number, tick
from d2l_ext.explorers.residual_diagram import image, layout, words
from d2l_ext.explorers.residual_fusion import fused
from d2l_ext.explorers.residual_gallery import GALLERY
from d2l_ext.explorers.residual_graph import LIMITS, changes, count, graph, uses
from d2l_ext.explorers.settings import check_range
from d2l_ext.explorers.tables import plain_table, shape_text

CURVES = Path(__file__).with_name("residual_curves.json")
MEASURED_SCALE = 0.5  # of constant scaling, in those curves
HEADER = ("layer", "output shape", "parameters", "MACs")


# Of each number its label, its hint, and the steps of Page Up and of an arrow.
NUMBERS: tuple[tuple, ...] = (
    ("channels", "Channels in", "channels: of the block's input", 64),
    ("out_channels", "Channels out", "out_channels: of the block's output", 64),
    ("stride", "Stride", "stride: 2 halves height and width", 1),
    ("size", "Map", "size: height and width of the input", 28),
    ("cardinality", "Cardinality", "cardinality: the groups of the 3x3", 8),
    ("ratio", "SE ratio", "ratio: channels over those of the excitation's bottleneck", 8),
    ("growth_rate", "Growth rate", "growth_rate: channels that a layer adds", 8),
    ("scale", "Scale", "scale: what the shortcut is multiplied by", 0.5, 0.1),
    ("depth", "Blocks", "depth: how many such blocks are stacked, 2 to 100", 10),
)
START = "start: with batch norm or without, and how the weights begin"
WORDS = {
    "plain": "A batch norm behind a convolution goes into its weights; ReLU and addition are done as "
    "the result is written.",
    "additive": "Additive: with identity shortcuts the output is the input plus the sum of all "
    "branches, so signal and gradient have a way on which nothing multiplies them. A factor λ in each "
    "block makes that way λⁿ. A ReLU that follows the addition is left aside there, not in what was "
    "measured.",
    "unmeasured": " Constant scaling was measured at scale = 0.5 only.",
}


class ResidualExplorer(Explorer):
    """Compare the residual blocks of the papers: layers, cost, signal and gradient, fused form.

    Every argument is also an attribute: setting it changes the page, and what a learner changes
    there can be read from it. An impossible setting is no error, the page explains it.

    Args:
        block: A block of the gallery: 'plain', 'original', 'bottleneck', 'full_preact', 'resnext', ...
        compare: A second one, or None.
        channels: Channels of the input.
        out_channels: Channels of the output; a DenseNet layer puts out `channels + growth_rate`.
        stride: Of the block.
        size: Height and width of the input.
        cardinality: Groups of the 3x3, where the block has such.
        ratio: Reduction of a squeeze-and-excitation.
        growth_rate: Channels that a DenseNet layer adds.
        scale: What constant scaling multiplies the shortcut by.
        depth: How many blocks are stacked, 2 to 100.
        start: 'batch norm'; or without it 'kaiming' or 'small', how the weights begin.
        fused: Draw frames around what is one operation at inference.
        predict: Ask for a guess before the curves are shown.

    Raises:
        ValueError: There is no block, or no start, of that name.

    Example:
        >>> ResidualExplorer('full_preact', 'original', depth=50)
        explorers.ResidualExplorer(block='full_preact', compare='original', depth=50)
    """

    script = "residual_explorer"
    words = WORDS
    catalogue = traitlets.Dict().tag(sync=True)
    block = traitlets.Unicode().tag(sync=True)
    compare = traitlets.Unicode(allow_none=True).tag(sync=True)
    channels = traitlets.Int().tag(sync=True)
    out_channels = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    size = traitlets.Int().tag(sync=True)
    cardinality = traitlets.Int().tag(sync=True)
    ratio = traitlets.Int().tag(sync=True)
    growth_rate = traitlets.Int().tag(sync=True)
    scale = traitlets.Float().tag(sync=True)
    depth = traitlets.Int().tag(sync=True)
    start = traitlets.Unicode().tag(sync=True)
    fused = traitlets.Bool().tag(sync=True)
    predict = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        block: str = "original",
        compare: str | None = "plain",
        channels: int = 64,
        out_channels: int = 64,
        stride: int = 1,
        size: int = 56,
        cardinality: int = 32,
        ratio: int = 16,
        growth_rate: int = 32,
        scale: float = 0.5,
        depth: int = 20,
        start: str = "batch norm",
        fused: bool = False,
        predict: bool = False,
    ) -> None:
        super().__init__(
            catalogue=gallery(),
            block=block,
            compare=compare,
            channels=channels,
            out_channels=out_channels,
            stride=stride,
            size=size,
            cardinality=cardinality,
            ratio=ratio,
            growth_rate=growth_rate,
            scale=scale,
            depth=depth,
            start=start,
            fused=fused,
            predict=predict,
        )

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        return [
            choice("block", "Block"),
            choice("compare", "Compare with"),
            *(
                number(name, label, LIMITS[name], hint, *page)
                for name, label, hint, *page in NUMBERS
            ),
            choice("start", "Start", measured()["starts"], START),
            tick("fused", "fused", "Frames around what is one operation at inference"),
            tick("predict", "predict first", "Guess the gradient before you see it"),
        ]

    @traitlets.validate("block", "compare", "start")
    def _check_name(self, proposal: Any) -> str | None:
        name, what = proposal["value"], proposal["trait"].name
        known = measured()["starts"] if what == "start" else GALLERY
        if name is not None and name not in known:
            raise ValueError(f"there is no {what} called {name!r}; there are {', '.join(known)}")
        return name

    def counted(self) -> list[tuple[str, list[Layer]]]:
        """The layers of the block, and of the one that it is compared with.

        Raises:
            ShapeError: A setting is impossible; the message says why.
        """
        names = [name for name in (self.block, self.compare) if name]
        found = [(name, count(name, self.values())) for name in names]
        check_range("depth", self.depth, LIMITS["depth"])
        return found

    def values(self) -> dict[str, Any]:
        """The settings as the functions of `residual_graph` take them."""
        return {name: getattr(self, name) for name in self.settings}

    def headline(self) -> str:
        """Parameters and MACs of each block."""
        source = (self.channels, self.size, self.size)
        return "; ".join(
            f"{GALLERY[name].title}: {shape_text(source)} to {shape_text(layers[-1].output_shape)}, "
            f"{sum(layer.parameters for layer in layers):,} parameters, "
            f"{short(sum(layer.macs for layer in layers))} MACs"
            for name, layers in self.counted()
        )

    def table(self) -> str:
        """Each block's drawing, its layers, and its gains where they were measured."""
        return "".join(self.block_table(*pair) for pair in self.counted()) + f"<p>{NOTE}</p>"

    def block_table(self, name: str, layers: list[Layer]) -> str:
        """One block as HTML."""
        block, values = GALLERY[name], self.values()
        drawn = drawing_of(name, changes(block, values))
        alt = escape(words(drawn["nodes"], values, block.merge), quote=True)
        picture = image(drawn["nodes"], drawn["layout"], values, self.fused, alt)
        rows = [
            (layer.name, shape_text(layer.output_shape), f"{layer.parameters:,}", f"{layer.macs:,}")
            for layer in layers
        ]
        parts = [plain_table(block.title, HEADER, rows), f"<p>{picture}</p>"]
        if "scale" not in uses(block) or self.scale == MEASURED_SCALE:
            parts.append(self.gains_table(name))
        return f"<h4>{block.title}</h4><p>{escape(block.says)}</p>" + "".join(parts)

    def gains_table(self, name: str) -> str:
        """What stacks of a block do to signal and gradient, as HTML."""
        gains = measured()["curves"][name][self.start]
        rows = [
            (str(depth), *("above float32" if g is None else f"{g:g}" for g in pair))
            for depth, *pair in zip(
                measured()["depths"], gains["signal"], gains["gradient"], strict=True
            )
        ]
        caption = f"Through a stack of blocks; {measured()['starts'][self.start]}"
        return plain_table(caption, ("blocks", "signal", "gradient"), rows)


@cache
def measured() -> dict[str, Any]:
    """What `residual_curves.py` measured."""
    return json.loads(CURVES.read_text(encoding="utf-8"))


@cache
def drawing_of(name: str, changed: bool) -> dict[str, Any]:
    """A block's layers, where they are drawn, and how many operations they become."""
    block = GALLERY[name]
    nodes = graph(block, changed)
    groups, stays = fused(nodes)
    return {
        "nodes": nodes,
        "layout": layout(nodes, groups, block.tap if changed else 0),
        "operations": len(groups),
        "stays": stays,
    }


@cache
def gallery() -> dict[str, Any]:
    """All that the page needs to know."""
    shared = ("title", "group", "source", "says", "branch", "change", "merge", "factor")
    usual = {"channels": 64, "out_channels": 64, "stride": 1, "size": 56}
    blocks = {}
    for name, block in GALLERY.items():
        blocks[name] = {key: getattr(block, key) for key in (*shared, "factor_says")}
        blocks[name] |= {"uses": uses(block), "own": usual | block.own}
        blocks[name]["same"] = drawing_of(name, False)
        if block.change:
            blocks[name]["changed"] = drawing_of(name, True)
    return {"blocks": blocks, "limits": LIMITS, "measured": measured(), "note": NOTE}
