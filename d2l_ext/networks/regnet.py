"""RegNetX and RegNetY (Radosavovic et al. 2020, "Designing network design spaces").

AnyNet is stem, stages, head; a RegNet is an AnyNet whose stages come from five numbers, see
`design_space`. Names and roundings are timm's; `regnet_checkpoints` takes weights over.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_network
from d2l_ext.networks.design_space import Stage, regnet_stages, tenth_multiple
from d2l_ext.networks.layers import initialise, scaled
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import projection
from d2l_ext.networks.senet import SqueezeExcitation


class XBlock(nn.Module):
    """A residual block with a grouped 3x3 between two 1x1s (Figure 4).

    Args:
        in_channels: Channels that come in.
        stage: Width, group width and bottleneck ratio.
        stride: Stride of the 3x3, and of the shortcut.

    Shape: (N, in_channels, H, W) to (N, stage.width, H / stride, W / stride), rounded up.
    """

    def __init__(self, in_channels: int, stage: Stage, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, stage.channels, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stage.channels)
        self.conv2 = nn.Conv2d(
            stage.channels,
            stage.channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=stage.channels // stage.group_width,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(stage.channels)
        self.conv3 = nn.Conv2d(stage.channels, stage.width, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(stage.width)
        self.shortcut = projection(in_channels, stage.width, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


class QuarterExcitation(SqueezeExcitation):
    """Squeeze-and-excitation whose bottleneck is a quarter of what comes into the *block*.

    Shape: (N, channels, H, W) to the same.
    """

    def __init__(self, channels: int, block_channels: int) -> None:
        super().__init__(channels)
        squeezed = max(1, round(block_channels / 4))
        self.fc1 = nn.Conv2d(channels, squeezed, kernel_size=1)
        self.fc2 = nn.Conv2d(squeezed, channels, kernel_size=1)


class YBlock(XBlock):
    """The X block with squeeze-and-excitation after the 3x3."""

    def __init__(self, in_channels: int, stage: Stage, stride: int = 1) -> None:
        super().__init__(in_channels, stage, stride)
        self.se = QuarterExcitation(stage.channels, in_channels)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.se(F.relu(self.bn2(self.conv2(Y))))
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


class AnyNet(nn.Module):
    """Stem, any stages, head (Figure 3): each stage halves the size in its first block.

    Args:
        block: `XBlock` or `YBlock`.
        stages: What to build; `design_space.regnet_stages` for a RegNet.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the stem and all stages, each to the nearest width that its groups
            divide; a group is made narrower only where the stage is narrower than it.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: A setting is not positive.
    """

    stem_stride = 2

    def __init__(
        self,
        block: type[XBlock],
        stages: Sequence[Stage],
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        width = scaled(32, width_mult)
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=self.stem_stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.stages = nn.Sequential()
        for stage in (stage.scaled(width_mult) for stage in stages):
            others = [block(stage.width, stage) for _ in range(stage.depth - 1)]
            self.stages.append(nn.Sequential(block(width, stage, stride=2), *others))
            width = stage.width
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = self.stages(F.relu(self.bn1(self.conv1(X))))
        return self.fc(self.avgpool(X).flatten(1))


@register
def regnetx_002(**settings) -> AnyNet:
    """2,684,792 parameters at 1000 classes."""
    stages = regnet_stages(13, 24, 36.44, 2.49, 8)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_004(**settings) -> AnyNet:
    """5,157,512 parameters at 1000 classes."""
    stages = regnet_stages(22, 24, 24.48, 2.54, 16)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_004_tv(**settings) -> AnyNet:
    """5,495,976 parameters at 1000 classes, with torchvision's rounding: its `regnet_x_400mf`."""
    stages = regnet_stages(22, 24, 24.48, 2.54, 16, tenth_multiple)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_006(**settings) -> AnyNet:
    """6,196,040 parameters at 1000 classes."""
    stages = regnet_stages(16, 48, 36.97, 2.24, 24)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_008(**settings) -> AnyNet:
    """7,259,656 parameters at 1000 classes."""
    stages = regnet_stages(16, 56, 35.73, 2.28, 16)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_016(**settings) -> AnyNet:
    """9,190,136 parameters at 1000 classes."""
    stages = regnet_stages(18, 80, 34.01, 2.25, 24)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_032(**settings) -> AnyNet:
    """15,296,552 parameters at 1000 classes."""
    stages = regnet_stages(25, 88, 26.31, 2.25, 48)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_040(**settings) -> AnyNet:
    """22,118,248 parameters at 1000 classes."""
    stages = regnet_stages(23, 96, 38.65, 2.43, 40)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_064(**settings) -> AnyNet:
    """26,209,256 parameters at 1000 classes."""
    stages = regnet_stages(17, 184, 60.83, 2.07, 56)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_080(**settings) -> AnyNet:
    """39,572,648 parameters at 1000 classes."""
    stages = regnet_stages(23, 80, 49.56, 2.88, 120)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_120(**settings) -> AnyNet:
    """46,106,056 parameters at 1000 classes."""
    stages = regnet_stages(19, 168, 73.36, 2.37, 112)
    return AnyNet(XBlock, stages, **settings)


