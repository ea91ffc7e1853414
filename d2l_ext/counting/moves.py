"""Closed forms of what moves values and computes nothing: slices, padding, concatenation.

As `rules`, which they belong to; importing this module registers them.
"""

from __future__ import annotations

from collections.abc import Sequence

from d2l_ext.counting.rules import (
    Attributes,
    Outcome,
    ShapeError,
    Signal,
    joined,
    moved,
    rule,
)

# Of a slice: start, stop and step as in Python.
ALL = (None, None, None)


@rule("subsample")
def subsample(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Every so-manieth pixel: a window of one pixel."""
    return Outcome(moved({**attributes, "kernel": (1, 1)}, inputs[0], inputs[0].shape[0]))


@rule("concat")
def concat(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Channels of all inputs, one after another."""
    maps = {signal.shape[1:] for signal in inputs}
    if len(maps) > 1:
        raise ShapeError(f"maps that differ in size cannot be concatenated: {sorted(maps)}")
    channels = sum(signal.shape[0] for signal in inputs)
    filled = [signal for signal in inputs if signal.shape[0]]
    return Outcome(Signal((channels, *inputs[0].shape[1:]), joined(filled or inputs)))


@rule("chunk")
def chunk(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Number `index` of the `chunks` that the channels are cut into, all but the last equally wide."""
    (signal,) = inputs
    channels, chunks, index = signal.shape[0], attributes["chunks"], attributes["index"]
    width = -(-channels // chunks)
    kept = min(width, channels - index * width)
    if kept < 1:
        raise ShapeError(f"{channels} channels do not make {index + 1} of {chunks} chunks")
    return Outcome(Signal((kept, *signal.shape[1:]), signal.fields))


@rule("slice")
def sliced(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Some of the `channels`, `rows` and `columns`, each given as (start, stop, step)."""
    (signal,) = inputs
    names = ("channels", "rows", "columns")
    kept = [
        range(size)[slice(*attributes.get(name, ALL))]
        for name, size in zip(names, signal.shape, strict=True)
    ]
    for name, positions, size in zip(names[1:], kept[1:], signal.shape[1:], strict=True):
        if not positions:
            raise ShapeError(f"the slice leaves none of {size} {name}; use a larger image")
    fields = signal.fields and (
        signal.fields[0].through(1, kept[1].step, -kept[1].start),
        signal.fields[1].through(1, kept[2].step, -kept[2].start),
    )
    channels, height, width = map(len, kept)
    return Outcome(Signal((channels, height, width), fields))


@rule("pad")
def pad(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Zeros around the map; `padding` is (top, bottom, left, right), and what is negative is cut."""
    (signal,) = inputs
    top, bottom, left, right = attributes["padding"]
    channels, height, width = signal.shape
    height, width = height + top + bottom, width + left + right
    if height < 1 or width < 1:
        raise ShapeError(f"padding {attributes['padding']} leaves nothing; use a larger image")
    fields = signal.fields and (
        signal.fields[0].through(1, 1, top),
        signal.fields[1].through(1, 1, left),
    )
    return Outcome(Signal((channels, height, width), fields))


@rule("pad_channels")
def pad_channels(attributes: Attributes, inputs: Sequence[Signal]) -> Outcome:
    """Channels of zeros, before or after, up to `out`."""
    (signal,) = inputs
    return Outcome(Signal((attributes["out"], *signal.shape[1:]), signal.fields))
