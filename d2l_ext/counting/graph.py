"""A network as a list of layers with their inputs, and its counts by the closed forms alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from d2l_ext.counting import moves  # noqa: F401  (importing registers its rules)
from d2l_ext.counting.rules import Outcome, Shape, ShapeError, Signal, apply, image

INPUT = -1


@dataclass(frozen=True)
class Node:
    """One layer of a network.

    `inputs` are positions of earlier nodes in the list, `INPUT` being the image.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One row of a summary.

    Attributes:
        name: Where the layer stands in the network, as in `layer1.0.conv1`.
        kind: What it is: conv, batch_norm, relu, max_pool, add, linear, ...
        output_shape: (channels, height, width), or (features,); without the batch.
        parameters: Learned numbers, each counted where it is used first.
        macs: Multiply-accumulates for one image.
        receptive_field: Pixels of the image, along each axis, that an output can depend on; a pair
            (height, width) where the two differ; None where it cannot be told.
    """

    name: str
    kind: str
    output_shape: Shape
    parameters: int
    macs: int
    receptive_field: int | tuple[int, int] | None


def run(node: Node, inputs: list[Signal]) -> Outcome:
    """Apply a node's closed form.

    Raises:
        ShapeError: The message begins with the layer's name.
    """
    try:
        return apply(node.kind, node.attributes, inputs)
    except ShapeError as error:
        got = " and ".join(str(signal.shape) for signal in inputs)
        raise ShapeError(f"{node.name} ({node.kind}, on {got}): {error}") from None


def as_layer(node: Node, outcome: Outcome) -> Layer:
    """The row that a summary shows of a node."""
    receptive_field: int | tuple[int, int] | None = None
    if outcome.signal.fields:
        height, width = (axis.size for axis in outcome.signal.fields)
        receptive_field = height if height == width else (height, width)
    return Layer(
        node.name,
        node.kind,
        outcome.signal.shape,
        outcome.parameters,
        outcome.macs,
        receptive_field,
    )


def propagate(nodes: Iterable[Node], input_shape: Shape) -> list[Layer]:
    """Send an image's shape through the network, by arithmetic alone.

    Raises:
        ShapeError: A layer cannot take its input; the message says which, and why.
    """
    signals: dict[int, Signal] = {INPUT: image(input_shape)}
    layers = []
    for position, node in enumerate(nodes):
        outcome = run(node, [signals[i] for i in node.inputs])
        signals[position] = outcome.signal
        layers.append(as_layer(node, outcome))
    return layers
