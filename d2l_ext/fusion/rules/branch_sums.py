"""A sum of convolutions that read the same map is one convolution (RepVGG, Ding et al. 2021).

Smaller kernels are padded to the larger one, and the map itself, scaled and shifted or not, is a
1x1 convolution with the identity as its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from d2l_ext.fusion.affine import step
from d2l_ext.fusion.graph import Editor, label, only_user, summands
from d2l_ext.fusion.layers import with_weights

NAME = "parallel branches into one by their sum"


@dataclass(frozen=True)
class Branch:
    """A summand: a convolution, or a step that keeps the map.

    Attributes:
        source: The map that it reads.
        layer: The convolution, or None.
        scale, shift: Of the step, where there is no convolution.
    """

    source: fx.Node
    layer: Any = None
    scale: Tensor | None = None
    shift: Tensor | None = None


def apply(editor: Editor) -> int:
    """Join pairs of summands; sums of more come apart into pairs."""
    fired = 0
    for node in editor.nodes:
        pair = summands(node)
        if pair is None or pair[0] is pair[1]:
            continue
        # The convolution with the larger kernel takes the other.
        by_size = sorted(pair, key=lambda x: -kernel_size(editor.module(x)))
        first = branch(editor, by_size[0], node)
        if first is None or first.layer is None:
            continue
        second = branch(editor, by_size[1], node, first.source)
        if second is None or second.source is not first.source:
            continue
        if not joinable(first.layer, second) or not editor.quiet(first.source, node):
            continue
        editor.fire(NAME, label(by_size[0]), label(by_size[1]))
        editor.put(by_size[0], joined(first.layer, second))
        editor.bypass(node, by_size[0])
        if by_size[1] is not first.source:
            editor.net.graph.erase_node(by_size[1])
        fired += 1
    return fired


def branch(
    editor: Editor, node: fx.Node, sum_: fx.Node, source: fx.Node | None = None
) -> Branch | None:
    """A summand as a branch, if it is one; `source` is the map that it should read."""
    if node is source:
        one = torch.ones(1, dtype=torch.float64)
        return Branch(node, None, one, 0 * one)
    if only_user(node) is not sum_:
        return None
    layer = editor.module(node)
    if type(layer) is nn.Conv2d and editor.owns(node) and len(node.args) == 1:
        return Branch(node.args[0], layer)  # type: ignore[arg-type]
    affine = step(editor, node)
    if affine is None or (editor.module(node) is not None and not editor.owns(node)):
        return None
    return Branch(affine.source, None, affine.scale, affine.shift)


def kernel_size(layer: Any) -> int:
    """Pixels of the kernel; 0 for what is no convolution."""
    return layer.weight[0, 0].numel() if type(layer) is nn.Conv2d else 0


def reach(layer: Any) -> tuple[int, ...] | None:
    """How far the kernel reaches from its first pixel to the one above the output's, less padding.

    Two kernels look at the same place if it is equal; None for padding given by name.
    """
    if isinstance(layer.padding, str):
        return None
    axes = zip(layer.kernel_size, layer.dilation, layer.padding, strict=True)
    if any(k % 2 == 0 for k in layer.kernel_size):
        return None
    return tuple(d * (k - 1) // 2 - p for k, d, p in axes)


def joinable(layer: Any, other: Branch) -> bool:
    """Whether the convolution's kernel has room for the other branch, at the same place."""
    if layer.padding_mode != "zeros" or reach(layer) is None:
        return False
    if other.layer is None:
        assert other.scale is not None
        fits = other.scale.numel() in (1, layer.in_channels)
        keeps = layer.in_channels == layer.out_channels and set(layer.stride) == {1}
        return fits and keeps and reach(layer) == (0, 0)
    small = other.layer
    same = all(
        getattr(layer, name) == getattr(small, name)
        for name in ("in_channels", "out_channels", "groups", "stride", "padding_mode")
    )
    smaller = all(s <= k for s, k in zip(small.kernel_size, layer.kernel_size, strict=True))
    spread = all(
        s == 1 or d == e
        for s, d, e in zip(small.kernel_size, small.dilation, layer.dilation, strict=True)
    )
    types = layer.weight.dtype == small.weight.dtype
    return same and smaller and spread and types and reach(layer) == reach(small)


def joined(layer: Any, other: Branch) -> nn.Module:
    """One convolution for both."""
    weight = layer.weight.detach().double()
    kernel, bias = kernel_of(layer, other)
    margins = [
        margin
        for size, small in zip(reversed(layer.kernel_size), reversed(kernel.shape[2:]), strict=True)
        for margin in [(size - small) // 2] * 2
    ]
    biases = [x.detach().double() for x in (layer.bias, bias) if x is not None]
    total = None if not biases else sum(biases[1:], start=biases[0])
    return with_weights(layer, weight + F.pad(kernel, margins), total)


def kernel_of(layer: Any, other: Branch) -> tuple[Tensor, Tensor | None]:
    """Weights and bias of a branch; a scale becomes a 1x1 convolution that mixes no channels."""
    if other.layer is not None:
        return other.layer.weight.detach().double(), other.layer.bias
    assert other.scale is not None and other.shift is not None
    channels, width = layer.in_channels, layer.in_channels // layer.groups
    device = layer.weight.device
    index = torch.arange(channels, device=device)
    kernel = torch.zeros(channels, width, 1, 1, dtype=torch.float64, device=device)
    kernel[index, index % width, 0, 0] = other.scale.to(device).expand(channels)
    return kernel, other.shift.to(device).expand(channels)
