"""Ways to write one convolution, and what each costs; `convolutions.js` says the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from d2l_ext.counting import Node, ShapeError, propagate
from d2l_ext.explorers.grouping import check_cardinality
from d2l_ext.explorers.settings import check_range

LIMITS: dict[str, tuple[int, int]] = {
    "in_channels": (1, 2048),
    "out_channels": (1, 2048),
    "size": (1, 512),
    "kernel_size": (1, 15),
    "cardinality": (1, 2048),
}

BYTES = 4  # of a float32
NARROWING = 4  # a bottleneck is a quarter as wide as its output, as in ResNet-50

Part = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Convolution:
    """What is to be computed: from one map to another of the same size, stride 1.

    Attributes:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        size: Height and width of both, in pixels.
        kernel_size: Side of the window, odd, so that it has a middle.
        cardinality: Groups of the grouped kind.
    """

    in_channels: int = 64
    out_channels: int = 64
    size: int = 56
    kernel_size: int = 3
    cardinality: int = 4

    def check(self) -> None:
        """Raise unless every kind can compute it.

        Raises:
            ShapeError: The message says why not, and names the nearest valid values.
        """
        for name, limits in LIMITS.items():
            check_range(name, getattr(self, name), limits)
        if self.kernel_size % 2 == 0:
            raise ShapeError(
                f"kernel_size = {self.kernel_size} has no middle, so the map would not keep its size. "
                f"Try {self.kernel_size - 1} or {self.kernel_size + 1}."
            )
        check_cardinality(self.cardinality, self.in_channels, self.out_channels)

    def window(self, out: int, height: int, width: int, groups: int = 1) -> Part:
        """One convolution that keeps the map's size."""
        padding = (height // 2, width // 2)
        return "conv", {
            "out": out,
            "kernel": (height, width),
            "stride": (1, 1),
            "padding": padding,
            "groups": groups,
        }

    def parts(self, kind: str) -> list[Part]:
        """The layers of one kind, as (kind of layer, attributes)."""
        out, k = self.out_channels, self.kernel_size
        middle = max(1, out // NARROWING)
        kinds: dict[str, list[Part]] = {
            "dense": [self.window(out, k, k)],
            "factorised": [self.window(out, 1, k), self.window(out, k, 1)],
            "grouped": [self.window(out, k, k, groups=self.cardinality)],
            "separable": [
                self.window(self.in_channels, k, k, groups=self.in_channels),
                self.window(out, 1, 1),
            ],
            "shift": [
                ("shift", {"shape": (self.in_channels, self.size, self.size), "kernel": (k, k)}),
                self.window(out, 1, 1),
            ],
            "bottleneck": [
                self.window(middle, 1, 1),
                self.window(middle, k, k),
                self.window(out, 1, 1),
            ],
        }
        return kinds[kind]


KINDS = ("dense", "factorised", "grouped", "separable", "shift", "bottleneck")


@dataclass(frozen=True)
class Cost:
    """What one kind costs for one image.

    Attributes:
        parameters: Its weights.
        macs: Multiply-accumulates.
        traffic: Bytes that its layers read and write if each passes through memory: its input, its
            weights, its output, as float32.
    """

    parameters: int
    macs: int
    traffic: int

    @property
    def intensity(self) -> float:
        """Multiply-accumulates for each byte that is moved."""
        return self.macs / self.traffic


def cost(convolution: Convolution, kind: str) -> Cost:
    """Count one kind.

    Raises:
        ShapeError: There is no such convolution; the message says why.
    """
    convolution.check()
    nodes = [
        Node(f"{kind}.{i}", name, (i - 1,), attributes)
        for i, (name, attributes) in enumerate(convolution.parts(kind))
    ]
    image = (convolution.in_channels, convolution.size, convolution.size)
    layers = propagate(nodes, image)
    parameters = sum(layer.parameters for layer in layers)
    shapes = [image, *(layer.output_shape for layer in layers)]
    values = sum(math.prod(a) + math.prod(b) for a, b in pairwise(shapes))
    return Cost(parameters, sum(layer.macs for layer in layers), BYTES * (values + parameters))
