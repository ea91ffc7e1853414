"""The record of a training run: what was measured when, averaged by epoch on request."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor

Point = tuple[float, float, int]


@dataclass
class Board:
    """Points (time in epochs, value, number of images) for each quantity, as they come.

    Values may be tensors on any device; they are read back together when somebody looks, so that
    recording a step never waits for a GPU.

    Attributes:
        xlim: Where `d2l.Trainer` writes the number of epochs.
        display: In a notebook, show the curves while `training.Trainer` trains.
        waiting: What has not been read back yet: name, time, value, images.
    """

    xlim: list[float] = field(default_factory=list)
    display: bool = False
    waiting: list[tuple[str, float, float | Tensor, int]] = field(default_factory=list)
    _points: dict[str, list[Point]] = field(default_factory=lambda: defaultdict(list))

    def add(self, key: str, x: float, value: float | Tensor, images: int) -> None:
        """Write one value down: `x` in epochs, averaged over so many images."""
        if isinstance(value, Tensor):
            value = value.detach()
        self.waiting.append((key, x, value, images))

    def clear(self) -> None:
        """Forget all that was recorded: another training begins."""
        self.waiting, self._points = [], defaultdict(list)

    @property
    def points(self) -> dict[str, list[Point]]:
        """All points so far, by the name of the quantity."""
        tensors = [value.float() for _, _, value, _ in self.waiting if isinstance(value, Tensor)]
        numbers = iter(torch.stack(tensors).tolist() if tensors else [])
        for key, x, value, images in self.waiting:
            number = next(numbers) if isinstance(value, Tensor) else value
            self._points[key].append((x, number, images))
        self.waiting.clear()
        return self._points

    def curve(self, key: str) -> list[float]:
        """Averages per epoch, each image counting once: a small last batch weighs what it holds.

        Raises:
            KeyError: Nothing was recorded under that name; the message says what was.
        """
        points = self.points
        if key not in points:
            known = ", ".join(points) or "nothing: the model has not been trained"
            raise KeyError(f"no curve called {key!r}; recorded: {known}")
        epochs: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for x, value, images in points[key]:
            # A validation belongs to the epoch that it ends, a training step to the one it is in.
            epoch = math.ceil(x) - 1 if key.startswith("val_") else math.floor(x)
            epochs[epoch].append((value, images))
        return [
            sum(value * images for value, images in values) / sum(images for _, images in values)
            for _, values in sorted(epochs.items())
        ]
