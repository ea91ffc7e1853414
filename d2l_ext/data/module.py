"""What the data sets share: a data module over images in memory, on any device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, SupportsIndex

import torch
from torch import Tensor

from d2l_ext.data.loader import TensorLoader
from d2l_ext.data.sources import Split


class ImageData:
    """A d2l-style data module over images that lie in memory once, as uint8.

    A subclass names the data set and loads its splits.

    Attributes:
        name: The data set, as cards and tables write it.
        num_classes: Its number of classes.
        labels: Their names.
        mean: Average of the training images, from 0 to 1, for each channel.
        std: Their standard deviation, for each channel.
        train: The training images and labels, on the module's device.
        val: The test images and labels.
    """

    name: ClassVar[str]
    labels: ClassVar[tuple[str, ...]]
    mean: ClassVar[tuple[float, ...]]
    std: ClassVar[tuple[float, ...]]
    num_classes: ClassVar[int] = 10

    def __init__(
        self,
        train: Split,
        val: Split,
        batch_size: int,
        resize: int | tuple[int, int] | None,
        device: str | torch.device | None,
        augment: Callable[[Tensor], Tensor] | None,
    ) -> None:
        if not isinstance(batch_size, SupportsIndex) or batch_size < 1:
            raise ValueError(f"batch_size = {batch_size} must be a whole number, at least 1")
        self.batch_size, self.augment = batch_size, augment
        self.resize = _height_and_width(resize)
        self.train, self.val = _on(device, train), _on(device, val)

    @property
    def image_size(self) -> tuple[int, int, int]:
        """(C, H, W) of an image in a batch."""
        H, W = self.resize or self.train.images.shape[-2:]
        return len(self.mean), H, W

    def get_dataloader(self, train: bool) -> TensorLoader:
        """Shuffled, augmented batches of the training images, or the test images as they are."""
        split = self.train if train else self.val
        augment = self.augment if train else None
        return TensorLoader(
            split.images, split.labels, self.batch_size, self.resize, shuffle=train, augment=augment
        )

    def train_dataloader(self) -> TensorLoader:
        """Batches to train on, in a new order at each pass."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> TensorLoader:
        """Batches of the test images, always in the same order."""
        return self.get_dataloader(train=False)

    def text_labels(self, indices: Iterable[int] | Tensor) -> list[str]:
        """Names of classes.

        Raises:
            IndexError: There is no class of that number.
        """
        classes = [int(i) for i in indices]
        if wrong := [i for i in classes if not 0 <= i < len(self.labels)]:
            raise IndexError(f"there is no class {wrong[0]}: they are 0 to {len(self.labels) - 1}")
        return [self.labels[i] for i in classes]


def first(split: Split, size: int | None, name: str, more: str = "") -> Split:
    """The first `size` images of a split; all of them for None.

    Raises:
        ValueError: There are not so many, or it is no whole number; the message ends with `more`.
    """
    if size is None:
        return split
    available = len(split.labels)
    if not isinstance(size, SupportsIndex):
        raise ValueError(f"{name} = {size!r} must be a whole number")
    if not 1 <= size <= available:
        raise ValueError(f"{name} = {size} must be from 1 to {available} ({split.source}){more}")
    return Split(split.images[:size], split.labels[:size], split.source)


def _height_and_width(resize: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Both, where one number stands for both.

    Raises:
        ValueError: They are not two whole numbers, at least 1.
    """
    if resize is None:
        return None
    size = resize if isinstance(resize, Sequence) else (resize, resize)
    if len(size) != 2 or not all(isinstance(pixels, SupportsIndex) for pixels in size):
        raise ValueError(f"resize = {resize!r} must be a whole number, or two: (height, width)")
    if min(size) < 1:
        raise ValueError(f"resize = {resize} must be at least 1 pixel")
    return size[0], size[1]


def _on(device: str | torch.device | None, split: Split) -> Split:
    """A split on a device; where it is for None.

    Raises:
        ValueError: This machine has no such device.
    """
    if device is None:
        return split
    if str(device).startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device = {str(device)!r}: there is no GPU here; leave device out")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch raises either where there is none
        reason = str(error).partition("\n")[0]
        raise ValueError(f"device = {str(device)!r}: {reason}; leave device out") from None
    return Split(split.images.to(device), split.labels.to(device), split.source)
