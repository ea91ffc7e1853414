"""Which closed form describes which `nn` module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

Description = tuple[str, dict[str, Any]]


def pair(value: Any) -> tuple[Any, Any]:
    """torch's habit of writing one number, alone or in a list, for two axes, undone."""
    first, second = (*value, *value)[:2] if isinstance(value, (tuple, list)) else (value, value)
    return first, second


def conv(module: nn.Conv2d) -> Description | None:
    """A convolution; None where it pads one side more than the other ("same", an even kernel)."""
    padding = module.padding
    if isinstance(padding, str):
        margins = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        if padding == "same" and any(margin % 2 for margin in margins):
            return None
        padding = (margins[0] // 2, margins[1] // 2) if padding == "same" else (0, 0)
    return "conv", {
        "in": module.in_channels,
        "out": module.out_channels,
        "kernel": pair(module.kernel_size),
        "stride": pair(module.stride),
        "padding": pair(padding),
        "dilation": pair(module.dilation),
        "groups": module.groups,
        "bias": module.bias is not None,
    }


def linear(module: nn.Linear) -> Description:
    """A linear layer."""
    return "linear", {
        "in": module.in_features,
        "out": module.out_features,
        "bias": module.bias is not None,
    }


def batch_norm(module: nn.BatchNorm2d) -> Description:
    """Batch norm."""
    return "batch_norm", {"in": module.num_features, "affine": module.affine}


def max_pool(module: nn.MaxPool2d) -> Description | None:
    """Max pooling; None where it gives the places of the maxima as well."""
    if module.return_indices:
        return None
    return "max_pool", {
        "kernel": pair(module.kernel_size),
        "stride": pair(module.stride or module.kernel_size),
        "padding": pair(module.padding),
        "dilation": pair(module.dilation),
        "ceil": module.ceil_mode,
    }


def avg_pool(module: nn.AvgPool2d) -> Description:
    """Average pooling."""
    return "avg_pool", {
        "kernel": pair(module.kernel_size),
        "stride": pair(module.stride or module.kernel_size),
        "padding": pair(module.padding),
        "ceil": module.ceil_mode,
    }


def adaptive_pool(module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d) -> Description | None:
    """Pooling to a given size; None where it gives the places of the maxima as well."""
    if getattr(module, "return_indices", False):
        return None
    return "adaptive_pool", {"size": pair(module.output_size)}


def softmax(module: nn.Softmax) -> Description | None:
    """A softmax over the channels; None over rows or columns, which is no function of one pixel."""
    return ("softmax", {}) if module.dim in (1, -3) else None


def flatten(module: nn.Flatten) -> Description | None:
    """All axes but the batch in one; None for anything else that `Flatten` can do."""
    return ("flatten", {}) if (module.start_dim, module.end_dim) == (1, -1) else None


def pointwise(kind: str) -> Callable[[nn.Module], Description]:
    """A function of each value alone."""
    return lambda module: (kind, {})


MODULES: dict[type[nn.Module], Callable[[Any], Description | None]] = {
    nn.Conv2d: conv,
    nn.Linear: linear,
    nn.BatchNorm2d: batch_norm,
    nn.MaxPool2d: max_pool,
    nn.AvgPool2d: avg_pool,
    nn.AdaptiveAvgPool2d: adaptive_pool,
    nn.AdaptiveMaxPool2d: adaptive_pool,
    nn.Flatten: flatten,
    nn.Softmax: softmax,
    nn.ReLU: pointwise("relu"),
    nn.ReLU6: pointwise("relu6"),
    nn.Sigmoid: pointwise("sigmoid"),
    nn.SiLU: pointwise("silu"),
    nn.GELU: pointwise("gelu"),
    nn.Tanh: pointwise("tanh"),
    nn.Hardswish: pointwise("hardswish"),
    nn.Hardsigmoid: pointwise("hardsigmoid"),
    nn.LeakyReLU: pointwise("leaky_relu"),
    nn.Dropout: pointwise("dropout"),
    nn.Identity: pointwise("identity"),
    nn.ChannelShuffle: pointwise("channel_shuffle"),
}
