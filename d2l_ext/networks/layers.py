"""What every family shares: scaling a width, stacking blocks, and how weights begin."""

from typing import Protocol

from torch import nn

from d2l_ext.networks.checks import check_at_least
from d2l_ext.scaling import scaled as scaled  # needs no torch, which the explorers rely on


class Block(Protocol):
    """A kind of block: `expansion * channels` come out of it."""

    expansion: int

    def __call__(self, in_channels: int, channels: int, stride: int = 1) -> nn.Module: ...


def stage(block: Block, depth: int, in_channels: int, channels: int, stride: int) -> nn.Sequential:
    """`depth` blocks of equal width; the first one changes the shape, the others keep it.

    Raises:
        ValueError: `depth` or `stride` is below 1.
    """
    check_at_least(1, depth=depth, stride=stride)
    first = block(in_channels, channels, stride)
    others = [block(block.expansion * channels, channels) for _ in range(depth - 1)]
    return nn.Sequential(first, *others)


def initialise(net: nn.Module) -> None:
    """Start convolutions at the scale that keeps a ReLU network's signal alive.

    Normal with variance 2 / fan-out (He et al. 2015, "Delving deep into rectifiers"); batch norm
    starts as the identity on standardised inputs. On the meta device there is nothing to start.
    """
    if any(weight.is_meta for weight in net.parameters()):
        return
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
