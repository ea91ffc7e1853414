"""Batches cut from tensors in memory: no workers, no copies of single images."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


class TensorLoader:
    """Iterate over (images, labels) in batches, as a `DataLoader` would.

    Images are float32 from 0 to 1 of shape (batch, 1, H, W), as torchvision's `ToTensor` gives
    them; resized for a whole batch at once, bilinear with antialiasing. The order is drawn anew in
    each pass from torch's generator, so `torch.manual_seed` fixes it.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        resize: tuple[int, int] | None = None,
        shuffle: bool = False,
    ) -> None:
        self.images, self.labels = images, labels
        self.batch_size, self.resize, self.shuffle = batch_size, resize, shuffle

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.labels)) if self.shuffle else None
        for start in range(0, len(self.labels), self.batch_size):
            chosen: Tensor | slice = slice(start, start + self.batch_size)
            if order is not None:
                chosen = order[chosen]
            yield self._prepare(self.images[chosen]), self.labels[chosen].long()

    def _prepare(self, images: Tensor) -> Tensor:
        """uint8 (N, H, W) to float32 (N, 1, H, W), resized."""
        X = images.unsqueeze(1).float().div_(255)
        if self.resize and self.resize != X.shape[-2:]:
            X = F.interpolate(X, self.resize, mode="bilinear", antialias=True, align_corners=False)
        return X
