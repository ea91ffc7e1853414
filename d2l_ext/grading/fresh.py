"""Inputs for hidden checks that nobody can have hard-coded: drawn from a seed of the grader's."""

import os
import random
from collections.abc import Callable
from typing import Any

# Set by `d2l-ext grade --seed`, for the solution's kernel and the students' alike.
SEED_VARIABLE = "D2L_EXT_SEED"
DEFAULT_SEED = "0"


def fresh(draw: Callable[[random.Random], tuple[Any, ...]], n: int) -> list[tuple[Any, ...]]:
    """Draws argument tuples for `show`, the same ones for the same seed on every machine.

    Args:
        draw: takes a `random.Random` and returns one tuple of arguments.
        n: how many tuples to draw.

    Returns:
        The tuples, in the order in which they were drawn.

    Raises:
        TypeError: if `draw` returns something else than a tuple.
    """
    # Python derives a generator's state from a string in a way that no version has changed.
    rng = random.Random(f"d2l_ext {os.environ.get(SEED_VARIABLE, DEFAULT_SEED)}")
    drawn = [draw(rng) for _ in range(n)]
    for arguments in drawn:
        if not isinstance(arguments, tuple):
            raise TypeError(f"draw must return a tuple of arguments, not {arguments!r}")
    return drawn
