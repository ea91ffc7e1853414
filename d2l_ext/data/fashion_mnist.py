"""Fashion-MNIST as a data module that `d2l.Trainer` and the course's own trainer accept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from d2l_ext.data.module import ImageData, first
from d2l_ext.data.sources import BUNDLED_TRAIN_SIZE, load


class FashionMNIST(ImageData):
    """The real images, read into memory once.

    The package brings all 10,000 test images and the first 10,000 of the 60,000 training images.
    The full training set is used where a folder holds it (see `sources.load`); printing the module
    says which it is.

    Args:
        batch_size: Images per batch.
        resize: Height and width of the images, or one number for both; 28 if left out.
        train_size: Take the first so many training images; all that there are if left out. Up to
            10,000 the images are the same on every machine.
        val_size: Take the first so many of the 10,000 test images.
        device: Keep all images there and make the batches there: `'cuda'` where a GPU trains.
        augment: What is done to each training batch: `Augment()`, or any function of a batch.
        root: A folder that holds `FashionMNIST/raw`, looked in first.
        download: Fetch the full training set through torchvision where no folder has it.

    Raises:
        ValueError: A size is not positive, or larger than what there is; or no such device.
        DataError: No whole copy of the data was found.

    Example:
        >>> data = FashionMNIST(batch_size=64, train_size=1000)
        >>> X, y = next(iter(data.train_dataloader()))
        >>> X.shape, y.shape
        (torch.Size([64, 1, 28, 28]), torch.Size([64]))
    """

    name = "Fashion-MNIST"
    mean = (0.2860,)
    std = (0.3530,)
    labels = (
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )

    def __init__(
        self,
        batch_size: int = 128,
        resize: int | tuple[int, int] | None = None,
        train_size: int | None = None,
        val_size: int | None = None,
        *,
        device: str | torch.device | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
        root: str | Path | None = None,
        download: bool = False,
    ) -> None:
        train, val = load("train", root, download), load("t10k", root)
        more = ""
        if len(train.labels) == BUNDLED_TRAIN_SIZE:
            more = "; for all 60,000 set D2L_EXT_DATA, or say download=True"
        super().__init__(
            first(train, train_size, "train_size", more),
            first(val, val_size, "val_size"),
            batch_size,
            resize,
            device,
            augment,
        )

    def __repr__(self) -> str:
        return (
            f"FashionMNIST: {len(self.train.labels):,} training images ({self.train.source}), "
            f"{len(self.val.labels):,} test images"
        )
