"""DenseNet (Huang et al. 2017, "Densely connected convolutional networks").

A layer reads everything that came before it and adds `growth_rate` channels: concatenation where
ResNet adds. Modules are named as in torchvision, so state dicts load both ways as they are.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks import image_size
from d2l_ext.networks.checks import check_at_least, check_network
from d2l_ext.networks.layers import initialise, scaled
from d2l_ext.networks.registry import register


class Layer(Protocol):
    """A kind of dense layer: `growth_rate` channels come out of it."""

    def __call__(self, in_channels: int, growth_rate: int) -> nn.Module: ...


class DenseLayer(nn.Module):
    """Batch norm, ReLU, 3x3 convolution (the paper's composite function).

    Shape: (N, in_channels, H, W) to (N, growth_rate, H, W).
    """

    def __init__(self, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, growth_rate, kernel_size=3, padding=1, bias=False)

    def forward(self, X: Tensor) -> Tensor:
        return self.conv1(F.relu(self.norm1(X)))


class BottleneckLayer(nn.Module):
    """A 1x1 convolution to four times the growth rate before the 3x3 (the B of DenseNet-BC).

    However many channels come in, the 3x3 reads only 4 * growth_rate of them.

    Shape: (N, in_channels, H, W) to (N, growth_rate, H, W).
    """

    def __init__(self, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        channels = 4 * growth_rate
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, growth_rate, kernel_size=3, padding=1, bias=False)

    def forward(self, X: Tensor) -> Tensor:
        Y = self.conv1(F.relu(self.norm1(X)))
        return self.conv2(F.relu(self.norm2(Y)))


class DenseBlock(nn.ModuleDict):
    """`depth` layers, each of which reads the block's input and all layers before it (Figure 1).

    Shape: (N, in_channels, H, W) to (N, in_channels + depth * growth_rate, H, W).

    Raises:
        ValueError: `depth`, `in_channels` or `growth_rate` is below 1.
    """

    def __init__(self, layer: Layer, depth: int, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        check_at_least(1, depth=depth, in_channels=in_channels, growth_rate=growth_rate)
        for i in range(depth):
            self[f"denselayer{i + 1}"] = layer(in_channels + i * growth_rate, growth_rate)

    def forward(self, X: Tensor) -> Tensor:
        for layer in self.values():
            X = torch.cat((X, layer(X)), dim=1)
        return X


class Transition(nn.Module):
    """Between two blocks: fewer channels by a 1x1 convolution, half the size by average pooling.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2), rounded down.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)

    def forward(self, X: Tensor) -> Tensor:
        return self.pool(self.conv(F.relu(self.norm(X))))


