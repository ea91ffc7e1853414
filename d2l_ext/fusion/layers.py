"""Convolutions and linear layers with other weights: copies that keep everything else."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from d2l_ext.fusion.affine import Step, like
from d2l_ext.fusion.operations import RowLinear

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
LINEAR = (nn.Linear, RowLinear)
WEIGHTED: tuple[type[nn.Module], ...] = (*CONVOLUTIONS, *TRANSPOSED, *LINEAR)


def with_weights(layer: Any, weight: Tensor, bias: Tensor | None) -> Any:
    """The layer with these weights, in its own type and memory format.

    It is a new module: the old one may be in use elsewhere.
    """
    new = copy.copy(layer)
    new._parameters = dict(layer._parameters)
    new.weight = like(weight, layer.weight)
    new.bias = None if bias is None else like(bias, layer.weight)
    return new


def out_channels(layer: Any) -> int:
    """Channels that come out."""
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def in_channels(layer: Any) -> int:
    """Channels that go in."""
    return layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels


def scaled_after(layer: Any, step: Step) -> Any:
    """The layer with a step behind it folded in."""
    scale, shift = (x.to(layer.weight.device) for x in step.over(out_channels(layer)))
    weight = layer.weight.detach().double()
    bias = shift if layer.bias is None else layer.bias.detach().double() * scale + shift
    if isinstance(layer, TRANSPOSED):  # (in, out / groups, ...)
        per_group = scale.reshape(layer.groups, 1, -1)
        grouped = weight.unflatten(
            0, (layer.groups, -1)
        )  # (groups, in / groups, out / groups, ...)
        grouped = grouped * per_group.reshape(*per_group.shape, *[1] * (weight.dim() - 2))
        weight = grouped.flatten(0, 1)
    else:  # (out, in / groups, ...)
        weight = weight * scale.reshape(-1, *[1] * (weight.dim() - 1))
    return with_weights(rows_only(layer, step), weight, bias)


def scaled_before(layer: Any, step: Step) -> Any:
    """The layer with a step before it folded in; padding must not come between."""
    scale, shift = (x.to(layer.weight.device) for x in step.over(in_channels(layer)))
    weight = layer.weight.detach().double()
    groups = getattr(layer, "groups", 1)
    grouped = weight.unflatten(0, (groups, -1))  # (groups, out / groups, in / groups, ...)
    shape = (groups, 1, -1, *[1] * (weight.dim() - 2))
    constant = (grouped * shift.reshape(shape)).flatten(2).sum(2).flatten()
    bias = constant if layer.bias is None else layer.bias.detach().double() + constant
    weight = (grouped * scale.reshape(shape)).flatten(0, 1)
    return with_weights(rows_only(layer, step), weight, bias)


def rows_only(layer: Any, step: Step) -> Any:
    """A linear layer that refuses what the folded batch norm would not have seen as features."""
    if step.norm is None or not isinstance(layer, nn.Linear):
        return layer
    new = RowLinear(layer.in_features, layer.out_features, layer.bias is not None, device="meta")
    new.weight, new.bias = layer.weight, layer.bias
    return new.train(layer.training)


def pads_with_zeros(layer: Any) -> bool:
    """Whether zeros come in at the border, which a step before the layer would not have shifted."""
    if isinstance(layer, nn.Linear):
        return False
    padding = layer.padding
    if padding == "valid":
        return False
    none = padding != "same" and not any(padding)
    return layer.padding_mode == "zeros" and not none


def torch_layer(module: Any) -> bool:
    """Whether a module is just what torch brings, not a class derived from it."""
    return type(module) in WEIGHTED and isinstance(getattr(module, "weight", None), torch.Tensor)
