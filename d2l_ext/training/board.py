"""The record of a training run: what was measured when, averaged by epoch on request."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Board:
    """Points (time in epochs, value, number of images) for each quantity, as they come.

    `xlim` is where `d2l.Trainer` writes the number of epochs.
    """

    xlim: list[float] = field(default_factory=list)
    points: dict[str, list[tuple[float, float, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, key: str, x: float, value: float, images: int) -> None:
        """Write one value down: `x` in epochs, averaged over so many images."""
        self.points[key].append((x, value, images))

    def curve(self, key: str) -> list[float]:
        """Averages per epoch, each image counting once: a small last batch weighs what it holds.

        Raises:
            KeyError: Nothing was recorded under that name; the message says what was.
        """
        if key not in self.points:
            known = ", ".join(self.points) or "nothing: the model has not been trained"
            raise KeyError(f"no curve called {key!r}; recorded: {known}")
        epochs: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for x, value, images in self.points[key]:
            # A validation belongs to the epoch that it ends, a training step to the one it is in.
            epoch = math.ceil(x) - 1 if key.startswith("val_") else math.floor(x)
            epochs[epoch].append((value, images))
        return [
            sum(value * images for value, images in values) / sum(images for _, images in values)
            for _, values in sorted(epochs.items())
        ]
