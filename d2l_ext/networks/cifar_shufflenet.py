"""ShuffleNets for small images: a 3x3 stem that keeps the size, no pooling, about half the width.

These are not in the papers. Units, stages and their depths are those of `shufflenet`.
"""

from torch import nn

from d2l_ext.networks.registry import register
from d2l_ext.networks.shufflenet import ShuffleNetV1, ShuffleNetV2

STAGE2_CHANNELS = {1: 72, 2: 104, 3: 120, 4: 144, 8: 192}


class CifarShuffleNetV1(ShuffleNetV1):
    """ShuffleNet v1 on 32 x 32 images; the stages work on 16 x 16, 8 x 8 and 4 x 4.

    Each stage has half of the channels of the paper's Table 1, or slightly more where the groups ask
    for it, so all cardinalities cost about the same, as there: 9.2 to 10.0 million
    multiply-accumulates on a 1 x 28 x 28 image.

    Args:
        cardinality: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        **settings: `shuffle`, `in_channels`, `num_classes` and `width_mult`, as in `ShuffleNetV1`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: There are no widths for this cardinality.
    """

    stem_stride = 1
    stage2_channels = STAGE2_CHANNELS

    def __init__(self, cardinality: int, num_classes: int = 10, **settings) -> None:
        super().__init__(cardinality, num_classes=num_classes, **settings)
        self.maxpool = nn.Identity()


class CifarShuffleNetV2(ShuffleNetV2):
    """ShuffleNet v2 on 32 x 32 images; the stages work on 16 x 16, 8 x 8 and 4 x 4.

    Args:
        widths: Channels of the three stages and of the last convolution.
        **settings: `in_channels`, `num_classes` and `width_mult`, as in `ShuffleNetV2`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    stem_stride = 1

    def __init__(
        self, widths: tuple[int, int, int, int], num_classes: int = 10, **settings
    ) -> None:
        super().__init__(widths, num_classes=num_classes, **settings)
        self.maxpool = nn.Identity()


@register
def cifar_shufflenet_v1_g1(**settings) -> CifarShuffleNetV1:
    """248,698 parameters; nothing to shuffle."""
    return CifarShuffleNetV1(cardinality=1, **settings)


@register
def cifar_shufflenet_v1_g2(**settings) -> CifarShuffleNetV1:
    """266,170 parameters; `shuffle=False` leaves the shuffle out."""
    return CifarShuffleNetV1(cardinality=2, **settings)


@register
def cifar_shufflenet_v1_g3(**settings) -> CifarShuffleNetV1:
    """242,698 parameters; `shuffle=False` leaves the shuffle out."""
    return CifarShuffleNetV1(cardinality=3, **settings)


@register
def cifar_shufflenet_v1_g4(**settings) -> CifarShuffleNetV1:
    """265,402 parameters; `shuffle=False` leaves the shuffle out."""
    return CifarShuffleNetV1(cardinality=4, **settings)


@register
def cifar_shufflenet_v1_g8(**settings) -> CifarShuffleNetV1:
    """250,690 parameters; `shuffle=False` leaves the shuffle out."""
    return CifarShuffleNetV1(cardinality=8, **settings)


@register
def cifar_shufflenet_v2(**settings) -> CifarShuffleNetV2:
    """247,594 parameters; the stages of `shufflenet_v2_x0_5`."""
    return CifarShuffleNetV2((48, 96, 192, 512), **settings)