class DenseNet(nn.Module):
    """Stem, dense blocks with transitions between them, head (Table 1): DenseNet-BC for ImageNet.

    Args:
        depths: Layers in each dense block, for example (6, 12, 24, 16).
        growth_rate: Channels that each layer adds (the paper's k).
        stem_channels: Channels before the first block.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the growth rate and the stem's channels.
        layer: `BottleneckLayer` or `DenseLayer`.
        compression: Share of the channels that a transition keeps, rounded down.

    Shape: (N, in_channels, H, W) to (N, num_classes), for H and W from `smallest` upwards.

    Raises:
        ValueError: `compression` is not above 0 and at most 1, or another setting is not positive; in
            `forward`, images are too small.
    """

    smallest = 29  # a quarter of it, rounded up, can be halved three times

    def __init__(
        self,
        depths: tuple[int, ...],
        growth_rate: int,
        stem_channels: int,
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        layer: Layer = BottleneckLayer,
        compression: float = 0.5,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        check_at_least(1, growth_rate=growth_rate, stem_channels=stem_channels)
        if not 0 < compression <= 1:
            raise ValueError(
                f"compression = {compression} is the share of channels that a transition keeps: "
                "above 0 and at most 1, for example 0.5"
            )
        growth_rate = scaled(growth_rate, width_mult)
        channels = scaled(stem_channels, width_mult)
        self.features = self.stem(in_channels, channels)
        for i, depth in enumerate(depths, start=1):
            block = DenseBlock(layer, depth, channels, growth_rate)
            self.features.add_module(f"denseblock{i}", block)
            channels += depth * growth_rate
            if i < len(depths):
                kept = max(1, int(channels * compression))
                self.features.add_module(f"transition{i}", Transition(channels, kept))
                channels = kept
        self.features.add_module(f"norm{len(depths) + 1}", nn.BatchNorm2d(channels))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        initialise(self)

    def stem(self, in_channels: int, channels: int) -> nn.Sequential:
        """A quarter of the size before the first block."""
        stem = nn.Sequential()
        stem.add_module(
            "conv0",
            nn.Conv2d(in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False),
        )
        stem.add_module("norm0", nn.BatchNorm2d(channels))
        stem.add_module("relu0", nn.ReLU())
        stem.add_module("pool0", nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
        return stem

    def forward(self, X: Tensor) -> Tensor:
        X = F.relu(self.features(image_size.at_least(X, self.smallest)))
        return self.classifier(self.avgpool(X).flatten(1))


class CifarDenseNet(DenseNet):
    """Three equal blocks on 32 x 32 images, after a 3x3 convolution alone (the paper's 4.2).

    Args:
        depth: Weighted layers: 3n + 4, or with bottleneck layers 6n + 4.
        growth_rate: Channels that each layer adds (the paper's k).
        bottleneck: DenseNet-BC: bottleneck layers, transitions that keep half of the channels,
            and a stem of 2 * growth_rate channels; without it, a stem of 16.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the growth rate and the stem's channels.

    Shape: (N, in_channels, H, W) to (N, num_classes), for H and W from `smallest` upwards.

    Raises:
        ValueError: `depth` is not of that form, or another setting is not positive; in `forward`,
            images are too small.
    """

    smallest = 4

    def __init__(
        self,
        depth: int,
        growth_rate: int,
        bottleneck: bool,
        in_channels: int = 3,
        num_classes: int = 10,
        width_mult: float = 1.0,
    ) -> None:
        step = 6 if bottleneck else 3
        if depth < step + 4 or (depth - 4) % step:
            lower = max(step + 4, (depth - 4) // step * step + 4)
            raise ValueError(
                f"depth = {depth} is not {step}n + 4 (three blocks of n layers with "
                f"{step // 3} convolution{'s' if bottleneck else ''} each, a stem, two transitions "
                f"and a head); the nearest are {lower} and {lower + step}"
            )
        super().__init__(
            ((depth - 4) // step,) * 3,
            growth_rate,
            2 * growth_rate if bottleneck else 16,
            in_channels,
            num_classes,
            width_mult,
            layer=BottleneckLayer if bottleneck else DenseLayer,
            compression=0.5 if bottleneck else 1.0,
        )

    def stem(self, in_channels: int, channels: int) -> nn.Sequential:
        """One 3x3 convolution that keeps the size."""
        stem = nn.Sequential()
        conv = nn.Conv2d(in_channels, channels, kernel_size=3, padding=1, bias=False)
        stem.add_module("conv0", conv)
        return stem


@register
def densenet121(**settings) -> DenseNet:
    """7,978,856 parameters at 1000 classes."""
    return DenseNet((6, 12, 24, 16), growth_rate=32, stem_channels=64, **settings)


@register
def densenet161(**settings) -> DenseNet:
    """28,681,000 parameters at 1000 classes."""
    return DenseNet((6, 12, 36, 24), growth_rate=48, stem_channels=96, **settings)


@register
def densenet169(**settings) -> DenseNet:
    """14,149,480 parameters at 1000 classes."""
    return DenseNet((6, 12, 32, 32), growth_rate=32, stem_channels=64, **settings)


@register
def densenet201(**settings) -> DenseNet:
    """20,013,928 parameters at 1000 classes."""
    return DenseNet((6, 12, 48, 32), growth_rate=32, stem_channels=64, **settings)


@register
def cifar_densenet40_k12(**settings) -> CifarDenseNet:
    """1,019,722 parameters; no bottleneck, no compression."""
    return CifarDenseNet(40, growth_rate=12, bottleneck=False, **settings)


@register
def cifar_densenet_bc40_k12(**settings) -> CifarDenseNet:
    """176,122 parameters; bottleneck layers and compression, and not in the paper."""
    return CifarDenseNet(40, growth_rate=12, bottleneck=True, **settings)


@register
def cifar_densenet_bc100_k12(**settings) -> CifarDenseNet:
    """769,162 parameters; bottleneck layers and compression."""
    return CifarDenseNet(100, growth_rate=12, bottleneck=True, **settings)
