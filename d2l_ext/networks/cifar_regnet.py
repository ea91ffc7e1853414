"""RegNets for small images: the stem keeps the size, and the five numbers give three stages.

These are not in the paper. Blocks and generator are those of `regnet` and `design_space`.
"""

from collections.abc import Sequence

from d2l_ext.networks.design_space import Stage, regnet_stages
from d2l_ext.networks.registry import register
from d2l_ext.networks.regnet import AnyNet, XBlock, YBlock


class CifarAnyNet(AnyNet):
    """AnyNet on 32 x 32 images; three stages work on 16 x 16, 8 x 8 and 4 x 4.

    Args:
        block: `XBlock` or `YBlock`.
        stages: What to build.
        num_classes: Size of the output.
        **settings: `in_channels` and `width_mult`, as in `AnyNet`.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.
    """

    stem_stride = 1

    def __init__(
        self, block: type[XBlock], stages: Sequence[Stage], num_classes: int = 10, **settings
    ) -> None:
        super().__init__(block, stages, num_classes=num_classes, **settings)


@register
def cifar_regnetx(**settings) -> CifarAnyNet:
    """266,090 parameters; blocks of 32, 64 and 128 channels, two, three and five of them."""
    return CifarAnyNet(XBlock, regnet_stages(10, 32, 12, 2.0, 8), **settings)


@register
def cifar_regnety(**settings) -> CifarAnyNet:
    """310,194 parameters; `cifar_regnetx` with squeeze-and-excitation."""
    return CifarAnyNet(YBlock, regnet_stages(10, 32, 12, 2.0, 8), **settings)
