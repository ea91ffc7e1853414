"""Weights from elsewhere, under the names of this package.

torchvision and timm name the shortcuts of their ResNets `downsample`; all other names agree. This
holds for ResNet, ResNeXt and, in timm, SE-ResNet and SE-ResNeXt.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

StateDict = Mapping[str, Tensor]


def from_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """A torchvision ResNet's or ResNeXt's weights, under the names of this package.

    Example:
        >>> net = get_network('resnet50')
        >>> net.load_state_dict(from_torchvision(torchvision.models.resnet50().state_dict()))
        <All keys matched successfully>
    """
    return {name.replace(".downsample.", ".shortcut."): value for name, value in state_dict.items()}


def to_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of one of this package's ResNets or ResNeXts, under torchvision's names."""
    return {name.replace(".shortcut.", ".downsample."): value for name, value in state_dict.items()}
