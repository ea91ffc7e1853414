"""Closed forms, one per kind of layer: output shape, parameters, multiply-accumulates.

A multiply-accumulate (MAC) is one multiplication and one addition. Convolutions, linear layers and
matrix products are counted; biases, batch norm, activations, pooling and additions are not, as in
the papers' tables. Nothing here needs torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from d2l_ext.counting.receptive_field import Field

Shape = tuple[int, ...]
Attributes = Mapping[str, Any]


class ShapeError(ValueError):
    """A layer cannot take what reaches it; the message names the layer, the reason and a way out."""


@dataclass(frozen=True)
class Signal:
    """What flows between two layers: a shape without the batch, and the receptive field.

    `fields` holds the two axes, height and width; None where it cannot be told.
    """

    shape: Shape
    fields: tuple[Field, Field] | None


@dataclass(frozen=True)
class Outcome:
    """What a layer makes of its inputs, and what it costs."""

    signal: Signal
    parameters: int = 0
    macs: int = 0


Rule = Callable[[Attributes, Sequence[Signal]], Outcome]
RULES: dict[str, Rule] = {}

# Kinds that change or move values but no shape, and that have no weights.
POINTWISE = (
    "relu",
    "relu6",
    "sigmoid",
    "softmax",
    "silu",
    "gelu",
    "tanh",
    "hardswish",
    "hardsigmoid",
    "leaky_relu",
    "dropout",
    "identity",
    "scale",
    "channel_shuffle",
)


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Register the closed form of one or more kinds."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return register


def image(shape: Shape) -> Signal:
    """What a network is given: an image of shape (channels, height, width)."""
    height, width = shape[-2:]
    return Signal(tuple(shape), (Field(height), Field(width)))


def window(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """Positions at which a window fits, along one axis."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    positions = room // stride + 1
    if ceil:  # torch: the last window may hang over, but must start inside the input
        positions = -(-room // stride) + 1
        positions -= (positions - 1) * stride >= size + padding
    if positions < 1:
        raise ShapeError(
            f"kernel {dilation * (kernel - 1) + 1} is larger than the padded input "
            f"{size + 2 * padding} ({size} + 2 x {padding}); use a larger image or fewer strides"
        )
    return positions


def moved(attributes: Attributes, signal: Signal, channels: int) -> Signal:
    """The signal after a window was moved over its map."""
    if len(signal.shape) != 3:
        raise ShapeError(f"expects a map of shape (channels, height, width), got {signal.shape}")
    kernel, stride = attributes["kernel"], attributes["stride"]
    padding, dilation = attributes.get("padding", (0, 0)), attributes.get("dilation", (1, 1))
    ceil = attributes.get("ceil", False)
    steps = list(zip(kernel, stride, padding, dilation, strict=True))
    height, width = (
        window(size, *step, ceil) for size, step in zip(signal.shape[1:], steps, strict=True)
    )
    fields = signal.fields and (
        signal.fields[0].through(*steps[0]),
        signal.fields[1].through(*steps[1]),
    )
    return Signal((channels, height, width), fields)


def divisors_near(groups: int, channels: int) -> str:
    """The divisors of `channels` next to `groups`, below and above, in words."""
    below = next((g for g in range(min(groups, channels), 0, -1) if channels % g == 0), 1)
    above = next((g for g in range(groups, channels + 1) if channels % g == 0), below)
    return str(below) if above == below else f"{below} or {above}"


def check_groups(groups: int, channels: int, what: str) -> None:
    """Raise unless `groups` divides `channels`."""
    if groups < 1:
        raise ShapeError(f"groups = {groups} must be at least 1. Try 1.")
    if channels % groups:
        whole, rest = divmod(channels, groups)
        raise ShapeError(
            f"groups = {groups} does not divide {what} = {channels} "
            f"({channels} = {groups} x {whole} + {rest}). Try {divisors_near(groups, channels)}."
        )


@rule("conv")
def conv(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """A convolution of `out` channels: out x (in / groups) x kh x kw weights, used at each position."""
    (signal,) = inputs
    channels, out, groups = signal.shape[0], attributes["out"], attributes.get("groups", 1)
    expected = attributes.get("in", channels)
    if expected != channels:
        raise ShapeError(
            f"expects {expected} channels, got {channels}; build it with {channels} input channels, "
            f"or give it {expected}"
        )
    check_groups(groups, channels, "in_channels")
    check_groups(groups, out, "out_channels")
    result = moved(attributes, signal, out)
    weights = out * (channels // groups) * math.prod(attributes["kernel"])
    bias = out if attributes.get("bias", False) else 0
    return Outcome(result, weights + bias, weights * math.prod(result.shape[1:]))


@rule("linear")
def linear(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """A linear layer of `out` units on the last axis: out x in weights."""
    (signal,) = inputs
    features, out = signal.shape[-1], attributes["out"]
    expected = attributes.get("in", features)
    if expected != features:
        raise ShapeError(
            f"expects {expected} features, got {features}; the map before it has another size than "
            "it was built for"
        )
    weights = features * out
    bias = out if attributes.get("bias", False) else 0
    positions = math.prod(signal.shape[:-1])
    # On more than a vector it mixes an axis of the map, and no longer looks at one place of it.
    fields = signal.fields if len(signal.shape) == 1 else None
    return Outcome(Signal((*signal.shape[:-1], out), fields), weights + bias, weights * positions)


@rule("batch_norm")
def batch_norm(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Batch norm: a scale and a shift per channel; running statistics are not parameters."""
    (signal,) = inputs
    channels = signal.shape[0]
    expected = attributes.get("in", channels)
    if expected != channels:
        raise ShapeError(f"expects {expected} channels, got {channels}")
    return Outcome(signal, 2 * channels if attributes.get("affine", True) else 0)


@rule(*POINTWISE)
def pointwise(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """An activation or another function of each value alone."""
    return Outcome(inputs[0])


@rule("max_pool", "avg_pool")
def pool(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """A window moved over each channel by itself."""
    return Outcome(moved(attributes, inputs[0], inputs[0].shape[0]))


@rule("adaptive_pool")
def adaptive_pool(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Pooling to a given size; to 1 x 1 it is the squeeze, which sees the whole map."""
    (signal,) = inputs
    channels, *sizes = signal.shape
    out = tuple(o or size for o, size in zip(attributes["size"], sizes, strict=True))
    if out == tuple(sizes):
        return Outcome(signal)
    fields = None
    if signal.fields and all(size % o == 0 for size, o in zip(sizes, out, strict=True)):
        height, width = (
            field.over(size) if o == 1 else field.through(size // o, size // o, 0)
            for field, size, o in zip(signal.fields, sizes, out, strict=True)
        )
        fields = (height, width)
    return Outcome(Signal((channels, *out), fields))


@rule("flatten")
def flatten(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """All axes in one; what reads the result sees all positions."""
    (signal,) = inputs
    fields = signal.fields
    if fields and len(signal.shape) == 3:
        fields = (fields[0].over(signal.shape[1]), fields[1].over(signal.shape[2]))
    return Outcome(Signal((math.prod(signal.shape),), fields))


@rule("parameter")
def parameter(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Learned numbers that a part of the network holds by itself, of this `shape`."""
    shape = tuple(attributes["shape"])
    return Outcome(Signal(shape, None), math.prod(shape))


def joined(inputs: Sequence[Signal]) -> tuple[Field, Field] | None:
    """The fields of all inputs together: the longest path, per axis."""
    fields = [signal.fields for signal in inputs]
    if any(field is None for field in fields):
        return None
    height, width = fields[0]  # type: ignore[misc]
    for other in fields[1:]:
        height, width = height.joined(other[0]), width.joined(other[1])  # type: ignore[index]
    return height, width


@rule("add", "multiply")
def elementwise(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Sum or product of maps of one shape; an axis of size 1 is repeated."""
    shapes = [signal.shape for signal in inputs]
    if len({len(shape) for shape in shapes}) > 1 or any(
        len({*sizes} - {1}) > 1 for sizes in zip(*shapes, strict=True)
    ):
        raise ShapeError(f"shapes that do not add up: {' and '.join(map(str, shapes))}")
    shape = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    return Outcome(Signal(shape, joined(inputs)))


def apply(kind: str, attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """What a layer of this kind does to its inputs.

    A kind without a closed form carries what was measured: `shape`, `parameters`, `macs`, and whether
    it is `pixelwise`. A layer
    whose weights were all counted before (`shared`) costs work, but no parameters; where some of them
    were, `parameters` is what is left.

    Raises:
        ShapeError: It cannot take them; the message says why, but not yet where.
    """
    if kind in RULES:
        outcome = RULES[kind](attributes, inputs)
        own = attributes.get("parameters", outcome.parameters)
        return replace(outcome, parameters=0 if attributes.get("shared") else own)
    shape = tuple(attributes["shape"])
    kept = attributes.get("pixelwise") and len(shape) == 3
    kept = kept and {s.shape[1:] for s in inputs} == {shape[1:]}
    return Outcome(
        Signal(shape, joined(inputs) if kept else None),
        attributes.get("parameters", 0),
        attributes.get("macs", 0),
    )
