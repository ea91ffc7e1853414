"""What every family shares: scaling a width, stacking blocks, and how weights begin."""

from typing import Protocol

from torch import nn


def scaled(channels: int, width_mult: float) -> int:
    """Number of channels after scaling, at least one; halves round up.

    Raises:
        ValueError: `width_mult` is not positive.
    """
    if width_mult <= 0:
        raise ValueError(f"width_mult = {width_mult} must be positive, for example 0.5, 1 or 2")
    return max(1, int(channels * width_mult + 0.5))


class Block(Protocol):
    """A kind of block: `expansion * channels` come out of it."""

    expansion: int

    def __call__(self, in_channels: int, channels: int, stride: int = 1) -> nn.Module: ...


def stage(block: Block, depth: int, in_channels: int, channels: int, stride: int) -> nn.Sequential:
    """`depth` blocks of equal width; the first one changes the shape, the others keep it."""
    first = block(in_channels, channels, stride)
    others = [block(block.expansion * channels, channels) for _ in range(depth - 1)]
    return nn.Sequential(first, *others)


def initialise(net: nn.Module) -> None:
    """Start convolutions at the scale that keeps a ReLU network's signal alive.

    Normal with variance 2 / fan-out (He et al. 2015, "Delving deep into rectifiers"); batch norm
    starts as the identity on standardised inputs.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
