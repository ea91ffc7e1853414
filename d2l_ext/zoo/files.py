"""Where the zoo's files lie, and which models there are."""

from __future__ import annotations

import difflib
from pathlib import Path

FOLDER = Path(__file__).parent


class ZooError(ValueError):
    """A model cannot be had or added; the message says why and what to do."""


def list_models() -> list[str]:
    """Names of all trained networks, in alphabetical order."""
    return sorted(path.stem for path in (FOLDER / "cards").glob("*.json"))


def card_file(name: str) -> Path:
    """The card of a model."""
    return FOLDER / "cards" / f"{name}.json"


def weights_file(name: str) -> Path:
    """Its weights: float16, float32 where that is too small, in safetensors' format."""
    return FOLDER / "weights" / f"{name}.safetensors"


def predictions_file(name: str) -> Path:
    """The classes that it predicts: a byte for each test image, gzipped."""
    return FOLDER / "predictions" / f"{name}.gz"


def content(path: Path) -> bytes:
    """A file of the zoo.

    Raises:
        ZooError: It is missing.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ZooError(f"{path} is missing; {mend(path)}") from None


def mend(path: Path) -> str:
    """What to do about a file that is damaged or missing."""
    return f"install the package again (in a clone: git restore {path})"


def check_name(name: str) -> None:
    """Be sure that there is a model of that name.

    Raises:
        ZooError: There is none; the message suggests close names.
    """
    if name not in (models := list_models()):
        raise ZooError(
            f"there is no trained network called {name!r}; "
            f"{hint(name, models, 'zoo.list_models()')}"
        )


def hint(name: str, known: list[str], listing: str) -> str:
    """For a name that nothing has: the close ones, or what lists them all."""
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"see {listing}"
