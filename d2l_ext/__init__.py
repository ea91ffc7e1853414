"""Blocks, counts, data, trained networks and graded exercises for a course on modern CNNs.

Importing the package costs next to nothing: each module is loaded when it is first used.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "counting",
    "data",
    "explorers",
    "figures",
    "fusion",
    "grading",
    "networks",
    "training",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext d2l_ext` in a notebook: brings `%check`."""
    from d2l_ext.grading import magic

    magic.register(ipython)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
