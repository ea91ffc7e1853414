"""Checkpoints: all that a training run needs to go on, in one file that is written whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def save(state: dict[str, Any], path: Path) -> None:
    """Write a state, and the random generators' own; an interrupt leaves the old file as it was."""
    generators: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        generators["cuda"] = torch.cuda.get_rng_state()
    write(path, lambda temporary: torch.save({**state, "generators": generators}, temporary))


def load(path: Path) -> dict[str, Any]:
    """Read a state and set the random generators as they were.

    Raises:
        ValueError: The file is no checkpoint, or is damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        generators = state.pop("generators")
    except Exception as error:  # torch raises whatever the damaged byte leads to
        raise ValueError(
            f"{path} is damaged or no checkpoint; delete it to train from the start ({error})"
        ) from error
    torch.set_rng_state(generators["cpu"])
    if "cuda" in generators and torch.cuda.is_available():
        torch.cuda.set_rng_state(generators["cuda"])
    return state


def write(path: Path, save_to: Callable[[str], object]) -> None:
    """Have a file written beside its place and moved there, so that nobody sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        save_to(temporary)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
