"""The small ResNets for 32 x 32 images, and the plain networks beside them (He et al. 2016, 4.2).

A 3x3 stem, three stages of n blocks with 16, 32 and 64 channels, a head: 6n + 2 weighted layers.
"""

from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least, check_network
from d2l_ext.networks.depth import blocks_per_stage
from d2l_ext.networks.layers import Block, initialise, scaled, stage
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import BasicBlock, Bottleneck


class PaddedShortcut(nn.Module):
    """A shortcut without parameters (option A): every second pixel, new channels filled with zeros.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: `out_channels` is smaller than `in_channels`; zeros can only be added.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        if out_channels < in_channels:
            raise ValueError(
                f"option A cannot go from {in_channels} to {out_channels} channels: "
                "it adds channels of zeros; use a projection"
            )
        self.stride = stride
        self.new_channels = out_channels - in_channels

    def forward(self, X: Tensor) -> Tensor:
        X = X[:, :, :: self.stride, :: self.stride]
        return F.pad(X, (0, 0, 0, 0, 0, self.new_channels))


class PaddedBlock(BasicBlock):
    """The basic block with option A: its shortcut has no parameters."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        if not isinstance(self.shortcut, nn.Identity):
            self.shortcut = PaddedShortcut(in_channels, channels, stride)


class PlainBlock(nn.Module):
    """The basic block with its shortcut left out: what a residual network is compared with."""

    expansion = 1
    layers = 2

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels, channels=channels, stride=stride)
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        return F.relu(self.bn2(self.conv2(Y)))


class CifarBlock(Block, Protocol):
    """A kind of block that knows how many weighted layers are in a row in it."""

    layers: int


class CifarResNet(nn.Module):
    """Stem, three stages of n blocks each, head.

    Args:
        block: `PaddedBlock` (option A), `BasicBlock` (option B), `PlainBlock`, or any
            other, as `Bottleneck`.
        depth: Weighted layers, 6n + 2 with blocks of two layers (8, 14, 20, 26, 32, ...) and
            9n + 2 with bottlenecks, which have three.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the channels of every stage.
        base_channels: Channels of the stem and the first stage, before their expansion; the paper
            has 16. The other stages have 2 and 4 times as many.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: `depth` is not of that form, or another setting is not positive.
    """

    def __init__(
        self,
        block: CifarBlock,
        depth: int,
        in_channels: int = 3,
        num_classes: int = 10,
        width_mult: float = 1.0,
        base_channels: int = 16,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        check_at_least(1, base_channels=base_channels)
        n = blocks_per_stage(depth, block.layers)
        widths = [scaled(factor * base_channels, width_mult) for factor in (1, 2, 4)]
        self.conv1 = nn.Conv2d(in_channels, widths[0], kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.layer1 = stage(block, n, widths[0], widths[0], stride=1)
        self.layer2 = stage(block, n, block.expansion * widths[0], widths[1], stride=2)
        self.layer3 = stage(block, n, block.expansion * widths[1], widths[2], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(block.expansion * widths[2], num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = F.relu(self.bn1(self.conv1(X)))
        X = self.layer3(self.layer2(self.layer1(X)))
        return self.fc(self.avgpool(X).flatten(1))


@register
def cifar_resnet20(**settings) -> CifarResNet:
    """269,722 parameters; option A."""
    return CifarResNet(PaddedBlock, 20, **settings)


@register
def cifar_resnet32(**settings) -> CifarResNet:
    """464,154 parameters; option A."""
    return CifarResNet(PaddedBlock, 32, **settings)


@register
def cifar_resnet44(**settings) -> CifarResNet:
    """658,586 parameters; option A."""
    return CifarResNet(PaddedBlock, 44, **settings)


@register
def cifar_resnet56(**settings) -> CifarResNet:
    """853,018 parameters; option A."""
    return CifarResNet(PaddedBlock, 56, **settings)


@register
def cifar_resnet110(**settings) -> CifarResNet:
    """1,727,962 parameters; option A."""
    return CifarResNet(PaddedBlock, 110, **settings)


@register
def cifar_resnet1202(**settings) -> CifarResNet:
    """19,421,274 parameters; option A. Ten times as deep as 110 and, in the paper, worse.

    In eval mode its scores overflow until batch norm has seen images in train mode.
    """
    return CifarResNet(PaddedBlock, 1202, **settings)


@register
def cifar_resnet164(**settings) -> CifarResNet:
    """1,704,154 parameters; bottlenecks, with option B. The pre-activation paper compares with it."""
    return CifarResNet(Bottleneck, 164, **settings)


@register
def cifar_resnet20_b(**settings) -> CifarResNet:
    """`cifar_resnet20` with option B: 2,752 parameters more."""
    return CifarResNet(BasicBlock, 20, **settings)


@register
def cifar_resnet32_b(**settings) -> CifarResNet:
    """`cifar_resnet32` with option B."""
    return CifarResNet(BasicBlock, 32, **settings)


@register
def cifar_resnet44_b(**settings) -> CifarResNet:
    """`cifar_resnet44` with option B."""
    return CifarResNet(BasicBlock, 44, **settings)


@register
def cifar_resnet56_b(**settings) -> CifarResNet:
    """`cifar_resnet56` with option B."""
    return CifarResNet(BasicBlock, 56, **settings)


@register
def cifar_resnet110_b(**settings) -> CifarResNet:
    """`cifar_resnet110` with option B."""
    return CifarResNet(BasicBlock, 110, **settings)


@register
def cifar_plain20(**settings) -> CifarResNet:
    """`cifar_resnet20` without its shortcuts: the same 269,722 parameters."""
    return CifarResNet(PlainBlock, 20, **settings)


@register
def cifar_plain32(**settings) -> CifarResNet:
    """`cifar_resnet32` without its shortcuts."""
    return CifarResNet(PlainBlock, 32, **settings)


@register
def cifar_plain44(**settings) -> CifarResNet:
    """`cifar_resnet44` without its shortcuts."""
    return CifarResNet(PlainBlock, 44, **settings)


@register
def cifar_plain56(**settings) -> CifarResNet:
    """`cifar_resnet56` without its shortcuts."""
    return CifarResNet(PlainBlock, 56, **settings)


@register
def cifar_plain110(**settings) -> CifarResNet:
    """`cifar_resnet110` without its shortcuts."""
    return CifarResNet(PlainBlock, 110, **settings)
