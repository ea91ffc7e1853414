"""Which closed form describes which function call in a `forward`.

Each entry gets the call's own arguments and returns (kind, attributes, the tensors that it reads),
or None where the call does something that the closed form does not cover; a call that gives several
tensors has a list of such entries.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from d2l_ext.counting import modules

Known = tuple[str, dict[str, Any], list[Any]]
Call = Known | list[Known] | None


def pointwise(kind: str) -> Callable[..., Call]:
    """A function of each value alone."""
    return lambda x, *args, **kwargs: (kind, {}, [x])


def elementwise(kind: str) -> Callable[..., Call]:
    """The sum or product of two tensors; with a number it only scales."""

    def call(a: Any, b: Any, **kwargs: Any) -> Call:
        tensors = [x for x in (a, b) if hasattr(x, "position")]
        if len(tensors) == 2:
            return kind, {}, tensors
        x, other = (a, b) if tensors[0] is a else (b, a)
        return ("scale", {}, [x]) if same_everywhere(x, other) else None

    return call


def same_everywhere(x: Any, other: Any) -> bool:
    """Whether a number or a plain tensor acts on all positions of a map alike, and keeps its shape."""
    if not isinstance(other, torch.Tensor) or not other.dim():
        return True
    if x.dim() == 4 and any(size != 1 for size in other.shape[-2:]):
        return False
    return torch.broadcast_shapes(x.shape, other.shape) == x.shape


def concat(tensors: Any, dim: int = 0, **kwargs: Any) -> Call:
    """Channels one after another."""
    every = all(hasattr(x, "position") and x.dim() == 4 for x in tensors)
    return ("concat", {}, list(tensors)) if every and dim in (1, -3) else None


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Call:
    """All axes but the batch in one."""
    return ("flatten", {}, [x]) if start_dim == 1 and end_dim in (-1, x.dim() - 1) else None


def softmax(x: Any, dim: int | None = None, *args: Any, **kwargs: Any) -> Call:
    """A softmax over the channels; over rows or columns it is no function of one pixel."""
    return ("softmax", {}, [x]) if x.dim() == 4 and dim in (1, -3) else None


def max_pool(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Call:
    """Max pooling, as the module of that name has it."""
    module = nn.MaxPool2d(kernel_size, stride, padding, dilation, return_indices, ceil_mode)
    known = modules.max_pool(module)
    return (*known, [x]) if known and x.dim() == 4 else None


def avg_pool(x: Any, *args: Any, **kwargs: Any) -> Call:
    """Average pooling, as the module of that name has it."""
    return (*modules.avg_pool(nn.AvgPool2d(*args, **kwargs)), [x]) if x.dim() == 4 else None


def adaptive_pool(x: Any, output_size: Any) -> Call:
    """Pooling to a given size."""
    return "adaptive_pool", {"size": modules.pair(output_size)}, [x]


def plain_slice(part: Any) -> bool:
    """Whether an index is a slice whose ends are whole numbers, or left open."""
    ends = (part.start, part.stop, part.step) if isinstance(part, slice) else (part,)
    return isinstance(part, slice) and all(end is None or isinstance(end, int) for end in ends)


def getitem(x: Any, index: Any) -> Call:
    """Slices along channels, height and width."""
    everything = slice(None)
    parts = list(index) if isinstance(index, tuple) else [index]
    if not any(part is ... for part in parts):
        parts.append(...)
    place = next(i for i, part in enumerate(parts) if part is ...)
    parts[place : place + 1] = [everything] * (5 - len(parts))
    if x.dim() != 4 or len(parts) != 4 or not all(map(plain_slice, parts)):
        return None
    batch, *others = parts
    if batch != everything:
        return None
    channels, rows, columns = ((part.start, part.stop, part.step) for part in others)
    to_the_end = [part[0] in (None, 0) and part[1] is None for part in (rows, columns)]
    if others[0] == everything and all(to_the_end):
        return "subsample", {"stride": (rows[2] or 1, columns[2] or 1)}, [x]
    return "slice", {"channels": channels, "rows": rows, "columns": columns}, [x]


def chunk(x: Any, chunks: int, dim: int = 0) -> Call:
    """The channels in so many parts."""
    if x.dim() != 4 or dim not in (1, -3):
        return None
    width = -(-x.shape[1] // chunks)
    count = -(-x.shape[1] // width)
    return [("chunk", {"chunks": chunks, "index": i}, [x]) for i in range(count)]


def split(x: Any, sizes: int | list[int], dim: int = 0) -> Call:
    """The channels in parts of given widths."""
    if x.dim() != 4 or dim not in (1, -3):
        return None
    channels = x.shape[1]
    stops = range(sizes, channels + sizes, sizes) if isinstance(sizes, int) else accumulate(sizes)
    ends = [0, *(min(stop, channels) for stop in stops)]
    return [("slice", {"channels": (*part, None)}, [x]) for part in pairwise(ends)]


def pad(x: Any, padding: Any, mode: str = "constant", value: Any = None) -> Call:
    """A border around the map, or channels before or after, but not both."""
    if mode != "constant" or x.dim() != 4 or len(padding) > 6:
        return None
    left, right, top, bottom, before, after = (*padding, 0, 0, 0, 0, 0, 0)[:6]
    border = (top, bottom, left, right)
    if not any(border):
        return "pad_channels", {"out": x.shape[1] + before + after}, [x]
    return None if before or after else ("pad", {"padding": border}, [x])


FUNCTIONS: dict[Callable, Callable[..., Call]] = {
    F.relu: pointwise("relu"),
    torch.relu: pointwise("relu"),
    torch.relu_: pointwise("relu"),
    torch.Tensor.relu: pointwise("relu"),
    torch.Tensor.relu_: pointwise("relu"),
    F.sigmoid: pointwise("sigmoid"),
    torch.sigmoid: pointwise("sigmoid"),
    torch.Tensor.sigmoid: pointwise("sigmoid"),
    F.relu6: pointwise("relu6"),
    F.dropout: pointwise("dropout"),
    F.silu: pointwise("silu"),
    F.gelu: pointwise("gelu"),
    torch.add: elementwise("add"),
    torch.Tensor.add: elementwise("add"),
    torch.Tensor.add_: elementwise("add"),
    torch.Tensor.__add__: elementwise("add"),
    torch.Tensor.__radd__: elementwise("add"),
    torch.Tensor.__iadd__: elementwise("add"),
    torch.Tensor.__sub__: elementwise("add"),
    torch.Tensor.__rsub__: elementwise("add"),
    torch.rsub: elementwise("add"),
    torch.Tensor.__truediv__: elementwise("multiply"),
    torch.mul: elementwise("multiply"),
    torch.Tensor.mul: elementwise("multiply"),
    torch.Tensor.__mul__: elementwise("multiply"),
    torch.Tensor.__rmul__: elementwise("multiply"),
    torch.Tensor.__imul__: elementwise("multiply"),
    torch.cat: concat,
    torch.flatten: flatten,
    torch.Tensor.flatten: flatten,
    torch.softmax: softmax,
    torch.Tensor.softmax: softmax,
    F.softmax: softmax,
    torch.max_pool2d: max_pool,
    F.max_pool2d: max_pool,
    F.avg_pool2d: avg_pool,
    F.adaptive_avg_pool2d: adaptive_pool,
    torch.Tensor.__getitem__: getitem,
    torch.chunk: chunk,
    torch.Tensor.chunk: chunk,
    torch.split: split,
    torch.Tensor.split: split,
    F.pad: pad,
}
