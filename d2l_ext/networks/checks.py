"""Refuse settings that no network can be built from, in words."""

import math
from collections.abc import Sequence


def check_at_least(least: int, **numbers: float) -> None:
    """Raise unless each of the numbers, given by its name, is at least `least`.

    Raises:
        ValueError: One is not; the message names it and the nearest valid value.

    Example:
        >>> from d2l_ext.networks.checks import check_at_least
        >>> check_at_least(1, depth=3, stride=2)
    """
    for name, value in numbers.items():
        if value < least:
            raise ValueError(
                f"{name} = {value} must be at least {least}; the nearest valid value is {least}"
            )


def check_network(in_channels: int, num_classes: int, width_mult: float) -> None:
    """Raise unless the three settings that every network takes make one.

    Raises:
        ValueError: `in_channels` or `num_classes` is below 1, or `width_mult` is not a positive
            number.
    """
    check_at_least(1, in_channels=in_channels, num_classes=num_classes)
    if not 0 < width_mult < math.inf:
        raise ValueError(
            f"width_mult = {width_mult} must be positive and finite, for example 0.5, 1 or 2"
        )


def check_four(**settings: Sequence[int]) -> None:
    """Raise unless each setting, given by its name, holds four numbers from 1 upwards.

    Raises:
        ValueError: One does not; the message names it and the nearest valid value.
    """
    for name, values in settings.items():
        if len(values) != 4 or min(values) < 1:
            positive = [max(1, value) for value in values] or [1]
            nearest = (*positive, *positive[-1:] * 3)[:4]
            raise ValueError(
                f"{name} = {tuple(values)} must be four numbers, each at least 1; the nearest valid "
                f"value is {nearest}"
            )
