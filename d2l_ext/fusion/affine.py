"""Steps that only scale and shift each channel, and what folding one into weights gives."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from d2l_ext.fusion.graph import Editor, is_number
from d2l_ext.fusion.operations import Affine

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
ARITHMETIC = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.truediv: "div",
    torch.add: "add",
    torch.sub: "sub",
    torch.mul: "mul",
    torch.div: "div",
}


@dataclass(frozen=True)
class Step:
    """x * scale + shift, in double precision.

    Attributes:
        source: The node that it reads.
        scale: One number for all, or one for each channel: of shape (1,) or (C,).
        shift: The same.
        channels: C where the step is for just so many channels, else None.
        norm: The batch norm's class, if it is one.
    """

    source: fx.Node
    scale: Tensor
    shift: Tensor
    channels: int | None = None
    norm: type[nn.Module] | None = None

    def after(self, first: Step) -> Step:
        """This step with another one before it, as one."""
        return Step(
            first.source,
            first.scale * self.scale,
            first.shift * self.scale + self.shift,
            self.channels or first.channels,
            self.norm or first.norm,
        )

    def fits(self, channels: int) -> bool:
        """Whether it can act on so many channels without changing their number."""
        return self.channels in (None, channels)

    def over(self, channels: int) -> tuple[Tensor, Tensor]:
        """Scale and shift for each channel."""
        return self.scale.expand(channels), self.shift.expand(channels)


def step(editor: Editor, node: Any) -> Step | None:
    """The step that a node is, if it is one: batch norm, or arithmetic with constants."""
    module = editor.module(node)
    if module is not None:
        if type(module) is Affine:
            scale, shift = module.scale.detach().double(), module.shift.detach().double()
            channels = scale.numel() if scale.dim() else None
            return Step(node.all_input_nodes[0], scale.reshape(-1), shift.reshape(-1), channels)
        return norm_step(node, module) if type(module) in BATCH_NORMS else None
    if node.op != "call_function" or node.target not in ARITHMETIC or node.kwargs:
        return None
    return arithmetic_step(editor, node, ARITHMETIC[node.target])


def norm_step(node: fx.Node, norm: Any) -> Step | None:
    """A batch norm's step, where it uses the statistics that it has stored."""
    if norm.training or norm.running_mean is None or len(node.args) != 1:
        return None
    scale = torch.rsqrt(norm.running_var.detach().double() + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight.detach().double()
    shift = -norm.running_mean.detach().double() * scale
    if norm.bias is not None:
        shift = shift + norm.bias.detach().double()
    return Step(node.all_input_nodes[0], scale, shift, norm.num_features, type(norm))


def arithmetic_step(editor: Editor, node: fx.Node, kind: str) -> Step | None:
    """Adding, subtracting, multiplying or dividing by a number or by one for each channel."""
    if len(node.args) != 2:
        return None
    left, right = node.args
    value, reversed_ = constant(editor, right), False
    if value is None:
        left, right, reversed_ = right, left, True
        value = constant(editor, right)
    if value is None or not isinstance(left, fx.Node) or constant(editor, left) is not None:
        return None
    if is_number(left):
        return None
    if reversed_ and kind == "div":
        return None
    one = torch.ones((), dtype=torch.float64, device=value.device)
    scale, shift = {
        "add": (one, value),
        "sub": (-one, value) if reversed_ else (one, -value),
        "mul": (value, 0 * one),
        "div": (1 / value, 0 * one),
    }[kind]
    channels = value.numel() if value.dim() else None
    scale, shift = torch.broadcast_tensors(scale.reshape(-1), shift.reshape(-1))
    return Step(left, scale, shift, channels)


def constant(editor: Editor, value: Any) -> Tensor | None:
    """A number, or a stored tensor with one number for each channel of a map; else None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float64)
    if not isinstance(value, fx.Node) or value.op != "get_attr":
        return None
    stored: Any = editor.net
    for name in str(value.target).split("."):
        stored = getattr(stored, name)
    if not isinstance(stored, Tensor) or not stored.is_floating_point():
        return None
    shape = tuple(stored.shape)
    if shape == ():
        return stored.detach().double()
    # (C, 1, 1) or (1, C, 1, 1): anything else may stand for rows or columns.
    per_channel = len(shape) in (3, 4) and shape[-2:] == (1, 1) and shape[:-3] in ((), (1,))
    return stored.detach().double().reshape(-1) if per_channel else None


def like(value: Tensor, model: Tensor) -> nn.Parameter:
    """A number of ours as a parameter of the type, place and memory format of another."""
    value = value.to(dtype=model.dtype, device=model.device)
    if (
        value.dim() == 4
        and model.dim() == 4
        and model.is_contiguous(memory_format=torch.channels_last)
    ):
        value = value.contiguous(memory_format=torch.channels_last)
    else:
        value = value.contiguous()
    return nn.Parameter(value, requires_grad=False)
