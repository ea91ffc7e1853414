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


def check_same_training(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Be sure that a training can go on from a state that was loaded.

    Compared are their `identity`, the shapes in `model`, and the settings in `optimiser` but for the
    learning rate, which a schedule changes. A setting that one of them lacks does not count: another
    version of torch may have it.

    Raises:
        ValueError: They are of different trainings; the message says in what.
    """
    a, b = _fixed(before), _fixed(now)
    pairs = {name: (a.get(name), b.get(name)) for name in a | b}
    groups = (state["optimiser"]["param_groups"] for state in (before, now))
    for i, (old, new) in enumerate(zip(*groups, strict=False)):
        for key in old:
            if key in new and key not in ("params", "lr", "initial_lr"):
                pairs[f"{key} of parameter group {i}"] = old[key], new[key]
    differing = [(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]]
    if differing:
        there, here = ({name: pair[i] for name, *pair in differing[:3]} for i in (0, 1))
        raise ValueError(
            f"{path} is of another training ({there}, here {here}): delete it, or name another file"
        )


def _fixed(state: dict[str, Any]) -> dict[str, Any]:
    """What two states of one training agree on, beside the optimiser's settings."""
    shapes = {name: list(tensor.shape) for name, tensor in state["model"].items()}
    groups = [len(group["params"]) for group in state["optimiser"]["param_groups"]]
    return {**state["identity"], **shapes, "sizes of parameter groups": groups}


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
