"""What a model plots, gathered without waiting for a GPU, and handed to d2l's board each epoch."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from torch import Tensor

from d2l_ext.training.board import Board, Point


class Recorder:
    """The board of a model, while a trainer trains it.

    A `training.Classifier` has a `Board` of its own. A `d2l.Module` calls `plot`, which reads each
    value back from the device and now and then redraws a figure; for as long as the recorder is
    entered, `plot` only takes a note, and d2l's board gets its points at the end of an epoch.
    """

    def __init__(self, model: Any, trainer: Any) -> None:
        self.model, self.trainer = model, trainer
        self.board = model.board if isinstance(model.board, Board) else Board()
        self.images = 0  # in the batch under way
        self._handed_over: dict[str, int] = defaultdict(int)

    def __enter__(self) -> Recorder:
        if self.board is not self.model.board:
            self.model.plot = self._plot  # of the instance: it hides the class's own
        return self

    def __exit__(self, *exception: object) -> None:
        if self.board is not self.model.board:
            del self.model.plot

    def _plot(self, key: str, value: float | Tensor, train: bool) -> None:
        trainer = self.trainer
        time = trainer.train_batch_idx / trainer.num_train_batches if train else trainer.epoch + 1
        self.board.add(f"{'train' if train else 'val'}_{key}", time, value, self.images)

    def hand_over(self) -> None:
        """Give d2l's board the new points: as many per epoch as the model asks for."""
        if self.board is self.model.board:
            return
        board, shown = self.model.board, self.model.board.display
        board.display, board.xlabel = False, "epoch"  # no figure: `live` shows the curves
        for key, points in self.board.points.items():
            new = points[self._handed_over[key] :]
            self._handed_over[key] = len(points)
            train = key.startswith("train_")
            model = self.model
            per_epoch = model.plot_train_per_epoch if train else model.plot_valid_per_epoch
            batches = self.trainer.num_train_batches if train else self.trainer.num_val_batches
            for group in _groups(new, max(1, math.ceil(batches / per_epoch))):
                images = sum(count for _, _, count in group)
                time = sum(time * count for time, _, count in group) / images
                board.draw(time, sum(y * count for _, y, count in group) / images, key, every_n=1)
        board.display = shown


def _groups(points: list[Point], size: int) -> list[list[Point]]:
    return [points[start : start + size] for start in range(0, len(points), size)]
