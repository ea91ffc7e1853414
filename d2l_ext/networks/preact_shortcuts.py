"""Shortcuts that are not the identity (He et al. 2016, "Identity mappings", Table 1, Figure 2).

Each block is the original one of `cifar_resnet`, with something done to its shortcut. A scale or a
gate's start other than the default is a subclass of one line:
`class Closed(ExclusiveGating): gate_start = -7.0`.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.highway import Gate
from d2l_ext.networks.registry import register


class ConstantScaling(PaddedBlock):
    """(b): shortcut and residual are multiplied by constants, by default 0.5 and 0.5."""

    shortcut_scale = 0.5
    residual_scale = 0.5

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return F.relu(self.residual_scale * Y + self.shortcut_scale * self.shortcut(X))


class HalfShortcut(ConstantScaling):
    """(b) with the shortcut halved and the residual whole."""

    residual_scale = 1.0


class ShortcutOnlyGating(PaddedBlock):
    """(d): the shortcut is multiplied by 1 - g(x), the residual is left as it is.

    The gate g is a 1x1 convolution and a sigmoid. A start far below 0 has it near 0,
    and the shortcut near the identity; the paper calls it the initial bias.
    """

    gate_start = -6.0

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.gate = Gate(in_channels, channels, self.gate_start, stride=stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return F.relu(Y + (1 - self.gate(X)) * self.shortcut(X))


class ExclusiveGating(ShortcutOnlyGating):
    """(c): the residual is multiplied by g(x) as well, as in highway networks."""

    def forward(self, X: Tensor) -> Tensor:
        G = self.gate(X)
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return F.relu(G * Y + (1 - G) * self.shortcut(X))


class ConvolutionalShortcut(PaddedBlock):
    """(e): each shortcut is a 1x1 convolution with batch norm, also where shapes agree (option C)."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.shortcut = nn.Sequential(
            nn.Conv2d(in_channels, channels, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(channels),
        )


class DropoutShortcut(PaddedBlock):
    """(f): dropout with probability 0.5 on the shortcut.

    Each value is dropped or, in training, doubled: its mean stays, its path is cut half of the time.
    The paper counts it as a scale of 0.5 on average, which is dropout without that doubling.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.shortcut = nn.Sequential(self.shortcut, nn.Dropout(0.5))


@register
def cifar_resnet110_half_shortcut(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; shortcut 0.5, residual 1."""
    return CifarResNet(HalfShortcut, 110, **settings)


@register
def cifar_resnet110_half_both(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; shortcut 0.5, residual 0.5."""
    return CifarResNet(ConstantScaling, 110, **settings)


@register
def cifar_resnet110_exclusive_gating(**settings) -> CifarResNet:
    """1,824,186 parameters at 10 classes; initial bias -6."""
    return CifarResNet(ExclusiveGating, 110, **settings)


@register
def cifar_resnet110_shortcut_gating(**settings) -> CifarResNet:
    """1,824,186 parameters at 10 classes; initial bias -6."""
    return CifarResNet(ShortcutOnlyGating, 110, **settings)


@register
def cifar_resnet110_conv_shortcut(**settings) -> CifarResNet:
    """1,826,202 parameters at 10 classes; option C."""
    return CifarResNet(ConvolutionalShortcut, 110, **settings)


@register
def cifar_resnet110_dropout_shortcut(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; dropout 0.5."""
    return CifarResNet(DropoutShortcut, 110, **settings)
