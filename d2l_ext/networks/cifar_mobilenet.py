"""MobileNets for small images: a 3x3 stem that keeps the size, and fewer blocks.

These are not in the papers. The blocks are those of `mobilenet`; the last ones work on a quarter of
the image's height and width, as in the CIFAR ResNets.
"""

from d2l_ext.networks.mobilenet import MobileNetV1, MobileNetV2
from d2l_ext.networks.registry import register


class CifarMobileNetV1(MobileNetV1):
    """MobileNet v1 on 32 x 32 images: stem, six separable convolutions, head.

    Args:
        num_classes: Size of the output.
        **settings: `in_channels` and `width_mult`, as in `MobileNetV1`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    stem_stride = 1
    stages = ((64, 1, 1), (128, 2, 2), (256, 3, 2))

    def __init__(self, num_classes: int = 10, **settings) -> None:
        super().__init__(num_classes=num_classes, **settings)


class CifarMobileNetV2(MobileNetV2):
    """MobileNet v2 on 32 x 32 images: stem, nine inverted residuals, a 1x1 convolution, head.

    Args:
        num_classes: Size of the output.
        **settings: `in_channels` and `width_mult`, as in `MobileNetV2`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    stem_stride = 1
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 3, 1))
    last_channels = 256

    def __init__(self, num_classes: int = 10, **settings) -> None:
        super().__init__(num_classes=num_classes, **settings)


@register
def cifar_mobilenet_v1(**settings) -> CifarMobileNetV1:
    """205,642 parameters."""
    return CifarMobileNetV1(**settings)


@register
def cifar_mobilenet_v2(**settings) -> CifarMobileNetV2:
    """204,554 parameters."""
    return CifarMobileNetV2(**settings)
