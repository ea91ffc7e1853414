"""GoogLeNet (Szegedy et al. 2015, "Going deeper with convolutions"), with batch norm.

Modules are named as in torchvision, so state dicts load both ways as they are. As there, what the
paper calls a 5x5 is a 3x3: so are the weights that people have.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks import image_size
from d2l_ext.networks.checks import check_network
from d2l_ext.networks.layers import initialise, scaled
from d2l_ext.networks.registry import register


class ConvNormReLU(nn.Module):
    """A convolution that keeps the size, but for its stride; batch norm; ReLU.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, X: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(X)))


class Inception(nn.Module):
    """Four branches that read one map; their channels one after another (Figure 2b).

    Args:
        in_channels: Channels that come in.
        one: Channels of the 1x1 branch.
        three_reduce, three: Channels of the 1x1 before the 3x3, and of the 3x3.
        five_reduce, five: The same where the paper has a 5x5.
        pool: Channels of the 1x1 after 3x3 max pooling.

    Shape: (N, in_channels, H, W) to (N, one + three + five + pool, H, W).
    """

    def __init__(
        self,
        in_channels: int,
        one: int,
        three_reduce: int,
        three: int,
        five_reduce: int,
        five: int,
        pool: int,
    ) -> None:
        super().__init__()
        self.out_channels = one + three + five + pool
        self.branch1 = ConvNormReLU(in_channels, one, kernel_size=1)
        self.branch2 = nn.Sequential(
            ConvNormReLU(in_channels, three_reduce, kernel_size=1),
            ConvNormReLU(three_reduce, three, kernel_size=3),
        )
        self.branch3 = nn.Sequential(
            ConvNormReLU(in_channels, five_reduce, kernel_size=1),
            ConvNormReLU(five_reduce, five, kernel_size=3),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            ConvNormReLU(in_channels, pool, kernel_size=1),
        )

    def forward(self, X: Tensor) -> Tensor:
        branches = (self.branch1(X), self.branch2(X), self.branch3(X), self.branch4(X))
        return torch.cat(branches, dim=1)


class AuxiliaryHead(nn.Module):
    """A classifier half-way, which shortens the gradient's path while the network is trained.

    Shape: (N, in_channels, H, W) to (N, num_classes).
    """

    def __init__(self, in_channels: int, num_classes: int, width_mult: float = 1.0) -> None:
        super().__init__()
        channels, features = scaled(128, width_mult), scaled(1024, width_mult)
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.conv = ConvNormReLU(in_channels, channels, kernel_size=1)
        self.fc1 = nn.Linear(4 * 4 * channels, features)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(features, num_classes)

    def forward(self, X: Tensor) -> Tensor:
        X = F.relu(self.fc1(self.conv(self.pool(X)).flatten(1)))
        return self.fc2(self.dropout(X))


