"""The rule by which a width multiplier scales channels; networks and explorers share it."""


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
