"""Networks that only studies need: those of the package with one number of their own set freely."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from torch import nn

from d2l_ext.networks import get_network, list_networks
from d2l_ext.networks.cifar_regnet import CifarAnyNet
from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock, PlainBlock
from d2l_ext.networks.preact import CifarPreActResNet, PreActBasicBlock
from d2l_ext.networks.preact_orders import (
    BatchNormAfterAddition,
    ReLUBeforeAddition,
    ReLUOnlyPreActivation,
    ReLUOnlyResNet,
)
from d2l_ext.networks.preact_shortcuts import (
    ConstantScaling,
    ConvolutionalShortcut,
    DropoutShortcut,
    ExclusiveGating,
    HalfShortcut,
    ShortcutOnlyGating,
)
from d2l_ext.networks.regnet import XBlock
from d2l_ext.networks.resnet import Bottleneck
from d2l_ext.networks.resnext import CifarResNeXt
from d2l_ext.networks.senet import SEBottleneck
from d2l_ext.networks.senet_lecture import InnerProductExcitation
from d2l_ext.networks.senet_positions import (
    SEIdentityBottleneck,
    SEPostBottleneck,
    SEPreBottleneck,
)
from d2l_ext.training import draws
from d2l_ext.training.recipe import nearest

POSITIONS: dict[str, Any] = {
    "none": Bottleneck,
    "standard": SEBottleneck,
    "pre": SEPreBottleneck,
    "post": SEPostBottleneck,
    "identity": SEIdentityBottleneck,
}


# Of the residual block's variants: the block and its network.
BLOCKS: dict[str, tuple[Any, Any]] = {
    "original": (PaddedBlock, CifarResNet),
    "plain": (PlainBlock, CifarResNet),
    "half_shortcut": (HalfShortcut, CifarResNet),
    "half_both": (ConstantScaling, CifarResNet),
    "convolution": (ConvolutionalShortcut, CifarResNet),
    "dropout": (DropoutShortcut, CifarResNet),
    "bn_after_addition": (BatchNormAfterAddition, CifarResNet),
    "relu_before_addition": (ReLUBeforeAddition, CifarResNet),
    "relu_only_preactivation": (ReLUOnlyPreActivation, ReLUOnlyResNet),
    "full_preactivation": (PreActBasicBlock, CifarPreActResNet),
}


def build(name: str, **settings: Any) -> nn.Module:
    """A listed network or one of `VARIANTS`.

    Raises:
        ValueError: There is none of that name; the message suggests a close one.
    """
    if name in VARIANTS:
        return VARIANTS[name](**settings)
    if name not in list_networks():
        close = difflib.get_close_matches(name, [*VARIANTS, *list_networks()], n=1)
        hint = f"did you mean {close[0]!r}?" if close else "see networks.list_networks()"
        raise ValueError(f"there is no network {name!r}; {hint}")
    return get_network(name, **settings)


def cifar_resnext20(cardinality: int, group_width: int, **settings: Any) -> nn.Module:
    """`cifar_resnext20_8x4d` with other paths."""
    return CifarResNeXt(20, cardinality, group_width, base_channels=16, **settings)


def cifar_resnet29_se(position: str, ratio: int = 16, **settings: Any) -> nn.Module:
    """Nine bottlenecks with their excitation in one of the places of the paper's Table 14.

    They have 64, 128 and 256 channels; ratios above 8, 16 and 32 change nothing there, since eight
    channels are always left.

    Raises:
        ValueError: It is none of `POSITIONS`.
    """
    if position not in POSITIONS:
        raise ValueError(f"position = {position!r}; {nearest(position, POSITIONS)}")
    block: Any = type("Block", (POSITIONS[position],), {"ratio": ratio})
    return CifarResNet(block, 29, **settings)


def cifar_resnet29_lecture_se(image_size: int, **settings: Any) -> nn.Module:
    """The same nine bottlenecks with the lecture's excitation, for square images of one size.

    Raises:
        ValueError: `image_size` is below 1; in `forward`, the images have another size.
    """
    net = CifarResNet(SEBottleneck, 29, **settings)
    size = image_size
    stages: tuple[Any, ...] = (net.layer1, net.layer2, net.layer3)
    for blocks in stages:
        for block in blocks:
            block.se = InnerProductExcitation(block.conv3.out_channels, size, size)
        size = -(-size // 2)
    return net


def cifar_resnet_of(block: str, depth: int, **settings: Any) -> nn.Module:
    """A residual network of any depth 6n + 2, of one of the `BLOCKS`.

    Raises:
        ValueError: It is none of them, or the depth is another.
    """
    if block not in BLOCKS:
        raise ValueError(f"block = {block!r}; {nearest(block, BLOCKS)}")
    kind, network = BLOCKS[block]
    return network(kind, depth, **settings)


def cifar_resnet_gated(
    depth: int, gate_start: float, exclusive: bool, **settings: Any
) -> nn.Module:
    """A gated ResNet whose gates start where one likes (pre-activation paper, Table 1)."""
    kind = ExclusiveGating if exclusive else ShortcutOnlyGating
    block: Any = type("Block", (kind,), {"gate_start": float(gate_start)})
    return CifarResNet(block, depth, **settings)


def drawn_anynet(space: str, draw: int, **settings: Any) -> nn.Module:
    """The network of a number in a random sample of a design space; see `draws.stages`."""
    return CifarAnyNet(XBlock, draws.stages(space, draw), **settings)


VARIANTS: dict[str, Callable[..., nn.Module]] = {
    constructor.__name__: constructor
    for constructor in (
        cifar_resnext20,
        cifar_resnet29_se,
        cifar_resnet29_lecture_se,
        cifar_resnet_of,
        cifar_resnet_gated,
        drawn_anynet,
    )
}
