"""The rules by which settings decide channels; networks and explorers share them."""


def scaled(channels: int, width_mult: float) -> int:
    """Number of channels after scaling, at least one; halves round up.

    Raises:
        ValueError: `width_mult` is not positive.

    Example:
        >>> scaled(64, 0.5), scaled(1, 0.1)
        (32, 1)
    """
    if width_mult <= 0:
        raise ValueError(f"width_mult = {width_mult} must be positive, for example 0.5, 1 or 2")
    return max(1, int(channels * width_mult + 0.5))


def scaled_to_multiple(channels: int, width_mult: float, multiple: int) -> int:
    """Number of channels after scaling: the nearest multiple, at least one; halves round up.

    Raises:
        ValueError: `width_mult` is not positive.
    """
    if scaled(channels, width_mult) <= multiple:
        return multiple
    return multiple * int(channels * width_mult / multiple + 0.5)


def scaled_generously(channels: int, width_mult: float, multiple: int) -> int:
    """As `scaled_to_multiple`, but one multiple more where that would lose over a tenth.

    The rule of MobileNet v2's code, which torchvision uses in its RegNets as well.
    """
    rounded = scaled_to_multiple(channels, width_mult, multiple)
    return rounded if rounded >= 0.9 * channels * width_mult else rounded + multiple


def squeezed(channels: int, ratio: int) -> int:
    """Channels of the excitation's bottleneck: channels / ratio as a multiple of 8, at least 8.

    The paper's networks have channels / ratio, which is such a multiple wherever the block has 128
    channels or more at ratio 16; below, timm's trained weights have 8, and so do these.

    Raises:
        ValueError: `ratio` is below 1.
    """
    if ratio < 1:
        raise ValueError(f"ratio = {ratio} must be at least 1; the nearest valid value is 1")
    return max(8, int(channels / ratio + 4) // 8 * 8)
