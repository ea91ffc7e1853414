"""GoogLeNet for small images: a 3x3 stem that keeps the size, an eighth of the channels.

This is not in the paper. Blocks, poolings between them and head are those of `inception`.
"""

from torch import Tensor

from d2l_ext.networks.inception import ConvNormReLU, GoogLeNet
from d2l_ext.networks.layers import scaled
from d2l_ext.networks.registry import register


class CifarGoogLeNet(GoogLeNet):
    """GoogLeNet on 32 x 32 images; the nine blocks work on 32 x 32, 16 x 16 and 8 x 8.

    Args:
        num_classes: Size of the output.
        **settings: `in_channels` and `width_mult`, as in `GoogLeNet`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for H and W from `smallest` upwards.

    Raises:
        ValueError: In `forward`, images are too small.
    """

    smallest = 2  # the first pooling of size 3 has no padding
    narrowing = 8

    def __init__(self, num_classes: int = 10, **settings) -> None:
        super().__init__(num_classes=num_classes, **settings)

    def add_stem(self, in_channels: int, width_mult: float) -> int:
        channels = scaled(192 // self.narrowing, width_mult)
        self.conv1 = ConvNormReLU(in_channels, channels, kernel_size=3)
        return channels

    def to_3a(self, X: Tensor) -> Tensor:
        return self.conv1(X)


@register
def cifar_googlenet(**settings) -> CifarGoogLeNet:
    """89,058 parameters."""
    return CifarGoogLeNet(**settings)
