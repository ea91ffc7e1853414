"""ResNeXt: many narrow paths in place of one wide one (Xie et al. 2017).

Cardinality C is the number of paths, group width d the number of channels of each: "32x4d" reads 32
paths of 4 channels. The block here is the paper's form (c), one grouped convolution; forms (a) and
(b), which compute the same, are in `resnext_forms`. The same parameters give the same outputs as
torchvision's and timm's networks of the same name.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least
from d2l_ext.networks.cifar_resnet import CifarResNet
from d2l_ext.networks.layers import scaled
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import ResNet, projection


class ResNeXtBlock(nn.Module):
    """1x1 to C x d channels, 3x3 within each of the C groups, 1x1 out (Figure 3c).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output, 256 in the paper's first stage.
        cardinality: C, the number of paths.
        group_width: d, the channels of each path.
        stride: Of the 3x3 convolution, and of the shortcut.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: `cardinality` or `group_width` is below 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        cardinality: int,
        group_width: int,
        stride: int = 1,
    ) -> None:
        super().__init__()
        check_paths(cardinality, group_width)
        width = cardinality * group_width
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, kernel_size=3, stride=stride, padding=1, groups=cardinality, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = projection(in_channels, out_channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


def check_paths(cardinality: int, group_width: int) -> None:
    """Raise unless there is at least one path, of at least one channel."""
    check_at_least(1, cardinality=cardinality, group_width=group_width)


def equal_cost_width(
    cardinality: int, channels: int = 256, bottleneck_channels: int = 64, kernel_size: int = 3
) -> int:
    """The group width d at which C paths cost as much as one bottleneck (Section 3.4).

    Solves C (2 d channels + k^2 d^2) = 2 b channels + k^2 b^2 for d, with b the bottleneck's
    channels and k the kernel size, and rounds to the nearest whole number. The weights and, at equal
    resolution, the multiply-accumulates of the block are equal up to that rounding.

    Args:
        cardinality: C, the number of paths.
        channels: Channels that enter and leave the block.
        bottleneck_channels: Channels between the two 1x1s of the block that is to be matched.
        kernel_size: Of the convolution in the middle.

    Raises:
        ValueError: There are so many paths that even one channel each costs too much, or a number is
            below 1.

    Example:
        >>> from d2l_ext.networks.resnext import equal_cost_width
        >>> [equal_cost_width(C) for C in (1, 2, 4, 8, 32)]
        [64, 40, 24, 14, 4]
    """
    check_at_least(
        1,
        cardinality=cardinality,
        channels=channels,
        bottleneck_channels=bottleneck_channels,
        kernel_size=kernel_size,
    )
    ends, middle = 2 * channels, kernel_size**2
    budget = bottleneck_channels * (ends + middle * bottleneck_channels)

    def width(paths: int) -> int:
        root = math.sqrt(ends**2 + 4 * middle * budget / paths)
        return int((root - ends) / (2 * middle) + 0.5)

    if width(cardinality) < 1:
        most = int(budget / (0.5 * ends + 0.25 * middle))
        raise ValueError(
            f"cardinality = {cardinality} is too many: paths of one channel already cost more than "
            f"the {budget:,} weights to match; at most {most} paths do not"
        )
    return width(cardinality)


@dataclass
class Paths:
    """Builds the blocks of a network: C paths whose width grows as the channels do.

    Attributes:
        block: The kind of block.
        cardinality: C, the same in every stage.
        group_width: d in a stage of `base_channels` channels; in proportion elsewhere, at least 1.
        base_channels: Channels of the first stage at full width, before their expansion.
        expansion: What comes out of a block is four times as wide.
        layers: Two 1x1s and the 3x3 between them.
    """

    block: type[ResNeXtBlock]
    cardinality: int
    group_width: int
    base_channels: int = 64
    expansion: int = 4
    layers: int = 3

    def __call__(self, in_channels: int, channels: int, stride: int = 1) -> ResNeXtBlock:
        """A block of `expansion * channels` output channels."""
        group_width = scaled(self.group_width, channels / self.base_channels)
        out_channels = self.expansion * channels
        return self.block(in_channels, out_channels, self.cardinality, group_width, stride)


class ResNeXt(ResNet):
    """ResNet's stem, stages and head around ResNeXt blocks (Table 1).

    Args:
        depths: Blocks in each of the four stages, for example (3, 4, 6, 3).
        cardinality: C, in all stages.
        group_width: d in the first stage; it doubles from stage to stage.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the channels of every stage and d, which stays at least 1; C is kept, so
            the groups always divide.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    block: type[ResNeXtBlock] = ResNeXtBlock

    def __init__(
        self,
        depths: tuple[int, int, int, int],
        cardinality: int,
        group_width: int,
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
    ) -> None:
        check_paths(cardinality, group_width)
        paths = Paths(self.block, cardinality, group_width)
        super().__init__(paths, depths, in_channels, num_classes, width_mult)


class CifarResNeXt(CifarResNet):
    """ResNeXt for 32 x 32 images: a 3x3 stem, three stages, a head (Section 5.3).

    Args:
        depth: Weighted layers, 9n + 2: 11, 20, 29, ...
        cardinality: C, in all stages.
        group_width: d in the first stage; it doubles from stage to stage.
        base_channels: Channels of the stem; the stages put out 4, 8 and 16 times as many.
        **settings: `in_channels`, `num_classes` and `width_mult`, as in `CifarResNet`; the width
            scales d as well, which stays at least 1, and keeps C.

    Raises:
        ValueError: `depth` is not of the form 9n + 2.
    """

    block: type[ResNeXtBlock] = ResNeXtBlock

    def __init__(
        self, depth: int, cardinality: int, group_width: int, base_channels: int = 64, **settings
    ) -> None:
        check_paths(cardinality, group_width)
        paths = Paths(self.block, cardinality, group_width, base_channels)
        super().__init__(paths, depth, base_channels=base_channels, **settings)


@register
def resnext50_32x4d(**settings) -> ResNeXt:
    """25,028,904 parameters at 1000 classes."""
    return ResNeXt((3, 4, 6, 3), cardinality=32, group_width=4, **settings)


@register
def resnext50_8x14d(**settings) -> ResNeXt:
    """25,603,016 parameters at 1000 classes; 8 wider paths at about equal cost (Table 3)."""
    return ResNeXt((3, 4, 6, 3), cardinality=8, group_width=14, **settings)


@register
def resnext50_4x24d(**settings) -> ResNeXt:
    """25,292,968 parameters at 1000 classes; 4 wider paths at about equal cost (Table 3)."""
    return ResNeXt((3, 4, 6, 3), cardinality=4, group_width=24, **settings)


@register
def resnext50_2x40d(**settings) -> ResNeXt:
    """25,425,000 parameters at 1000 classes; 2 wider paths. One path is `resnet50`."""
    return ResNeXt((3, 4, 6, 3), cardinality=2, group_width=40, **settings)


@register
def resnext101_32x4d(**settings) -> ResNeXt:
    """44,177,704 parameters at 1000 classes."""
    return ResNeXt((3, 4, 23, 3), cardinality=32, group_width=4, **settings)


@register
def resnext101_32x8d(**settings) -> ResNeXt:
    """88,791,336 parameters at 1000 classes."""
    return ResNeXt((3, 4, 23, 3), cardinality=32, group_width=8, **settings)


@register
def resnext101_64x4d(**settings) -> ResNeXt:
    """83,455,272 parameters at 1000 classes."""
    return ResNeXt((3, 4, 23, 3), cardinality=64, group_width=4, **settings)


@register
def cifar_resnext20_8x4d(**settings) -> CifarResNeXt:
    """247,898 parameters at 10 classes; of `cifar_resnet20`'s size, and not in the paper."""
    return CifarResNeXt(20, cardinality=8, group_width=4, base_channels=16, **settings)


@register
def cifar_resnext29_8x64d(**settings) -> CifarResNeXt:
    """34,426,698 parameters at 10 classes."""
    return CifarResNeXt(29, cardinality=8, group_width=64, **settings)


@register
def cifar_resnext29_16x64d(**settings) -> CifarResNeXt:
    """68,155,210 parameters at 10 classes."""
    return CifarResNeXt(29, cardinality=16, group_width=64, **settings)
