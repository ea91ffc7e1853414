"""Batches cut from tensors in memory: no workers, no copies of single images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


class TensorLoader:
    """Iterate over (images, labels) in batches, as a `DataLoader` would.

    Images are float32 from 0 to 1 of shape (batch, C, H, W), as torchvision's `ToTensor` gives
    them, augmented and then resized for a whole batch at once, bilinear with antialiasing. All of
    it happens on the device where the tensors are. The order is drawn anew in each pass from
    torch's generator on the CPU, so `torch.manual_seed` fixes it, on every device to the same.

    Args:
        images: (N, H, W) or (N, C, H, W), uint8.
        labels: (N,), on the same device.
        batch_size: Images per batch; the last one may be smaller.
        resize: Height and width, or None to keep them.
        shuffle: Draw an order instead of keeping it.
        augment: What is done to each batch, as uint8, before it is resized.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        resize: tuple[int, int] | None = None,
        shuffle: bool = False,
        augment: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.images = images if images.ndim == 4 else images.unsqueeze(1)
        self.labels = labels
        self.batch_size, self.resize, self.shuffle = batch_size, resize, shuffle
        self.augment = augment

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        count, device = len(self.labels), self.labels.device
        order = torch.randperm(count).to(device) if self.shuffle else None
        for start in range(0, count, self.batch_size):
            chosen: Tensor | slice = slice(start, start + self.batch_size)
            if order is not None:
                chosen = order[chosen]
            yield self._prepare(self.images[chosen]), self.labels[chosen].long()

    def _prepare(self, images: Tensor) -> Tensor:
        """uint8 (N, C, H, W) to float32 of the size asked for."""
        if self.augment is not None:
            images = self.augment(images)
        X = images.float().div_(255)
        if self.resize and self.resize != X.shape[-2:]:
            X = F.interpolate(X, self.resize, mode="bilinear", antialias=True, align_corners=False)
        return X
