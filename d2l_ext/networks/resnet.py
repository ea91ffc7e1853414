"""ResNet for images of ImageNet's size (He et al. 2016, "Deep residual learning").

Table 1 of the paper, as code: a stem, four stages of residual blocks, a head. The same parameters
give the same outputs as torchvision's networks of the same name.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least, check_four, check_network
from d2l_ext.networks.layers import Block, initialise, scaled, stage
from d2l_ext.networks.registry import register


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """The shortcut: the identity where shapes agree, else a 1x1 convolution (option B).

    Raises:
        ValueError: A number is below 1.
    """
    check_at_least(1, in_channels=in_channels, out_channels=out_channels, stride=stride)
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (Figure 5, left).

    Shape: (N, in_channels, H, W) to (N, channels, H / stride, W / stride), rounded up.
    """

    expansion = 1
    layers = 2

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = projection(in_channels, channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


class Bottleneck(nn.Module):
    """1x1 to fewer channels, 3x3 on those, 1x1 to four times as many (Figure 5, right).

    Shape: (N, in_channels, H, W) to (N, 4 * channels, H / stride, W / stride), rounded up.
    The stride is in the 3x3, as in torchvision and in most trained weights; the paper has it in
    the first 1x1, see `Stride1x1Bottleneck`.
    """

    expansion = 4
    layers = 3

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = self.expansion * channels
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(
            channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = projection(in_channels, out_channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


class Stride1x1Bottleneck(Bottleneck):
    """The bottleneck as the paper has it: the stride in the first 1x1 convolution.

    The 1x1 then never sees three quarters of its input, which saves a few percent of the work.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.conv1.stride, self.conv2.stride = self.conv2.stride, self.conv1.stride


class ResNet(nn.Module):
    """Stem, four stages, head.

    Args:
        block: `BasicBlock`, `Bottleneck` or `Stride1x1Bottleneck`.
        depths: Blocks in each of the four stages, for example (3, 4, 6, 3).
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the channels of every stage; 1 is the paper's 64, 128, 256, 512.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: `depths` are not four positive numbers, or another setting is not positive.
    """

    def __init__(
        self,
        block: Block,
        depths: tuple[int, int, int, int],
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        check_four(depths=depths)
        widths = [scaled(channels, width_mult) for channels in (64, 128, 256, 512)]
        self.conv1 = nn.Conv2d(
            in_channels, widths[0], kernel_size=7, stride=2, padding=3, bias=False
        )
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        # The pooling has halved the map already, so the first stage keeps its size.
        self.layer1 = stage(block, depths[0], widths[0], widths[0], stride=1)
        self.layer2 = stage(block, depths[1], block.expansion * widths[0], widths[1], stride=2)
        self.layer3 = stage(block, depths[2], block.expansion * widths[1], widths[2], stride=2)
        self.layer4 = stage(block, depths[3], block.expansion * widths[2], widths[3], stride=2)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(block.expansion * widths[3], num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = self.maxpool(F.relu(self.bn1(self.conv1(X))))
        X = self.layer4(self.layer3(self.layer2(self.layer1(X))))
        return self.fc(self.avgpool(X).flatten(1))


@register
def resnet18(**settings) -> ResNet:
    """11,689,512 parameters at 1000 classes."""
    return ResNet(BasicBlock, (2, 2, 2, 2), **settings)


@register
def resnet34(**settings) -> ResNet:
    """21,797,672 parameters at 1000 classes."""
    return ResNet(BasicBlock, (3, 4, 6, 3), **settings)


@register
def resnet50(**settings) -> ResNet:
    """25,557,032 parameters at 1000 classes; stride in the 3x3."""
    return ResNet(Bottleneck, (3, 4, 6, 3), **settings)


@register
def resnet101(**settings) -> ResNet:
    """44,549,160 parameters at 1000 classes; stride in the 3x3."""
    return ResNet(Bottleneck, (3, 4, 23, 3), **settings)


@register
def resnet152(**settings) -> ResNet:
    """60,192,808 parameters at 1000 classes; stride in the 3x3."""
    return ResNet(Bottleneck, (3, 8, 36, 3), **settings)


@register
def resnet50_stride1x1(**settings) -> ResNet:
    """`resnet50` as in the paper: stride in the first 1x1, 6 % less work."""
    return ResNet(Stride1x1Bottleneck, (3, 4, 6, 3), **settings)


@register
def resnet101_stride1x1(**settings) -> ResNet:
    """`resnet101` as in the paper: stride in the first 1x1."""
    return ResNet(Stride1x1Bottleneck, (3, 4, 23, 3), **settings)


@register
def resnet152_stride1x1(**settings) -> ResNet:
    """`resnet152` as in the paper: stride in the first 1x1."""
    return ResNet(Stride1x1Bottleneck, (3, 8, 36, 3), **settings)
