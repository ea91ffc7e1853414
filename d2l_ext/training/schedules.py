"""Schedules: the learning rate as a fraction of its highest value, by the progress of training."""

from __future__ import annotations

import math
from collections.abc import Callable

# From the fraction of all steps that are done (0 to 1) to a factor of the learning rate.
Schedule = Callable[[float], float]


def constant(progress: float) -> float:
    """The same learning rate throughout, as the book trains."""
    return 1.0


def triangular(progress: float, start: float = 0.2, peak: float = 0.2, end: float = 0.01) -> float:
    """Up in a straight line to 1 at `peak`, then down in another to `end`.

    Smith 2017, "Super-convergence"; the form of the fast CIFAR-10 runs (Page 2018, Jordan 2024).

    Example:
        >>> triangular(0.0), triangular(0.2), round(triangular(1.0), 4)
        (0.2, 1.0, 0.01)
    """
    if progress < peak:
        return start + (1 - start) * progress / peak
    return 1 + (end - 1) * (progress - peak) / (1 - peak)


def cosine(progress: float) -> float:
    """From 1 to 0 along half a cosine (Loshchilov and Hutter 2017)."""
    return (1 + math.cos(math.pi * progress)) / 2


def steps(progress: float) -> float:
    """Divided by ten at one half and again at three quarters (He et al. 2016, section 4.2)."""
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


SCHEDULES: dict[str, Schedule] = {
    function.__name__: function for function in (constant, triangular, cosine, steps)
}
