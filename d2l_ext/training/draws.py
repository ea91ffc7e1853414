"""Networks drawn at random from AnyNet and from RegNet, all of about the same cost."""

from __future__ import annotations

import random

from d2l_ext.networks.design_space import Stage, compatible, regnet_stages

# Multiply-accumulates on a 1 x 28 x 28 image: what a drawn network must cost.
BUDGET = (6_000_000, 12_000_000)
STAGES = 3
MAX_DEPTH = 8
WIDTHS = range(8, 257, 8)
GROUP_WIDTHS = (1, 2, 4, 8, 16, 32)


def stages(space: str, draw: int) -> tuple[Stage, ...]:
    """The stages of a drawn network: the same for the same number on every machine.

    As in "Designing network design spaces" (Radosavovic et al. 2020, section 3.1), at the size of
    Fashion-MNIST: numbers are drawn until a network costs what `BUDGET` says.

    Args:
        space: 'anynet', every stage's depth, width, group width and bottleneck free; or 'regnet',
            its five numbers free.
        draw: The number in the sample.

    Raises:
        ValueError: There is no such space.
    """
    draw_one = {"anynet": _anynet, "regnet": _regnet}.get(space)
    if draw_one is None:
        raise ValueError(f"space = {space!r} must be 'anynet' or 'regnet'")
    generator = random.Random(f"{space} {draw}")
    while True:
        drawn = draw_one(generator)
        if drawn and BUDGET[0] <= _macs(drawn) <= BUDGET[1]:
            return drawn


def _anynet(generator: random.Random) -> tuple[Stage, ...]:
    return tuple(
        compatible(
            generator.randint(1, MAX_DEPTH),
            generator.choice(WIDTHS),
            generator.choice(GROUP_WIDTHS),
            generator.choice((1, 2, 4)),
        )
        for _ in range(STAGES)
    )


def _regnet(generator: random.Random) -> tuple[Stage, ...] | None:
    """Three stages, or None where the five numbers give another count of them."""
    drawn = regnet_stages(
        depth=generator.randint(STAGES, STAGES * MAX_DEPTH),
        initial_width=generator.choice(WIDTHS[:8]),
        slope=generator.uniform(2, 32),
        step=generator.uniform(1.5, 3),
        group_width=generator.choice(GROUP_WIDTHS),
    )
    return drawn if len(drawn) == STAGES else None


def _macs(drawn: tuple[Stage, ...]) -> int:
    """What `counting.summarize` counts, from the numbers alone: a draw tries dozens of networks."""
    size, width = 28, 32
    macs = 9 * width * size**2
    for stage in drawn:
        half = -(-size // 2)
        for block in range(stage.depth):
            before = size if block == 0 else half
            macs += width * stage.channels * before**2
            macs += 9 * stage.group_width * stage.channels * half**2
            macs += stage.channels * stage.width * half**2
            if block == 0:  # the shortcut's 1x1
                macs += width * stage.width * half**2
            width = stage.width
        size = half
    return macs + 10 * width