class GoogLeNet(nn.Module):
    """Stem, nine Inception blocks with poolings between them, head (Table 1).

    Args:
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales all channels.

    Shape: (N, in_channels, H, W) to (N, num_classes), for H and W from `smallest` upwards.

    Raises:
        ValueError: A setting is not positive; in `forward`, images are too small.
    """

    smallest = 15  # the three poolings of size 3 have no padding

    narrowing = 1  # by what all channels of the paper are divided

    def __init__(
        self, in_channels: int = 3, num_classes: int = 1000, width_mult: float = 1.0
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        channels = self.add_stem(in_channels, width_mult)
        self.maxpool3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.maxpool4 = nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=True)

        def block(*widths: int) -> Inception:
            """The next block; its widths are a row of Table 1."""
            nonlocal channels
            widths = tuple(scaled(width // self.narrowing, width_mult) for width in widths)
            inception = Inception(channels, *widths)
            channels = inception.out_channels
            return inception

        self.inception3a = block(64, 96, 128, 16, 32, 32)
        self.inception3b = block(128, 128, 192, 32, 96, 64)
        self.inception4a = block(192, 96, 208, 16, 48, 64)
        self.inception4b = block(160, 112, 224, 24, 64, 64)
        self.inception4c = block(128, 128, 256, 24, 64, 64)
        self.inception4d = block(112, 144, 288, 32, 64, 64)
        self.inception4e = block(256, 160, 320, 32, 128, 128)
        self.inception5a = block(256, 160, 320, 32, 128, 128)
        self.inception5b = block(384, 192, 384, 48, 128, 128)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(channels, num_classes)
        initialise(self)

    def add_stem(self, in_channels: int, width_mult: float) -> int:
        """Build what comes before the first block; returns the channels that it puts out."""
        channels, out_channels = scaled(64, width_mult), scaled(192, width_mult)
        self.conv1 = ConvNormReLU(in_channels, channels, kernel_size=7, stride=2)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.conv2 = ConvNormReLU(channels, channels, kernel_size=1)
        self.conv3 = ConvNormReLU(channels, out_channels, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        return out_channels

    def to_3a(self, X: Tensor) -> Tensor:
        """From the images to the map that the first block reads."""
        return self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(X)))))

    def to_4a(self, X: Tensor) -> Tensor:
        """From the images to the map that the first auxiliary head reads."""
        X = self.to_3a(image_size.at_least(X, self.smallest))
        X = self.maxpool3(self.inception3b(self.inception3a(X)))
        return self.inception4a(X)

    def to_4d(self, X: Tensor) -> Tensor:
        """From there to the map that the second auxiliary head reads."""
        return self.inception4d(self.inception4c(self.inception4b(X)))

    def to_scores(self, X: Tensor) -> Tensor:
        """From there to the end."""
        X = self.maxpool4(self.inception4e(X))
        X = self.inception5b(self.inception5a(X))
        return self.fc(self.dropout(self.avgpool(X).flatten(1)))

    def forward(self, X: Tensor) -> Tensor:
        return self.to_scores(self.to_4d(self.to_4a(X)))


class Scores(NamedTuple):
    """The scores of a GoogLeNet that is being trained, each of shape (N, num_classes)."""

    scores: Tensor
    auxiliary2: Tensor
    auxiliary1: Tensor

    def loss(self, y: Tensor) -> Tensor:
        """Cross-entropy, that of each auxiliary head with weight 0.3, as in the paper."""
        auxiliary = F.cross_entropy(self.auxiliary1, y) + F.cross_entropy(self.auxiliary2, y)
        return F.cross_entropy(self.scores, y) + 0.3 * auxiliary


class AuxiliaryGoogLeNet(GoogLeNet):
    """GoogLeNet with its two auxiliary heads, which are in use in training mode only.

    Shape: (N, in_channels, H, W) to (N, num_classes) in eval mode, to three of them, `Scores`, in
    training mode.
    """

    def __init__(
        self, in_channels: int = 3, num_classes: int = 1000, width_mult: float = 1.0
    ) -> None:
        super().__init__(in_channels, num_classes, width_mult)
        self.aux1 = AuxiliaryHead(self.inception4a.out_channels, num_classes, width_mult)
        self.aux2 = AuxiliaryHead(self.inception4d.out_channels, num_classes, width_mult)
        initialise(self.aux1)
        initialise(self.aux2)

    def forward(self, X: Tensor) -> Tensor | Scores:  # type: ignore[override]
        after_4a = self.to_4a(X)
        after_4d = self.to_4d(after_4a)
        scores = self.to_scores(after_4d)
        if not self.training:
            return scores
        return Scores(scores, self.aux2(after_4d), self.aux1(after_4a))


@register
def googlenet(auxiliary: bool = False, **settings) -> GoogLeNet:
    """6,624,904 parameters at 1000 classes; 13,004,888 with the auxiliary heads."""
    return AuxiliaryGoogLeNet(**settings) if auxiliary else GoogLeNet(**settings)