@register
def regnetx_160(**settings) -> AnyNet:
    """54,278,536 parameters at 1000 classes."""
    stages = regnet_stages(22, 216, 55.59, 2.1, 128)
    return AnyNet(XBlock, stages, **settings)


@register
def regnety_002(**settings) -> AnyNet:
    """3,162,996 parameters at 1000 classes."""
    stages = regnet_stages(13, 24, 36.44, 2.49, 8)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_004(**settings) -> AnyNet:
    """4,344,144 parameters at 1000 classes."""
    stages = regnet_stages(16, 48, 27.89, 2.09, 8)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_006(**settings) -> AnyNet:
    """6,055,160 parameters at 1000 classes."""
    stages = regnet_stages(15, 48, 32.54, 2.32, 16)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_008(**settings) -> AnyNet:
    """6,263,168 parameters at 1000 classes."""
    stages = regnet_stages(14, 56, 38.84, 2.4, 16)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_008_tv(**settings) -> AnyNet:
    """6,432,512 parameters at 1000 classes, with torchvision's rounding: its `regnet_y_800mf`."""
    stages = regnet_stages(14, 56, 38.84, 2.4, 16, tenth_multiple)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_016(**settings) -> AnyNet:
    """11,202,430 parameters at 1000 classes."""
    stages = regnet_stages(27, 48, 20.71, 2.65, 24)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_032(**settings) -> AnyNet:
    """19,436,338 parameters at 1000 classes."""
    stages = regnet_stages(21, 80, 42.63, 2.66, 24)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_040(**settings) -> AnyNet:
    """20,646,656 parameters at 1000 classes."""
    stages = regnet_stages(22, 96, 31.41, 2.24, 64)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_064(**settings) -> AnyNet:
    """30,583,252 parameters at 1000 classes."""
    stages = regnet_stages(25, 112, 33.22, 2.27, 72)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_080(**settings) -> AnyNet:
    """39,180,068 parameters at 1000 classes."""
    stages = regnet_stages(17, 192, 76.82, 2.19, 56)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_080_tv(**settings) -> AnyNet:
    """39,381,472 parameters at 1000 classes, with torchvision's rounding: its `regnet_y_8gf`."""
    stages = regnet_stages(17, 192, 76.82, 2.19, 56, tenth_multiple)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_120(**settings) -> AnyNet:
    """51,822,544 parameters at 1000 classes."""
    stages = regnet_stages(19, 168, 73.36, 2.37, 112)
    return AnyNet(YBlock, stages, **settings)


@register
def regnety_160(**settings) -> AnyNet:
    """83,590,140 parameters at 1000 classes."""
    stages = regnet_stages(18, 200, 106.23, 2.48, 112)
    return AnyNet(YBlock, stages, **settings)
