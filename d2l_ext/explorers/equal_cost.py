"""The curve along which ResNeXt's block costs the same, drawn once; `equal_cost.js` marks a place on it."""

from __future__ import annotations

import math
from collections.abc import Callable

from d2l_ext.explorers.grouping import equal_cost_width

LEFT, RIGHT, TOP, BOTTOM = 44, 356, 14, 186
TICKS = (1, 2, 4, 8, 16, 32, 64, 128)
ALT = "As cardinality C grows from 1 to 128, group width d falls from 64 to 1, C times d rises to 134."


def across(cardinality: float) -> float:
    """Where so many paths stand, from left to right."""
    return LEFT + (RIGHT - LEFT) * math.log2(cardinality) / 7


def up(channels: float) -> float:
    """Where so many channels stand, from top to bottom."""
    return BOTTOM - (BOTTOM - TOP) * math.log2(channels) / 8


def curve(of: Callable[[float], float]) -> str:
    """A path through a function of the cardinality."""
    cardinalities = (2 ** (i / 10) for i in range(71))
    return "M" + "L".join(f"{across(c):.1f} {up(of(c)):.1f}" for c in cardinalities)


def label(x: float, y: float, text: object, anchor: str = "middle") -> str:
    """A text in the drawing."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def drawing() -> str:
    """Group width and all channels against cardinality as SVG, with a line to be moved."""
    parts = [
        f'<path class="d2l-axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>',
        *(label(across(c), BOTTOM + 16, c) for c in TICKS),
        *(label(LEFT - 8, up(d) + 4, d, "end") for d in (1, 4, 16, 64, 256)),
        label((LEFT + RIGHT) / 2, BOTTOM + 34, "cardinality C"),
        f'<line class="d2l-now" y1="{TOP}" y2="{BOTTOM}"/>',
        f'<path class="d2l-width" d="{curve(equal_cost_width)}"/>',
        f'<path class="d2l-total" d="{curve(lambda c: c * equal_cost_width(c))}"/>',
        label(RIGHT + 6, up(1.05) + 1, "d", "start"),
        label(RIGHT + 6, up(134) + 4, "C d", "start"),
        *(
            f'<circle r="3.5" cx="{across(c):.1f}" cy="{up(equal_cost_width(c)):.1f}"/>'
            for c in TICKS
        ),
    ]
    start = f'<svg class="d2l-curve" viewBox="0 0 400 224" role="img" aria-label="{ALT}">'
    return f"{start}{''.join(parts)}</svg>"
