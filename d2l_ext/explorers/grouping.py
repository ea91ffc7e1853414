"""What grouped convolutions connect, and what they cost, without torch; `grouping.js` says the same."""

from __future__ import annotations

import math

from d2l_ext.counting.rules import ShapeError, divisors_near
from d2l_ext.explorers.settings import check_range

# Lowest and highest value of each setting; the page offers the same.
LIMITS: dict[str, tuple[int, int]] = {
    "in_channels": (1, 1024),
    "out_channels": (1, 1024),
    "cardinality": (1, 1024),
    "kernel_size": (1, 15),
    "layers": (1, 2),
}

# The bottleneck whose cost the curve keeps: ResNeXt's, 256 channels around 64 (Table 2).
BLOCK_CHANNELS, BOTTLENECK_CHANNELS, BLOCK_KERNEL = 256, 64, 3


def check(
    in_channels: int, out_channels: int, cardinality: int, kernel_size: int, layers: int
) -> None:
    """Raise unless there is such a convolution.

    Raises:
        ShapeError: A value is outside of its limits, or the groups do not divide the channels; the
            message names the nearest values that do.
    """
    settings = locals()
    for name, limits in LIMITS.items():
        check_range(name, settings[name], limits)
    check_cardinality(cardinality, in_channels, out_channels)


def check_cardinality(cardinality: int, in_channels: int, out_channels: int) -> None:
    """Raise unless the groups divide the channels on both sides.

    Raises:
        ShapeError: They do not; the message names the nearest numbers that do.
    """
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        whole, rest = divmod(channels, cardinality)
        if rest:
            near = divisors_near(cardinality, math.gcd(in_channels, out_channels))
            raise ShapeError(
                f"cardinality = {cardinality} does not divide {name} = {channels} "
                f"({channels} = {cardinality} x {whole} + {rest}). Try {near}."
            )


def permutation(channels: int, cardinality: int) -> list[int]:
    """Which channel the shuffle brings to each place, as `networks.shufflenet.shuffle_permutation`."""
    width = channels // cardinality
    return [place % cardinality * width + place // cardinality for place in range(channels)]


def order(moved: list[int]) -> int:
    """The smallest k > 0 for which a permutation, done k times, leaves everything where it was.

    Example:
        >>> order(permutation(12, 3))
        5
    """
    lengths: list[int] = []
    seen: set[int] = set()
    for start in range(len(moved)):
        length, place = 0, start
        while place not in seen:
            seen.add(place)
            place, length = moved[place], length + 1
        if length:
            lengths.append(length)
    return math.lcm(*lengths)


def reach(
    in_channels: int,
    out_channels: int,
    cardinality: int,
    layers: int = 1,
    shuffle: bool = False,
) -> list[list[int]]:
    """Which outputs each input channel reaches, through one or two grouped convolutions.

    Args:
        in_channels: Channels that come in.
        out_channels: Channels of each convolution.
        cardinality: Groups of each convolution.
        layers: 1 or 2 convolutions.
        shuffle: Whether the channels are shuffled after the first.

    Returns:
        For each input channel, the outputs that depend on it.
    """
    width_in, width_out = in_channels // cardinality, out_channels // cardinality
    places = list(range(out_channels))
    if shuffle:
        for place, channel in enumerate(permutation(out_channels, cardinality)):
            places[channel] = place
    reached = []
    for channel in range(in_channels):
        group = channel // width_in
        outputs = {places[group * width_out + i] for i in range(width_out)}
        if layers == 2:
            groups = sorted({output // width_out for output in outputs})
            outputs = {g * width_out + i for g in groups for i in range(width_out)}
        reached.append(sorted(outputs))
    return reached


def weights(
    in_channels: int, out_channels: int, cardinality: int, kernel_size: int, layers: int
) -> int:
    """Parameters of the convolutions, and multiply-accumulates at each position."""
    first = out_channels * (in_channels // cardinality) * kernel_size**2
    second = out_channels * (out_channels // cardinality) * kernel_size**2
    return first + second * (layers - 1)


def block_weights(cardinality: int, group_width: float) -> float:
    """Weights of ResNeXt's block: C (2 d channels + k^2 d^2)."""
    ends = 2 * BLOCK_CHANNELS * group_width
    return cardinality * (ends + (BLOCK_KERNEL * group_width) ** 2)


def equal_cost_width(cardinality: float) -> float:
    """The group width d at which C paths cost as much as the bottleneck, before rounding.

    `networks.resnext.equal_cost_width` rounds it to whole channels.
    """
    budget = block_weights(1, BOTTLENECK_CHANNELS)
    middle = BLOCK_KERNEL**2
    root = math.sqrt(BLOCK_CHANNELS**2 + middle * budget / cardinality)
    return (root - BLOCK_CHANNELS) / middle
