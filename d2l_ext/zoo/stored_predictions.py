"""The class that a model predicts for each test image: a byte each, gzipped."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from d2l_ext.zoo import files
from d2l_ext.zoo.files import ZooError

if TYPE_CHECKING:
    from d2l_ext.zoo.model_card import Card


def pack(classes: Tensor) -> bytes:
    """Classes (N,), uint8, as they are stored; the same ones give the same bytes."""
    return gzip.compress(classes.numpy().tobytes(), mtime=0)


def read_predictions(card: Card) -> Tensor:
    """The stored classes, (N,), uint8.

    Raises:
        ZooError: The file is missing or damaged.
    """
    path = files.predictions_file(card.name)
    try:
        content = gzip.decompress(files.content(path))
    except (EOFError, OSError, zlib.error) as error:
        raise ZooError(f"{path} is damaged ({error}); {files.mend(path)}") from None
    if len(content) != card.test_images:
        raise ZooError(
            f"{path} is damaged ({len(content)} of {card.test_images} predictions); "
            f"{files.mend(path)}"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
