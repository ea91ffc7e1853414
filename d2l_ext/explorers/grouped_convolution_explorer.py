"""The explorer of grouped convolutions: who hears of whom, what it costs, what the shuffle changes."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets

from d2l_ext.counting.rules import ShapeError
from d2l_ext.explorers import grouping
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.equal_cost import drawing
from d2l_ext.explorers.panel import Control, choice, number, tick
from d2l_ext.explorers.tables import plain_table


class GroupedConvolutionExplorer(Explorer):
    """See which outputs each input channel reaches through grouped convolutions, and at what cost.

    Channels are dots, weights are lines and blocks of a matrix; a channel that is chosen lights up
    all that depends on it. Below stand the shuffle as a permutation, and the curve along which
    ResNeXt trades the number of paths against their width. Every argument is also an attribute.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of each convolution.
        cardinality: Groups of each convolution.
        layers: 1 or 2 convolutions, one after the other.
        shuffle: Whether the channels are shuffled after the first.
        kernel_size: Side of the kernels.
        channel: The input channel that is lit, from 0; None for none.
        predict: Whether a guess is asked for before the answer is shown.

    Example:
        >>> GroupedConvolutionExplorer(cardinality=4, shuffle=True)
        explorers.GroupedConvolutionExplorer(cardinality=4, shuffle=True)
    """

    script = "grouped_convolution_explorer"
    words: ClassVar[dict[str, Any]] = {"curve": drawing()}
    in_channels = traitlets.Int().tag(sync=True)
    out_channels = traitlets.Int().tag(sync=True)
    cardinality = traitlets.Int().tag(sync=True)
    layers = traitlets.Int().tag(sync=True)
    shuffle = traitlets.Bool().tag(sync=True)
    kernel_size = traitlets.Int().tag(sync=True)
    channel = traitlets.Int(allow_none=True).tag(sync=True)
    predict = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        in_channels: int = 12,
        out_channels: int = 12,
        cardinality: int = 3,
        layers: int = 2,
        shuffle: bool = False,
        kernel_size: int = 1,
        channel: int | None = None,
        predict: bool = False,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            cardinality=cardinality,
            layers=layers,
            shuffle=shuffle,
            kernel_size=kernel_size,
            channel=channel,
            predict=predict,
        )

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        limits = grouping.LIMITS
        ends = "Channels in", "Channels out"
        return [
            number("in_channels", ends[0], limits["in_channels"], "in_channels", page=8),
            number(
                "out_channels",
                ends[1],
                limits["out_channels"],
                "out_channels, of each convolution",
                page=8,
            ),
            number(
                "cardinality",
                "Groups",
                limits["cardinality"],
                "cardinality: the number of groups",
                page=4,
            ),
            number("kernel_size", "Kernel", limits["kernel_size"], "kernel_size", page=2),
            choice("layers", "Convolutions", {"1": "one", "2": "two"}),
            tick("shuffle", "shuffle", "Deal each group's channels out to all groups"),
            tick("predict", "predict first", "Guess before the answer is shown"),
        ]

    def check(self) -> None:
        """Raise unless there is such a convolution, with such a channel.

        Raises:
            ShapeError: The message says what is impossible, and names the nearest valid values.
        """
        grouping.check(
            self.in_channels, self.out_channels, self.cardinality, self.kernel_size, self.layers
        )
        last = self.in_channels - 1
        if self.channel is not None and not 0 <= self.channel <= last:
            nearest = 0 if self.channel < 0 else last
            raise ShapeError(
                f"channel = {self.channel} must lie between 0 and {last}. Try {nearest}."
            )

    def reached(self) -> list[list[int]]:
        """For each input channel, the outputs that it reaches.

        Raises:
            ShapeError: The settings are impossible; the message says why.
        """
        self.check()
        return grouping.reach(
            self.in_channels, self.out_channels, self.cardinality, self.layers, self.shuffle
        )

    def parameters(self, cardinality: int) -> int:
        """Weights of the layers with so many groups."""
        return grouping.weights(
            self.in_channels, self.out_channels, cardinality, self.kernel_size, self.layers
        )

    def headline(self) -> str:
        """What a channel reaches and the weights; the question alone where a guess is asked for."""
        reached = self.reached()[self.channel or 0]
        who = "each input channel" if self.channel is None else f"input channel {self.channel}"
        kind = "grouped convolutions" if self.layers == 2 else "grouped convolution"
        shown = (
            f"{self.layers} {kind} in {self.cardinality} groups"
            f"{' with' if self.shuffle else ' without'} shuffle"
        )
        if self.predict:
            return f"{shown}: how many of {self.out_channels:,} outputs does {who} reach?"
        return (
            f"{shown}: {who} reaches {len(reached):,} of "
            f"{self.out_channels:,} outputs, with {self.parameters(self.cardinality):,} parameters "
            f"in place of {self.parameters(1):,}"
        )

    def table(self) -> str:
        """What the channels of each group reach; the shuffle; the widths of equal cost."""
        reached, width = self.reached(), self.in_channels // self.cardinality
        groups = [
            (span(range(group * width, (group + 1) * width)), span(reached[group * width]))
            for group in range(self.cardinality)
        ]
        tables = [plain_table("What reaches what", ("inputs", "outputs"), groups)]
        if self.shuffle:
            moved = grouping.permutation(self.out_channels, self.cardinality)
            facts = [
                ("channel at each place", " ".join(map(str, moved))),
                ("order", str(grouping.order(moved))),
            ]
            tables.append(plain_table("The shuffle", ("", ""), facts))
        widths = [
            (str(c), str(int(grouping.equal_cost_width(c) + 0.5))) for c in (1, 2, 4, 8, 16, 32, 64)
        ]
        title = "ResNeXt's block at equal cost"
        return "".join([*tables, plain_table(title, ("cardinality", "group width"), widths)])


def span(channels: range | list[int]) -> str:
    """Channels in few words: '0 to 3' where they follow one another."""
    first, last = channels[0], channels[-1]
    if last - first + 1 == len(channels):
        return str(first) if first == last else f"{first} to {last}"
    return " ".join(map(str, channels))
