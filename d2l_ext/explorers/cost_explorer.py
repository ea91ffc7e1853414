"""The cost explorer: ways to write one convolution, what each counts and how long it takes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.convolutions import KINDS, LIMITS, Convolution, cost
from d2l_ext.explorers.numbers import short
from d2l_ext.explorers.panel import Control, choice, number, tick
from d2l_ext.explorers.tables import plain_table

TIMES = Path(__file__).with_name("convolution_times.json")

SIZES = {
    "in_channels": "Channels in",
    "out_channels": "Channels out",
    "size": "Map",
    "kernel_size": "Kernel",
    "cardinality": "Groups",
}
MEANINGS = {
    "dense": "Every output channel reads every input channel at every place of the window.",
    "factorised": "A row of the window, then a column: as far as the window reaches, with 2 k in place "
    "of k × k weights.",
    "grouped": "Each group of channels by itself: weights fall by the number of groups.",
    "separable": "One window for each channel by itself, then a 1 × 1 convolution mixes the channels.",
    "shift": "Each channel is moved by a pixel, which costs neither weights nor MACs; a 1 × 1 "
    "convolution mixes them.",
    "bottleneck": "A 1 × 1 convolution to a quarter of the channels, the window there, and a 1 × 1 back.",
}
PAGE_NOTE = (
    "One image, float32, stride 1, without bias. MACs are multiply-accumulates: weights times "
    "positions. Memory traffic is what the layers read and write if each input, weight and "
    "output passes through memory once; a shift only moves."
)


@cache
def bundled_times() -> dict[str, Any]:
    """Times of some convolutions on a named machine, by `python -m benchmarks.convolutions`."""
    return json.loads(TIMES.read_text())


class CostExplorer(Explorer):
    """See what one convolution costs when it is dense, factorised, grouped, separable, shifted or narrow.

    Parameters, multiply-accumulates and memory traffic are counted; beside them stand times, from a
    table or measured on your own machine, and where count and time disagree. Every argument is also
    an attribute.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        size: Height and width of the map, in pixels; the stride is 1.
        kernel_size: Side of the window, odd.
        kind: The one that is explained: 'dense', 'factorised' (1 x k, then k x 1), 'grouped',
            'separable' (depthwise, then 1x1), 'shift' (each channel moved by a pixel, then 1x1), or
            'bottleneck' (1x1 to a quarter of the channels, k x k, 1x1).
        cardinality: Groups of the grouped kind.
        predict: Whether a guess is asked for before the times are shown.

    Raises:
        ValueError: There is no such kind.

    Example:
        >>> CostExplorer(256, 256, size=14, kind='grouped')
        explorers.CostExplorer(in_channels=256, out_channels=256, size=14, kind='grouped')
    """

    script = "cost_explorer"
    words: ClassVar[dict[str, Any]] = {**MEANINGS, "note": PAGE_NOTE}
    in_channels = traitlets.Int().tag(sync=True)
    out_channels = traitlets.Int().tag(sync=True)
    size = traitlets.Int().tag(sync=True)
    kernel_size = traitlets.Int().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    cardinality = traitlets.Int().tag(sync=True)
    predict = traitlets.Bool().tag(sync=True)
    table_of_times = traitlets.Dict().tag(sync=True)
    measured = traitlets.Dict(help="What `measure` found, or why it failed.").tag(sync=True)

    def __init__(
        self,
        in_channels: int = 64,
        out_channels: int = 64,
        size: int = 56,
        kernel_size: int = 3,
        kind: str = "separable",
        cardinality: int = 4,
        predict: bool = False,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            size=size,
            kernel_size=kernel_size,
            kind=kind,
            cardinality=cardinality,
            predict=predict,
            table_of_times=bundled_times(),
        )
        self.on_msg(lambda _, content, buffers: content == "measure" and self.measure())

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        sizes = {name: (name, label, LIMITS[name]) for name, label in SIZES.items()}
        return [
            choice("kind", "Explained", KINDS),
            number(*sizes["in_channels"], "in_channels", page=16),
            number(*sizes["out_channels"], "out_channels", page=16),
            number(*sizes["size"], "size: height and width of the map, in pixels", page=14),
            number(*sizes["kernel_size"], "kernel_size: side of the window", page=2),
            number(*sizes["cardinality"], "cardinality: groups of the grouped kind", page=4),
            tick("predict", "predict first", "Guess before the times are shown"),
        ]

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        if proposal["value"] not in KINDS:
            raise ValueError(
                f"there is no kind called {proposal['value']!r}; choose one of {', '.join(KINDS)}"
            )
        return proposal["value"]

    @property
    def convolution(self) -> Convolution:
        """What all kinds compute."""
        return Convolution(
            self.in_channels, self.out_channels, self.size, self.kernel_size, self.cardinality
        )

    def measure(self) -> dict[str, float]:
        """Time each kind on this machine, and show it. Needs torch.

        Returns:
            Milliseconds for one image; empty where it cannot be measured, which the page explains.
        """
        from d2l_ext.explorers import timing

        try:
            self.measured = timing.measure(self.convolution)
        except (ValueError, RuntimeError) as error:
            self.measured = {"error": str(error)}
            return {}
        return self.measured["rows"][0]["times"]

    def headline(self) -> str:
        """What the chosen kind costs, beside the dense one."""
        chosen, dense = (cost(self.convolution, kind) for kind in (self.kind, "dense"))
        return (
            f"{self.kind} convolution {self.kernel_size} x {self.kernel_size}, "
            f"{self.in_channels} to {self.out_channels} channels on {self.size} x {self.size}: "
            f"{chosen.parameters:,} parameters, {short(chosen.macs)} MACs; "
            f"dense: {dense.parameters:,} and {short(dense.macs)}"
        )

    def table(self) -> str:
        """All kinds with their counts."""
        rows = []
        for kind in KINDS:
            counted = cost(self.convolution, kind)
            counts = (counted.parameters, counted.macs, counted.traffic)
            rows.append((kind, *(f"{count:,}" for count in counts), f"{counted.intensity:.1f}"))
        header = ("kind", "parameters", "MACs", "bytes moved", "MACs per byte")
        return plain_table("What each kind costs", header, rows) + f"<p>{NOTE}</p>"
