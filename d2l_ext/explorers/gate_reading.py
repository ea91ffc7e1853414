"""What was measured of a network's gates, read without torch; and what gates cost."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from d2l_ext.scaling import squeezed

MODEL = "cifar_seresnet20_fmnist"

# Channels, and blocks that have so many gates, of two networks; and their parameters without gates.
COSTS: dict[str, dict[str, Any]] = {
    "ResNet-20": {"widths": [(16, 3), (32, 3), (64, 3)], "plain": 269_722},
    "ResNet-50": {"widths": [(256, 3), (512, 4), (1024, 6), (2048, 3)], "plain": 25_557_032},
}


def file_of(model: str) -> Path:
    """Where the measurements of a model lie."""
    return Path(__file__).with_name(f"gates_{model}.json")


@cache
def read(model: str) -> dict[str, Any]:
    """The measurements of a model; empty where there are none."""
    path = file_of(model)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def sigmoid(pre: float) -> float:
    """The gate of a pre-activation."""
    return 1 / (1 + math.exp(-pre))


def softmax(pre: Sequence[float]) -> list[float]:
    """Weights that sum to 1 over the channels."""
    largest = max(pre)
    powers = [math.exp(value - largest) for value in pre]
    return [power / sum(powers) for power in powers]


def scores(
    image: dict[str, Any], at: int, mean: float, channel: int, gate: float | None
) -> list[float]:
    """The scores of an image with one gate moved.

    Measured with the gate at 0, at its mean, at 1, and as computed; between these a straight line.

    Args:
        image: One of the measurements' images.
        at: Position of the block among the measurements' blocks.
        mean: The gate's mean over all images.
        channel: Counted from 0.
        gate: From 0 to 1; None for as computed.
    """
    logits, block = image["logits"], image["blocks"][at]
    if gate is None:
        return logits
    changes = base64.b64decode(block["changes"])
    own = sigmoid(block["pre"][channel])

    def measured(which: int) -> list[float]:
        start = 10 * (3 * channel + which)
        signed = (byte - 256 if byte > 127 else byte for byte in changes[start : start + 10])
        return [block["scale"] * byte for byte in signed]

    points = [(0.0, measured(0)), (1.0, measured(2)), (own, [0.0] * 10)]
    if abs(mean - own) > 0.02:
        points.append((mean, measured(1)))
    points.sort(key=lambda point: point[0])
    right = next(i for i in range(1, len(points)) if gate <= points[i][0] or i == len(points) - 1)
    (low, before), (high, after) = points[right - 1], points[right]
    share = (gate - low) / (high - low) if high > low else 0.0
    return [logit + a + share * (b - a) for logit, a, b in zip(logits, before, after, strict=True)]


def added(widths: Sequence[tuple[int, int]], ratio: int) -> int:
    """Parameters of the gates: two linear layers with biases in each block."""
    return sum(
        blocks * (2 * channels * squeezed(channels, ratio) + squeezed(channels, ratio) + channels)
        for channels, blocks in widths
    )
