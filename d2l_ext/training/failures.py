"""What goes wrong in training, told with what to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

# What torch's CPU allocator says; on a GPU it raises an error of its own kind.
NO_MEMORY = ("can't allocate memory", "not enough memory")


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what to change."""


@contextmanager
def explained(batch_size: int, precision: str) -> Iterator[None]:
    """Turn an error for want of memory into one that says what to change.

    Raises:
        TrainingError: The device ran out of memory.
    """
    try:
        yield
    except RuntimeError as error:
        out = isinstance(error, torch.OutOfMemoryError)
        if not out and not any(words in str(error) for words in NO_MEMORY):
            raise
        more = " or precision='auto'" if precision == "float32" else ""
        raise TrainingError(
            f"out of memory with {batch_size} images per batch: try "
            f"batch_size={max(1, batch_size // 2)}, smaller images{more}"
        ) from error


def check(losses: list[Tensor], epoch: int, lr: float, clipped: bool) -> None:
    """Refuse an epoch whose loss was not finite.

    Raises:
        TrainingError: It was NaN or infinite; the message says from which step on.
    """
    finite = torch.isfinite(torch.stack(losses)).tolist()
    if all(finite):
        return
    clip = "" if clipped else ", or gradient_clip_val=1"
    raise TrainingError(
        f"the loss is not a number from step {finite.index(False) + 1} of epoch {epoch + 1} on: "
        f"try a lower learning rate (the highest was {lr:g}, try {lr / 3:.2g}){clip}; and see "
        "whether the images hold numbers"
    )
