"""Shift (Wu et al. 2018, "Shift: a zero FLOP, zero parameter alternative to spatial convolutions").

Each channel is moved by a pixel or not at all, in one of nine directions; the 1x1 convolutions
around it do the rest. A shift moves memory and computes nothing.
"""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least
from d2l_ext.networks.cifar_resnet import CifarResNet
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import projection


class Shift(nn.Module):
    """Move each channel by its own displacement; what comes in from outside is zero.

    The channels are cut into kernel_size^2 equal groups, one for each displacement, row by row;
    what is left over stays where it is, with the group in the middle. Which channel goes where does
    not matter, since the 1x1 convolutions before and after can permute them.

    Args:
        channels: Channels, in and out.
        kernel_size: Displacements along an axis: 3 is one pixel back, none, and one ahead.

    Shape: (N, channels, H, W) to the same, for any H and W from 1 upwards.

    Raises:
        ValueError: `kernel_size` is not odd and positive.
    """

    def __init__(self, channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            nearest = "1" if kernel_size < 1 else f"{kernel_size - 1} and {kernel_size + 1}"
            raise ValueError(
                f"kernel_size = {kernel_size} has no middle: it must be odd and positive; "
                f"nearest: {nearest}"
            )
        self.kernel_size = kernel_size
        self.group_widths = [channels // kernel_size**2] * kernel_size**2
        self.group_widths[kernel_size**2 // 2] += channels % kernel_size**2

    def forward(self, X: Tensor) -> Tensor:
        margin = self.kernel_size // 2
        padded = F.pad(X, (margin,) * 4)
        moved = []
        for i, last in enumerate(accumulate(self.group_widths)):
            group = slice(last - self.group_widths[i], last)
            # Of the padded map, the window of the map's own size with its corner at (top, left).
            top, left = divmod(i, self.kernel_size)
            rows = slice(top, (top - 2 * margin) or None)
            columns = slice(left, (left - 2 * margin) or None)
            moved.append(padded[:, group, rows, columns])
        return torch.cat(moved, dim=1)

    def as_kernels(self) -> Tensor:
        """The weights of the depthwise convolution that does the same: a single one in each.

        Returns:
            Zeros and ones of shape (channels, 1, kernel_size, kernel_size), for a convolution with
            a group for each channel and `padding=kernel_size // 2`.
        """
        displacement = torch.arange(len(self.group_widths)).repeat_interleave(
            torch.tensor(self.group_widths)
        )
        one_hot = F.one_hot(displacement, len(self.group_widths)).float()
        return one_hot.unflatten(1, (1, self.kernel_size, self.kernel_size))

    def extra_repr(self) -> str:
        return f"{sum(self.group_widths)}, kernel_size={self.kernel_size}"


class ShiftBlock(nn.Module):
    """1x1, shift, 1x1, and a shortcut (the paper's conv-shift-conv, Figure 3).

    Args:
        in_channels: Channels that come in.
        channels: Channels that come out.
        stride: Stride of the second 1x1, and of the shortcut.
        expansion: Channels that are shifted, as a multiple of those that come out.

    Shape: (N, in_channels, H, W) to (N, channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: `expansion` is below 1.
    """

    def __init__(
        self, in_channels: int, channels: int, stride: int = 1, expansion: int = 1
    ) -> None:
        super().__init__()
        check_at_least(1, expansion=expansion)
        shifted = expansion * channels
        self.conv1 = nn.Conv2d(in_channels, shifted, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(shifted)
        self.shift = Shift(shifted)
        self.conv2 = nn.Conv2d(shifted, channels, kernel_size=1, stride=stride, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = projection(in_channels, channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = self.shift(F.relu(self.bn1(self.conv1(X))))
        Y = self.bn2(self.conv2(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


@dataclass
class ShiftBlocks:
    """Builds the blocks of a network: shift blocks of one expansion.

    Attributes:
        shift_expansion: How much wider the blocks are within.
        expansion: What comes out of them is not wider.
        layers: The two 1x1 convolutions.
    """

    shift_expansion: int
    expansion: int = 1
    layers: int = 2

    def __call__(self, in_channels: int, channels: int, stride: int = 1) -> ShiftBlock:
        """Build one block."""
        return ShiftBlock(in_channels, channels, stride, self.shift_expansion)


class CifarShiftResNet(CifarResNet):
    """A CIFAR ResNet whose only 3x3 convolution is its stem.

    Args:
        depth: As in `CifarResNet`, 6n + 2.
        shift_expansion: Channels that are shifted, as a multiple of those that a block gives.
        **settings: `in_channels`, `num_classes` and `width_mult`, as in `CifarResNet`.
    """

    def __init__(self, depth: int, shift_expansion: int, **settings) -> None:
        super().__init__(ShiftBlocks(shift_expansion), depth, **settings)


@register
def cifar_shiftresnet20_e1(**settings) -> CifarShiftResNet:
    """34,906 parameters; as many channels are shifted as come out."""
    return CifarShiftResNet(20, shift_expansion=1, **settings)


@register
def cifar_shiftresnet20_e3(**settings) -> CifarShiftResNet:
    """95,642 parameters; three times as many channels are shifted as come out."""
    return CifarShiftResNet(20, shift_expansion=3, **settings)


@register
def cifar_shiftresnet20_e6(**settings) -> CifarShiftResNet:
    """186,746 parameters; six times as many channels are shifted as come out."""
    return CifarShiftResNet(20, shift_expansion=6, **settings)


@register
def cifar_shiftresnet20_e9(**settings) -> CifarShiftResNet:
    """277,850 parameters, about as many as in `cifar_resnet20`; nine times as many are shifted."""
    return CifarShiftResNet(20, shift_expansion=9, **settings)


@register
def cifar_shiftresnet56_e1(**settings) -> CifarShiftResNet:
    """102,106 parameters; as many channels are shifted as come out."""
    return CifarShiftResNet(56, shift_expansion=1, **settings)


@register
def cifar_shiftresnet56_e3(**settings) -> CifarShiftResNet:
    """294,554 parameters; three times as many channels are shifted as come out."""
    return CifarShiftResNet(56, shift_expansion=3, **settings)


@register
def cifar_shiftresnet56_e6(**settings) -> CifarShiftResNet:
    """583,226 parameters; six times as many channels are shifted as come out."""
    return CifarShiftResNet(56, shift_expansion=6, **settings)


@register
def cifar_shiftresnet56_e9(**settings) -> CifarShiftResNet:
    """871,898 parameters; nine times as many channels are shifted as come out."""
    return CifarShiftResNet(56, shift_expansion=9, **settings)


@register
def cifar_shiftresnet110_e1(**settings) -> CifarShiftResNet:
    """202,906 parameters; as many channels are shifted as come out."""
    return CifarShiftResNet(110, shift_expansion=1, **settings)


@register
def cifar_shiftresnet110_e3(**settings) -> CifarShiftResNet:
    """592,922 parameters; three times as many channels are shifted as come out."""
    return CifarShiftResNet(110, shift_expansion=3, **settings)


@register
def cifar_shiftresnet110_e6(**settings) -> CifarShiftResNet:
    """1,177,946 parameters; six times as many channels are shifted as come out."""
    return CifarShiftResNet(110, shift_expansion=6, **settings)


@register
def cifar_shiftresnet110_e9(**settings) -> CifarShiftResNet:
    """1,762,970 parameters; nine times as many channels are shifted as come out."""
    return CifarShiftResNet(110, shift_expansion=9, **settings)
