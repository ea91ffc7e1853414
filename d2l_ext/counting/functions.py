"""Which closed form describes which function call in a `forward`.

Each entry gets the call's own arguments and returns (kind, attributes, the tensors that it reads),
or None where the call does something that the closed form does not cover.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

Call = tuple[str, dict[str, Any], list[Any]] | None


def pointwise(kind: str) -> Callable[..., Call]:
    """A function of each value alone."""
    return lambda x, *args, **kwargs: (kind, {}, [x])


def elementwise(kind: str) -> Callable[..., Call]:
    """The sum or product of two tensors; with a number it only scales."""

    def call(a: Any, b: Any, **kwargs: Any) -> Call:
        tensors = [x for x in (a, b) if hasattr(x, "position")]
        if len(tensors) == 2:
            return kind, {}, tensors
        other = b if tensors[0] is a else a
        return None if isinstance(other, torch.Tensor) and other.dim() else ("scale", {}, tensors)

    return call


def concat(tensors: Any, dim: int = 0, **kwargs: Any) -> Call:
    """Channels one after another."""
    every = all(hasattr(x, "position") and x.dim() == 4 for x in tensors)
    return ("concat", {}, list(tensors)) if every and dim in (1, -3) else None


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Call:
    """All axes but the batch in one."""
    return ("flatten", {}, [x]) if start_dim == 1 and end_dim in (-1, x.dim() - 1) else None


def adaptive_pool(x: Any, output_size: Any) -> Call:
    """Pooling to a given size."""
    size = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    return "adaptive_pool", {"size": size}, [x]


def getitem(x: Any, index: Any) -> Call:
    """Slices with a step along height and width: every so-manieth pixel."""
    everything = slice(None)
    if not (isinstance(index, tuple) and len(index) == 4 and index[:2] == (everything,) * 2):
        return None
    rows, columns = index[2:]
    for part in (rows, columns):
        if not isinstance(part, slice) or part.start not in (None, 0) or part.stop is not None:
            return None
    return "subsample", {"stride": (rows.step or 1, columns.step or 1)}, [x]


def pad(x: Any, padding: Any, mode: str = "constant", value: Any = None) -> Call:
    """Channels of zeros, before or after."""
    padding = (*padding, 0, 0, 0, 0, 0, 0)[:6]
    if mode != "constant" or any(padding[:4]) or x.dim() != 4:
        return None
    return "pad_channels", {"out": x.shape[1] + padding[4] + padding[5]}, [x]


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
    F.adaptive_avg_pool2d: adaptive_pool,
    torch.Tensor.__getitem__: getitem,
    F.pad: pad,
}
