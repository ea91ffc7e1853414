"""A learning curve as a small SVG image: deterministic, without scripts, readable on any page."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape

from d2l_ext.zoo.model_card import Card

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 42, 342, 12, 156  # where the axes lie; labels stand to the right
TRAINING, TEST = "#0072B2", "#D55E00"  # as in the course's figures


def learning_curve(card: Card) -> str:
    """An `img` element with the accuracies by epoch, and a text for those who cannot see it."""
    data = base64.b64encode(svg(card).encode()).decode()
    alt = escape(alternative_text(card), quote=True)
    return f'<img style="max-width:100%" src="data:image/svg+xml;base64,{data}" alt="{alt}">'


def alternative_text(card: Card) -> str:
    """What the learning curve shows."""
    first, last, count = card.epochs[0], card.epochs[-1], len(card.epochs)
    return (
        f"Learning curve of {card.name} over {count} epochs: the test accuracy goes from "
        f"{first['val_acc']:.1%} after the first to {last['val_acc']:.1%} after the last; "
        f"the training accuracy ends at {last['train_acc']:.1%}."
    )


def svg(card: Card) -> str:
    """The image alone: training dashed, test solid, each named at its end."""
    training = [epoch["train_acc"] for epoch in card.epochs]
    test = [epoch["val_acc"] for epoch in card.epochs]
    floor = min(0.9, math.floor(10 * min(training + test)) / 10)
    ends = _apart(_y(training[-1], floor), _y(test[-1], floor))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        + _accuracy_axis(floor)
        + _epoch_axis(len(test))
        + _line(training, floor, TRAINING, "4 3")
        + _line(test, floor, TEST, "none")
        + _label(ends[0], TRAINING, f"training {training[-1]:.1%}")
        + _label(ends[1], TEST, f"test {test[-1]:.1%}")
        + "</svg>"
    )


def _y(accuracy: float, floor: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * (accuracy - floor) / (1 - floor)


def _x(epoch: int, epochs: int) -> float:
    """Where the end of an epoch, counted from 1, lies."""
    return LEFT + (RIGHT - LEFT) * (epoch - 1) / max(1, epochs - 1)


def _apart(a: float, b: float, least: float = 12) -> tuple[float, float]:
    """Two heights moved apart, so that their labels do not cover each other."""
    missing = max(0.0, least - abs(a - b)) / 2
    return (a - missing, b + missing) if a <= b else (a + missing, b - missing)


def _accuracy_axis(floor: float) -> str:
    """Lines at every tenth, or at every fiftieth where the range is small."""
    step = 0.02 if floor >= 0.9 else 0.1
    ticks = [floor + i * step for i in range(round((1 - floor) / step) + 1)]
    return "".join(
        f'<path d="M{LEFT} {_y(tick, floor):.1f}H{RIGHT}" stroke="#ddd"/>'
        f'<text x="{LEFT - 5}" y="{_y(tick, floor) + 4:.1f}" text-anchor="end">{tick:.0%}</text>'
        for tick in ticks
    )


def _epoch_axis(epochs: int) -> str:
    numbers = sorted({1, *(round(1 + (epochs - 1) * i / 4) for i in range(5))})
    ticks = "".join(
        f'<text x="{_x(n, epochs):.1f}" y="{BOTTOM + 15}" text-anchor="middle">{n}</text>'
        for n in numbers
    )
    middle = (LEFT + RIGHT) / 2
    return (
        f'{ticks}<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">accuracy by epoch</text>'
    )


def _line(values: Sequence[float], floor: float, colour: str, dashes: str) -> str:
    points = " ".join(
        f"{_x(i, len(values)):.1f},{_y(value, floor):.1f}" for i, value in enumerate(values, 1)
    )
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-linecap="round" stroke-dasharray="{dashes}"/>'
    )


def _label(y: float, colour: str, text: str) -> str:
    return f'<text x="{RIGHT + 5}" y="{y + 4:.1f}" fill="{colour}">{text}</text>'
