"""The design spaces that lead to RegNet: AnyNet's constraints and the quantised-linear generator.

A network is a tuple of stages, and a design space is a set of such tuples (Radosavovic et al. 2020,
"Designing network design spaces").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from d2l_ext.networks.checks import check_at_least
from d2l_ext.networks.layers import scaled
from d2l_ext.networks.widths import check_divides, scaled_generously

Rounding = Callable[[int, int], int]


def nearest_multiple(width: int, multiple: int) -> int:
    """The multiple next to `width`, as in the paper's own code and in timm; ties to the even one."""
    return round(width / multiple) * multiple


def tenth_multiple(width: int, multiple: int) -> int:
    """The multiple next to `width`, one more if that loses over a tenth: torchvision's rounding."""
    return scaled_generously(width, 1.0, multiple)


@dataclass(frozen=True)
class Stage:
    """Blocks of equal width: what AnyNet leaves open for each stage.

    Args:
        depth: Number of blocks (d).
        width: Channels that come out of each (w).
        group_width: Channels in each group of the 3x3 convolution (g).
        bottleneck_ratio: `width` over the channels of the 3x3 convolution (b); 1 is no bottleneck.

    Raises:
        ValueError: A number is not positive, or `bottleneck_ratio` does not divide `width`, or
            `group_width` the channels of the 3x3.
    """

    depth: int
    width: int
    group_width: int
    bottleneck_ratio: int = 1

    def __post_init__(self) -> None:
        """Refuse what no convolution can be built from."""
        check_at_least(1, **vars(self))
        check_divides(self.bottleneck_ratio, self.width, "width", "bottleneck_ratio")
        check_divides(self.group_width, self.channels, "channels of the 3x3", "group_width")

    @property
    def channels(self) -> int:
        """Channels of the 3x3 convolution."""
        return self.width // self.bottleneck_ratio

    def scaled(self, width_mult: float) -> Stage:
        """The same stage at another width, to the nearest that the groups divide."""
        if width_mult == 1:
            return self
        return compatible(
            self.depth,
            scaled(self.width, width_mult),
            self.group_width,
            self.bottleneck_ratio,
        )


def compatible(
    depth: int,
    width: int,
    group_width: int,
    bottleneck_ratio: int = 1,
    rounding: Rounding = nearest_multiple,
) -> Stage:
    """A stage whose width is moved to where groups of `group_width` divide the 3x3's channels.

    A group is at most as wide as these channels.

    Raises:
        ValueError: A number is not positive.
    """
    check_at_least(1, width=width, group_width=group_width, bottleneck_ratio=bottleneck_ratio)
    channels = max(1, width // bottleneck_ratio)
    group_width = min(group_width, channels)
    channels = rounding(channels, group_width)
    return Stage(depth, channels * bottleneck_ratio, group_width, bottleneck_ratio)


def quantised_linear(depth: int, initial_width: int, slope: float, step: float) -> list[int]:
    """Width of each block: a line, rounded to powers of `step`, then to multiples of 8.

    The line is u_j = initial_width + slope * j (Equation 2). With s_j such that
    u_j = initial_width * step^s_j (Equation 3), the width is initial_width * step^round(s_j)
    (Equation 4): blocks next to each other fall on the same width, and so become a stage.

    Args:
        depth: Number of blocks (d).
        initial_width: Width of the first block, a multiple of 8 (w_0).
        slope: How much wider the line gets from block to block (w_a).
        step: Ratio of the widths of two stages (w_m), above 1.

    Raises:
        ValueError: A number is out of its range; the message names the range.
    """
    if depth < 1:
        raise ValueError(f"depth = {depth} must be at least 1")
    if initial_width < 8 or initial_width % 8:
        lower = max(8, initial_width // 8 * 8)
        raise ValueError(
            f"initial_width = {initial_width} is not a positive multiple of 8; "
            f"the nearest are {lower} and {lower + 8}"
        )
    if slope < 0:
        raise ValueError(f"slope = {slope} must be at least 0: widths never shrink")
    if step <= 1:
        raise ValueError(f"step = {step} must be above 1, for example 2")
    line = [initial_width + slope * j for j in range(depth)]
    powers = [round(math.log(width / initial_width) / math.log(step)) for width in line]
    return [8 * round(initial_width * step**power / 8) for power in powers]


def regnet_stages(
    depth: int,
    initial_width: int,
    slope: float,
    step: float,
    group_width: int,
    rounding: Rounding = nearest_multiple,
) -> tuple[Stage, ...]:
    """The stages of a RegNet from its five numbers; see `quantised_linear` for the first four.

    Args:
        depth: Number of blocks in all stages together.
        initial_width: Width of the first block.
        slope: Slope of the widths.
        step: Ratio of the widths of two stages.
        group_width: Channels in each group of the 3x3 convolutions, the same in all stages.
        rounding: `nearest_multiple` (the paper's code, timm) or `tenth_multiple` (torchvision).

    Raises:
        ValueError: A number is out of its range.
    """
    widths = quantised_linear(depth, initial_width, slope, step)
    return tuple(
        compatible(len(list(blocks)), width, group_width, rounding=rounding)
        for width, blocks in groupby(widths)
    )


def shared_bottleneck_ratio(stages: Sequence[Stage]) -> bool:
    """AnyNet B: one bottleneck ratio for all stages."""
    return len({stage.bottleneck_ratio for stage in stages}) == 1


def shared_group_width(stages: Sequence[Stage]) -> bool:
    """AnyNet C: one group width for all stages, except where a stage is narrower than that."""
    group_width = max(stage.group_width for stage in stages)
    return all(stage.group_width == min(group_width, stage.channels) for stage in stages)


def growing_widths(stages: Sequence[Stage]) -> bool:
    """AnyNet D: no stage is narrower than the one before it."""
    return all(before.width <= after.width for before, after in pairwise(stages))


def growing_depths(stages: Sequence[Stage]) -> bool:
    """AnyNet E: no stage has fewer blocks than the one before it."""
    return all(before.depth <= after.depth for before, after in pairwise(stages))


# Each space keeps the constraints of those before it; A has none.
CONSTRAINTS: dict[str, Callable[[Sequence[Stage]], bool]] = {
    "B": shared_bottleneck_ratio,
    "C": shared_group_width,
    "D": growing_widths,
    "E": growing_depths,
}


def design_space(stages: Sequence[Stage]) -> str:
    """The smallest of AnyNet's spaces that contains a network: 'A', 'B', 'C', 'D' or 'E'."""
    space = "A"
    for name, holds in CONSTRAINTS.items():
        if not holds(stages):
            break
        space = name
    return space
