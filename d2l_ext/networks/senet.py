"""Squeeze-and-excitation networks (Hu et al. 2018): channels weighted by what the image shows.

The block of the paper, and ResNets and ResNeXts with one in each residual block. The same
parameters give the same outputs as timm's networks of the same name. The other places where the
block can stand are in `senet_positions`, the lecture's own weighting is in `senet_lecture`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import BasicBlock, Bottleneck, ResNet
from d2l_ext.networks.resnext import CifarResNeXt, ResNeXt, ResNeXtBlock
from d2l_ext.scaling import squeezed as squeezed


class SqueezeExcitation(nn.Module):
    """Squeeze: the mean of each channel. Excitation: a weight from 0 to 1 for each (Figure 1).

    The two linear layers of the paper are 1x1 convolutions on a 1 x 1 map, which spares two changes
    of shape; `LinearSqueezeExcitation` is the same with linear layers.

    Args:
        channels: C, in and out.
        ratio: Reduction r of the bottleneck between the two layers; see `squeezed`.

    Shape: (N, C, H, W) to (N, C, H, W), for any H and W from 1 upwards.
    """

    def __init__(self, channels: int, ratio: int = 16) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed(channels, ratio), kernel_size=1)
        self.fc2 = nn.Conv2d(squeezed(channels, ratio), channels, kernel_size=1)

    def forward(self, X: Tensor) -> Tensor:
        Z = self.squeeze(X)
        S = torch.sigmoid(self.fc2(F.relu(self.fc1(Z))))
        return X * S


class LinearSqueezeExcitation(nn.Module):
    """`SqueezeExcitation` as the paper writes it (Equation 3): s = sigmoid(W2 relu(W1 z)).

    Arguments, shapes and state-dict names are the same; `from_convolutions` takes its weights over.
    """

    def __init__(self, channels: int, ratio: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, squeezed(channels, ratio))
        self.fc2 = nn.Linear(squeezed(channels, ratio), channels)

    def forward(self, X: Tensor) -> Tensor:
        z = X.mean(dim=(2, 3))
        s = torch.sigmoid(self.fc2(F.relu(self.fc1(z))))
        return X * s[:, :, None, None]


def from_convolutions(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a `SqueezeExcitation` for a `LinearSqueezeExcitation`: (out, in, 1, 1) to (out, in)."""
    return {
        name: value.flatten(1) if value.dim() == 4 else value for name, value in state_dict.items()
    }


def to_convolutions(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a `LinearSqueezeExcitation` for a `SqueezeExcitation`: (out, in) to (out, in, 1, 1)."""
    return {
        name: value[:, :, None, None] if value.dim() == 2 else value
        for name, value in state_dict.items()
    }


class SEBasicBlock(BasicBlock):
    """The basic block, its residual weighted before the addition.

    Another reduction than 16 is a subclass of one line, here as in the other blocks:
    `class SEBasicBlock4(SEBasicBlock): ratio = 4`.
    """

    ratio = 16

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.se = SqueezeExcitation(channels, self.ratio)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.se(self.bn2(self.conv2(Y)))
        Y += self.shortcut(X)
        return F.relu(Y)


class SEPaddedBlock(SEBasicBlock, PaddedBlock):
    """The same with option A: its shortcut has no parameters."""


class SEBottleneck(Bottleneck):
    """The bottleneck, its residual weighted before the addition (Figure 3)."""

    ratio = 16

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.se = SqueezeExcitation(self.expansion * channels, self.ratio)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.se(self.bn3(self.conv3(Y)))
        Y += self.shortcut(X)
        return F.relu(Y)


class SEResNeXtBlock(ResNeXtBlock):
    """The ResNeXt block, its residual weighted before the addition."""

    ratio = 16

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        cardinality: int,
        group_width: int,
        stride: int = 1,
    ) -> None:
        super().__init__(in_channels, out_channels, cardinality, group_width, stride)
        self.se = SqueezeExcitation(out_channels, self.ratio)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.se(self.bn3(self.conv3(Y)))
        Y += self.shortcut(X)
        return F.relu(Y)


class SEResNeXt(ResNeXt):
    """ResNeXt with a squeeze-and-excitation in each block; the arguments are `ResNeXt`'s."""

    block = SEResNeXtBlock


class CifarSEResNeXt(CifarResNeXt):
    """CIFAR's ResNeXt with a squeeze-and-excitation in each block; the arguments are the same."""

    block = SEResNeXtBlock


@register
def seresnet18(**settings) -> ResNet:
    """11,779,624 parameters at 1000 classes."""
    return ResNet(SEBasicBlock, (2, 2, 2, 2), **settings)


@register
def seresnet34(**settings) -> ResNet:
    """21,960,416 parameters at 1000 classes."""
    return ResNet(SEBasicBlock, (3, 4, 6, 3), **settings)


@register
def seresnet50(**settings) -> ResNet:
    """28,088,024 parameters at 1000 classes."""
    return ResNet(SEBottleneck, (3, 4, 6, 3), **settings)


@register
def seresnet101(**settings) -> ResNet:
    """49,326,872 parameters at 1000 classes."""
    return ResNet(SEBottleneck, (3, 4, 23, 3), **settings)


@register
def seresnet152(**settings) -> ResNet:
    """66,821,848 parameters at 1000 classes."""
    return ResNet(SEBottleneck, (3, 8, 36, 3), **settings)


@register
def seresnext50_32x4d(**settings) -> SEResNeXt:
    """27,559,896 parameters at 1000 classes."""
    return SEResNeXt((3, 4, 6, 3), cardinality=32, group_width=4, **settings)


@register
def seresnext101_32x4d(**settings) -> SEResNeXt:
    """48,955,416 parameters at 1000 classes."""
    return SEResNeXt((3, 4, 23, 3), cardinality=32, group_width=4, **settings)


@register
def seresnext101_32x8d(**settings) -> SEResNeXt:
    """93,569,048 parameters at 1000 classes."""
    return SEResNeXt((3, 4, 23, 3), cardinality=32, group_width=8, **settings)


@register
def seresnext101_64x4d(**settings) -> SEResNeXt:
    """88,232,984 parameters at 1000 classes."""
    return SEResNeXt((3, 4, 23, 3), cardinality=64, group_width=4, **settings)


@register
def cifar_seresnet20(**settings) -> CifarResNet:
    """275,506 parameters; `cifar_resnet20` with a squeeze-and-excitation in each block."""
    return CifarResNet(SEPaddedBlock, 20, **settings)


@register
def cifar_seresnext20_8x4d(**settings) -> CifarSEResNeXt:
    """271,386 parameters; `cifar_resnext20_8x4d` with a squeeze-and-excitation in each block."""
    return CifarSEResNeXt(20, cardinality=8, group_width=4, base_channels=16, **settings)
