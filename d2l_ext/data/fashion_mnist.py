"""Fashion-MNIST as a data module that `d2l.Trainer` and the course's own trainer accept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from d2l_ext.data.loader import TensorLoader
from d2l_ext.data.sources import BUNDLED_TRAIN_SIZE, Split, load

LABELS = (
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


class FashionMNIST:
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
        root: A folder that holds `FashionMNIST/raw`, looked in first.
        download: Fetch the full training set through torchvision where no folder has it.

    Raises:
        ValueError: A size is not positive, or larger than what there is.
        DataError: No whole copy of the data was found.

    Example:
        >>> data = FashionMNIST(batch_size=64, train_size=1000)
        >>> X, y = next(iter(data.train_dataloader()))
        >>> X.shape, y.shape
        (torch.Size([64, 1, 28, 28]), torch.Size([64]))
    """

    num_classes = 10

    def __init__(
        self,
        batch_size: int = 128,
        resize: int | tuple[int, int] | None = None,
        train_size: int | None = None,
        val_size: int | None = None,
        *,
        root: str | Path | None = None,
        download: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size = {batch_size} must be at least 1")
        self.batch_size = batch_size
        self.resize = (resize, resize) if isinstance(resize, int) else resize
        if self.resize and min(self.resize) < 1:
            raise ValueError(f"resize = {resize} must be at least 1 pixel")
        self.train = _first(load("train", root, download), train_size, "train_size")
        self.val = _first(load("t10k", root), val_size, "val_size")

    def __repr__(self) -> str:
        return (
            f"FashionMNIST: {len(self.train.labels):,} training images ({self.train.source}), "
            f"{len(self.val.labels):,} test images"
        )

    def get_dataloader(self, train: bool) -> TensorLoader:
        """Shuffled batches of the training images, or the test images in their order."""
        split = self.train if train else self.val
        return TensorLoader(split.images, split.labels, self.batch_size, self.resize, shuffle=train)

    def train_dataloader(self) -> TensorLoader:
        """Batches to train on, in a new order at each pass."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> TensorLoader:
        """Batches of the test images, always in the same order."""
        return self.get_dataloader(train=False)

    def text_labels(self, indices: Iterable[int] | Tensor) -> list[str]:
        """Names of classes, as the book writes them."""
        return [LABELS[int(i)] for i in indices]


def _first(split: Split, size: int | None, name: str) -> Split:
    """The first `size` images of a split; all of them for None.

    Raises:
        ValueError: There are not so many.
    """
    if size is None:
        return split
    available = len(split.labels)
    if not 1 <= size <= available:
        more = ""
        if name == "train_size" and available == BUNDLED_TRAIN_SIZE:
            more = "; for all 60,000 set D2L_EXT_DATA, or say download=True"
        raise ValueError(f"{name} = {size} must be from 1 to {available} ({split.source}){more}")
    return Split(split.images[:size], split.labels[:size], split.source)
