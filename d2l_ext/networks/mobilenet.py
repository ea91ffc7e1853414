"""MobileNet v1 (Howard et al. 2017) and v2 (Sandler et al. 2018): separable convolutions.

A 3x3 convolution looks around and mixes channels at once; a separable one looks around channel by
channel (depthwise), then mixes channels pixel by pixel (1x1). It is grouping at its limit: a group
for each channel. With so little arithmetic, memory is what costs: the ReLU6s work in place.

Modules are named as in timm (v1, `mobilenetv1_100`) and torchvision (v2), so state dicts load both
ways as they are.
"""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least, check_network
from d2l_ext.networks.layers import initialise, scaled
from d2l_ext.networks.registry import register
from d2l_ext.networks.widths import scaled_generously


class SeparableConv(nn.Module):
    """Depthwise 3x3, then 1x1, each with batch norm and ReLU6 (v1, Figure 3, right).

    The paper says ReLU; its authors' code, and the weights trained with it, have ReLU6.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: `in_channels` or `stride` is below 1.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels, stride=stride)
        self.conv_dw = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=in_channels,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv_pw = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, X: Tensor) -> Tensor:
        X = F.relu6(self.bn1(self.conv_dw(X)), inplace=True)
        return F.relu6(self.bn2(self.conv_pw(X)), inplace=True)


class MobileNetV1(nn.Module):
    """Stem, thirteen separable convolutions, head (v1, Table 1).

    Args:
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales all channels (the paper's alpha).

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: A setting is not positive.
    """

    # Channels, how many convolutions, stride of the first.
    stages: tuple[tuple[int, int, int], ...] = (
        (64, 1, 1),
        (128, 2, 2),
        (256, 2, 2),
        (512, 6, 2),
        (1024, 2, 2),
    )
    stem_stride = 2

    def __init__(
        self, in_channels: int = 3, num_classes: int = 1000, width_mult: float = 1.0
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        width = scaled(32, width_mult)
        self.conv_stem = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=self.stem_stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential()
        for channels, depth, stride in self.stages:
            channels = scaled(channels, width_mult)
            others = [SeparableConv(channels, channels) for _ in range(depth - 1)]
            self.blocks.append(nn.Sequential(SeparableConv(width, channels, stride), *others))
            width = channels
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(width, num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = self.blocks(F.relu6(self.bn1(self.conv_stem(X)), inplace=True))
        return self.classifier(self.avgpool(X).flatten(1))


def conv_bn_relu6(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, depthwise: bool = False
) -> nn.Sequential:
    """A convolution that keeps the size, but for its stride; batch norm; ReLU6."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=in_channels if depthwise else 1,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """1x1 to more channels, depthwise 3x3 on those, 1x1 to few; no ReLU at the end (v2, Figure 4).

    A bottleneck turned inside out: the shortcut joins the narrow ends, where there is one, which is
    where shapes agree. Without expansion there is no first 1x1.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: `in_channels`, `stride` or `expansion` is below 1.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels, stride=stride, expansion=expansion)
        channels = expansion * in_channels
        self.conv = nn.Sequential(
            *([conv_bn_relu6(in_channels, channels, kernel_size=1)] if expansion > 1 else []),
            conv_bn_relu6(channels, channels, kernel_size=3, stride=stride, depthwise=True),
            nn.Conv2d(channels, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, X: Tensor) -> Tensor:
        return X + self.conv(X) if self.has_shortcut else self.conv(X)


class MobileNetV2(nn.Module):
    """Stem, seventeen inverted residuals, a 1x1 convolution, head (v2, Table 2).

    Args:
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales all channels to multiples of 8; the last convolution's only upwards.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: A setting is not positive.
    """

    # Expansion, channels, how many blocks, stride of the first.
    stages: tuple[tuple[int, int, int, int], ...] = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    stem_stride = 2
    last_channels = 1280

    def __init__(
        self, in_channels: int = 3, num_classes: int = 1000, width_mult: float = 1.0
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        width = scaled_generously(32, width_mult, multiple=8)
        last = scaled_generously(self.last_channels, max(1.0, width_mult), multiple=8)
        narrow = scaled_generously(self.stages[-1][1], width_mult, multiple=8)
        self.features = nn.Sequential(
            conv_bn_relu6(in_channels, width, kernel_size=3, stride=self.stem_stride),
            *self.inverted_residuals(width, width_mult),
            conv_bn_relu6(narrow, last, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, num_classes))
        initialise(self)

    def inverted_residuals(self, width: int, width_mult: float) -> Iterator[InvertedResidual]:
        """All blocks, in order."""
        for expansion, channels, depth, stride in self.stages:
            channels = scaled_generously(channels, width_mult, multiple=8)
            for i in range(depth):
                yield InvertedResidual(width, channels, 1 if i else stride, expansion)
                width = channels

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(X)).flatten(1))


@register
def mobilenet_v1(**settings) -> MobileNetV1:
    """4,231,976 parameters at 1000 classes."""
    return MobileNetV1(**settings)


@register
def mobilenet_v2(**settings) -> MobileNetV2:
    """3,504,872 parameters at 1000 classes."""
    return MobileNetV2(**settings)
