"""Pre-activation ResNets (He et al. 2016, "Identity mappings in deep residual networks").

Batch norm and ReLU come before each convolution and nothing comes after the addition, so the
shortcut is the identity from the first block of a stage to the last. Where a block changes shape,
its shortcut is a 1x1 convolution of the activated input, as in the authors' code. The stride of a
bottleneck is in its 3x3, as in timm (the authors have it in the first 1x1).
"""

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least
from d2l_ext.networks.cifar_resnet import CifarResNet
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import ResNet


def bare_projection(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """A 1x1 convolution where shapes differ, else the identity; its input is normalised already.

    Raises:
        ValueError: A number is below 1.
    """
    check_at_least(1, in_channels=in_channels, out_channels=out_channels, stride=stride)
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False)


class PreActBasicBlock(nn.Module):
    """Batch norm, ReLU, 3x3, twice, and a shortcut (Figure 4e).

    Shape: (N, in_channels, H, W) to (N, channels, H / stride, W / stride), rounded up.
    """

    expansion = 1
    layers = 2

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        self.shortcut = bare_projection(in_channels, channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        A = F.relu(self.bn1(X))
        Y = self.conv1(A)
        Y = self.conv2(F.relu(self.bn2(Y)))
        return Y + (X if isinstance(self.shortcut, nn.Identity) else self.shortcut(A))


class PreActBottleneck(nn.Module):
    """The bottleneck in the same order: 1x1 to fewer channels, 3x3, 1x1 to four times as many.

    Shape: (N, in_channels, H, W) to (N, 4 * channels, H / stride, W / stride), rounded up.
    """

    expansion = 4
    layers = 3

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = self.expansion * channels
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(
            channels, channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn3 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, kernel_size=1, bias=False)
        self.shortcut = bare_projection(in_channels, out_channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        A = F.relu(self.bn1(X))
        Y = self.conv1(A)
        Y = self.conv2(F.relu(self.bn2(Y)))
        Y = self.conv3(F.relu(self.bn3(Y)))
        return Y + (X if isinstance(self.shortcut, nn.Identity) else self.shortcut(A))


class CifarPreActResNet(CifarResNet):
    """For 32 x 32 images: the CIFAR ResNet, its batch norm and ReLU moved from stem to head.

    Args:
        block: `PreActBasicBlock` or `PreActBottleneck`.
        depth: Weighted layers, 6n + 2 of basic blocks or 9n + 2 of bottlenecks.
        **settings: `in_channels`, `num_classes` and `width_mult`, as for `CifarResNet`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: `depth` is not of that form.
    """

    def __init__(
        self,
        block: type[PreActBasicBlock] | type[PreActBottleneck],
        depth: int,
        **settings,
    ) -> None:
        super().__init__(block, depth, **settings)
        del self.bn1  # the first block brings its own
        self.bn = nn.BatchNorm2d(self.fc.in_features)

    def forward(self, X: Tensor) -> Tensor:
        X = self.layer3(self.layer2(self.layer1(self.conv1(X))))
        X = F.relu(self.bn(X))
        return self.fc(self.avgpool(X).flatten(1))


class PreActResNet(ResNet):
    """For images of ImageNet's size: ResNet, its batch norm and ReLU moved from stem to head.

    Args:
        block: `PreActBasicBlock` or `PreActBottleneck`.
        depths: Blocks in each of the four stages, for example (3, 4, 6, 3).
        **settings: `in_channels`, `num_classes` and `width_mult`, as for `ResNet`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    def __init__(
        self,
        block: type[PreActBasicBlock] | type[PreActBottleneck],
        depths: tuple[int, int, int, int],
        **settings,
    ) -> None:
        super().__init__(block, depths, **settings)
        del self.bn1  # the first block brings its own
        self.bn = nn.BatchNorm2d(self.fc.in_features)

    def forward(self, X: Tensor) -> Tensor:
        X = self.maxpool(self.conv1(X))
        X = self.layer4(self.layer3(self.layer2(self.layer1(X))))
        X = F.relu(self.bn(X))
        return self.fc(self.avgpool(X).flatten(1))


@register
def resnetv2_18(**settings) -> PreActResNet:
    """11,687,720 parameters at 1000 classes."""
    return PreActResNet(PreActBasicBlock, (2, 2, 2, 2), **settings)


@register
def resnetv2_34(**settings) -> PreActResNet:
    """21,795,880 parameters at 1000 classes."""
    return PreActResNet(PreActBasicBlock, (3, 4, 6, 3), **settings)


@register
def resnetv2_50(**settings) -> PreActResNet:
    """25,549,352 parameters at 1000 classes."""
    return PreActResNet(PreActBottleneck, (3, 4, 6, 3), **settings)


@register
def resnetv2_101(**settings) -> PreActResNet:
    """44,541,480 parameters at 1000 classes."""
    return PreActResNet(PreActBottleneck, (3, 4, 23, 3), **settings)


@register
def resnetv2_152(**settings) -> PreActResNet:
    """60,185,128 parameters at 1000 classes."""
    return PreActResNet(PreActBottleneck, (3, 8, 36, 3), **settings)


@register
def cifar_preact_resnet20(**settings) -> CifarPreActResNet:
    """272,282 parameters at 10 classes."""
    return CifarPreActResNet(PreActBasicBlock, 20, **settings)


@register
def cifar_preact_resnet56(**settings) -> CifarPreActResNet:
    """855,578 parameters at 10 classes."""
    return CifarPreActResNet(PreActBasicBlock, 56, **settings)


@register
def cifar_preact_resnet110(**settings) -> CifarPreActResNet:
    """1,730,522 parameters at 10 classes."""
    return CifarPreActResNet(PreActBasicBlock, 110, **settings)


@register
def cifar_preact_resnet164(**settings) -> CifarPreActResNet:
    """1,703,258 parameters at 10 classes; bottlenecks."""
    return CifarPreActResNet(PreActBottleneck, 164, **settings)


@register
def cifar_preact_resnet1001(**settings) -> CifarPreActResNet:
    """10,327,706 parameters at 10 classes; bottlenecks."""
    return CifarPreActResNet(PreActBottleneck, 1001, **settings)
