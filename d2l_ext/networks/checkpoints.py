"""Weights from elsewhere, under the names of this package, and back.

torchvision and timm name the shortcuts of their ResNets, ResNeXts and SE networks `downsample`;
all other names agree. timm's pre-activation networks have names of their own throughout, and so
have the RegNets of both, see `regnet_checkpoints`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from d2l_ext.networks import regnet_checkpoints

StateDict = Mapping[str, Tensor]
OUR_REGNET = "stages.0.0.conv1.weight"  # a name that only the RegNets here have


def from_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """A torchvision ResNet's, ResNeXt's or RegNet's weights, under the names of this package.

    Example:
        >>> import torchvision
        >>> from d2l_ext.networks import from_torchvision, get_network
        >>> net = get_network('resnet50')
        >>> net.load_state_dict(from_torchvision(torchvision.models.resnet50().state_dict()))
        <All keys matched successfully>
    """
    if "trunk_output.block1.block1-0.proj.0.weight" in state_dict:
        return regnet_checkpoints.from_torchvision(state_dict)
    return {name.replace(".downsample.", ".shortcut."): value for name, value in state_dict.items()}


def to_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of a ResNet, ResNeXt or RegNet of this package, under torchvision's names."""
    if OUR_REGNET in state_dict:
        return regnet_checkpoints.to_torchvision(state_dict)
    return {name.replace(".shortcut.", ".downsample."): value for name, value in state_dict.items()}


def from_timm(state_dict: StateDict) -> dict[str, Tensor]:
    """A timm network's weights, under the names of this package.

    Args:
        state_dict: Of a resnet, resnext, seresnet, seresnext, regnet or resnetv2 (18 to 152).

    Example:
        >>> import timm
        >>> from d2l_ext.networks import from_timm, get_network
        >>> net = get_network('seresnet50')
        >>> net.load_state_dict(from_timm(timm.create_model('seresnet50').state_dict()))
        <All keys matched successfully>
    """
    if "s1.b1.conv1.conv.weight" in state_dict:
        return regnet_checkpoints.from_timm(state_dict)
    if "stem.conv.weight" not in state_dict:
        return from_torchvision(state_dict)
    return {ours(name): _head(name, value, 2) for name, value in state_dict.items()}


def to_timm(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of one of this package's networks that timm has too, under timm's names."""
    if OUR_REGNET in state_dict:
        return regnet_checkpoints.to_timm(state_dict)
    if "bn.weight" not in state_dict:
        return to_torchvision(state_dict)
    return {theirs(name): _head(name, value, 4) for name, value in state_dict.items()}


def ours(name: str) -> str:
    """The name of a weight of timm's resnetv2, in `preact.PreActResNet`."""
    name = name.replace("stem.conv.", "conv1.").replace("head.fc.", "fc.")
    name = name.replace(".downsample.conv.", ".shortcut.").replace("norm", "bn")
    return re.sub(r"^stages\.(\d)\.blocks\.", lambda match: f"layer{int(match[1]) + 1}.", name)


def theirs(name: str) -> str:
    """The name of a weight of `preact.PreActResNet`, in timm's resnetv2."""
    name = re.sub(r"^conv1\.", "stem.conv.", re.sub(r"^fc\.", "head.fc.", name))
    name = name.replace(".shortcut.", ".downsample.conv.").replace("bn", "norm")
    return re.sub(r"^layer(\d)\.", lambda match: f"stages.{int(match[1]) - 1}.blocks.", name)


def _head(name: str, value: Tensor, dims: int) -> Tensor:
    """The last layer's weight as a matrix (2), or as the 1x1 convolution that timm has (4)."""
    if not name.endswith("fc.weight"):
        return value
    return value.flatten(1) if dims == 2 else value[:, :, None, None]
