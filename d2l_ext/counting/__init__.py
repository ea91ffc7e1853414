"""Shapes, parameters, multiply-accumulates and receptive fields, layer by layer.

`summarize` works by closed forms and moves no data; `measure` runs the network on the meta
device, and the tests hold the one against the other. torch is imported when it is first needed.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from d2l_ext.counting.comparison import Comparison
from d2l_ext.counting.graph import Layer, Node, propagate
from d2l_ext.counting.rules import Shape, ShapeError
from d2l_ext.counting.summary import Summary

if TYPE_CHECKING:
    from torch import nn

    from d2l_ext.counting.measuring import Measurement

__all__ = [
    "Comparison",
    "Layer",
    "Node",
    "ShapeError",
    "Summary",
    "compare",
    "measure",
    "propagate",
    "summarize",
]


def check_input_shape(input_shape: Shape) -> Shape:
    """(channels, height, width), each at least 1.

    Raises:
        ValueError: It is not; the message shows what was meant.
    """
    try:
        given = tuple(input_shape)
        shape = tuple(map(operator.index, given))
    except TypeError:
        given = shape = ()
    if len(shape) == 4:
        raise ValueError(
            f"input_shape = {shape} has four numbers: leave the batch out, as in {shape[1:]}"
        )
    if len(shape) != 3 or min(shape) < 1 or any(isinstance(size, bool) for size in given):
        raise ValueError(
            f"input_shape = {input_shape!r} must be (channels, height, width), whole numbers from 1 "
            "upwards, for example (3, 224, 224)"
        )
    return shape


def summarize(net: nn.Module, input_shape: Shape) -> Summary:
    """Count a network's layers, in the order in which they run, by closed forms.

    No weight is touched and no data moves, so the network's device and statistics do not matter and
    stay as they are, and so does its mode. What is counted is what runs in that mode: a network whose
    `forward` asks for it, as `get_network('googlenet', auxiliary=True)`, which uses its auxiliary
    heads in train mode only, counts less in eval mode. A function without a closed form is run on the
    meta device.

    Args:
        net: Any module that takes one batch of images.
        input_shape: (channels, height, width) of one image.

    Returns:
        A `Summary`: `.parameters`, `.macs`, `.layers`; shown as a table.

    Raises:
        ShapeError: The network cannot take such an image; the message says at which layer, and why.
        ValueError: `input_shape` is not a shape of an image, or the network is lazy and has not
            seen an input yet.

    Example:
        >>> from d2l_ext import counting, networks
        >>> summary = counting.summarize(networks.get_network('resnet18'), (3, 224, 224))
        >>> summary.parameters, summary.macs
        (11689512, 1814073344)
    """
    from d2l_ext.counting.tracing import trace

    shape = check_input_shape(input_shape)
    nodes, layers = trace(net, shape)
    return Summary(type(net).__name__, shape, tuple(layers), tuple(nodes))


def compare(
    a: nn.Module | Summary, b: nn.Module | Summary, input_shape: Shape | None = None
) -> Comparison:
    """Two networks side by side, stage by stage and layer by layer.

    Args:
        a: A network, or its summary.
        b: What it is compared with; differences and ratios are `b` against `a`.
        input_shape: (channels, height, width) of the image for what is not a summary yet; may be
            left out where the other one is.

    Returns:
        A `Comparison`: `.total`, `.stages()`, `.rows()`; shown as a table.

    Raises:
        ShapeError: A network cannot take such an image.
        ValueError: There is no shape of an image, or it is none.

    Example:
        >>> from d2l_ext import counting, networks
        >>> plain, squeezed = map(networks.get_network, ('resnet50', 'seresnet50'))
        >>> counting.compare(plain, squeezed, (3, 224, 224)).total.parameters
        (25557032, 28088024)
    """
    known = [x.input_shape for x in (a, b) if isinstance(x, Summary)]
    shape = known[0] if input_shape is None and known else input_shape
    if shape is None:
        raise ValueError(
            "networks are compared on an image: give its input_shape as (channels, height, width), "
            "for example compare(a, b, (3, 224, 224))"
        )
    first, second = (x if isinstance(x, Summary) else summarize(x, shape) for x in (a, b))
    return Comparison(first, second)


def measure(net: nn.Module, input_shape: Shape) -> list[Measurement]:
    """Run `net` on the meta device and count what its leaf modules do; see `measuring.measure`."""
    from d2l_ext.counting.measuring import measure

    return measure(net, check_input_shape(input_shape))
