"""CIFAR-10 as a copy recompressed to JPEG: for studies where Fashion-MNIST is too easy."""

from __future__ import annotations

import functools
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from d2l_ext.data.module import ImageData, first
from d2l_ext.data.sources import DataError, Split

FILE = Path("cifar10-jpeg") / "cifar10_jpeg.npz"
SHA256 = "607ce34a72ee399bbdae60c15ad3035acb1276a7616f119247ef3cd621ac9c5a"


class CifarJPEG(ImageData):
    """50,000 training and 10,000 test images of 3 x 32 x 32, decoded once for a process.

    It is *not* CIFAR-10: the images were recompressed (quality 75, colours at half resolution), and
    accuracies on it are a few points lower. Say "CIFAR-10, JPEG copy", never "CIFAR-10". The
    package does not bring it.

    The file is sorted by class. Here the classes take turns, so that the first so many images have
    as many of each.

    Args:
        batch_size: Images per batch.
        resize: Height and width of the images, or one number for both; 32 if left out.
        train_size: Take the first so many training images.
        val_size: Take the first so many test images.
        device: Keep all images there and make the batches there.
        augment: What is done to each training batch: `Augment(pad=4)`, or any function of a batch.
        root: A folder that holds `cifar10-jpeg`, looked in first.

    Raises:
        ValueError: A size is not positive, or larger than what there is; or no such device.
        DataError: No folder holds the file, or it is damaged.
    """

    name = "CIFAR-10, JPEG copy"
    mean = (0.4913, 0.4821, 0.4465)
    std = (0.2452, 0.2428, 0.2606)
    labels = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
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
    ) -> None:
        train, val = _decoded(_find(root))
        super().__init__(
            first(train, train_size, "train_size"),
            first(val, val_size, "val_size"),
            batch_size,
            resize,
            device,
            augment,
        )

    def __repr__(self) -> str:
        return (
            f"CifarJPEG ({self.name}): {len(self.train.labels):,} training images, "
            f"{len(self.val.labels):,} test images"
        )


def _find(root: str | Path | None) -> Path:
    """The file, in the first folder that has it.

    Raises:
        DataError: None has.
    """
    folders = [root, os.environ.get("D2L_EXT_DATA"), "data", "../data"]
    for folder in folders:
        if folder and (Path(folder) / FILE).is_file():
            return (Path(folder) / FILE).resolve()
    raise DataError(
        f"the JPEG copy of CIFAR-10 is not here. It is one file, {FILE.as_posix()}, which the "
        "package does not bring: put it into ./data, or into a folder that D2L_EXT_DATA names"
    )


@functools.lru_cache(maxsize=1)
def _decoded(path: Path) -> tuple[Split, Split]:
    """Training and test images; about three seconds of decoding.

    Raises:
        DataError: The file is damaged.
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise DataError(f"{path} is damaged (it does not have the hash of the original)")
    arrays = np.load(io.BytesIO(content))
    return _decode(arrays, "train", path), _decode(arrays, "test", path)


def _decode(arrays: np.lib.npyio.NpzFile, part: str, path: Path) -> Split:
    """One part: an image is the header that all share and its own scan, joined."""
    from PIL import Image  # not needed to read Fashion-MNIST
    from tqdm.auto import tqdm

    header, scan = arrays["header"].tobytes(), arrays[f"{part}_scan"].tobytes()
    offsets = arrays[f"{part}_offsets"].tolist()
    images = np.empty((len(offsets) - 1, 32, 32, 3), np.uint8)
    for i in tqdm(range(len(images)), desc=f"decoding {part} images", leave=False):
        jpeg = header + scan[offsets[i] : offsets[i + 1]]
        images[i] = np.asarray(Image.open(io.BytesIO(jpeg)))
    labels = torch.from_numpy(arrays[f"{part}_labels"])
    order = _turns(labels)
    X = torch.from_numpy(images).permute(0, 3, 1, 2)
    return Split(X[order].contiguous(), labels[order], source=str(path.parent.parent))


def _turns(labels: Tensor) -> Tensor:
    """An order in which the classes take turns, each class keeping its own order."""
    earlier = F.one_hot(labels.long()).cumsum(0)  # of each class, up to each image
    turn = earlier.gather(1, labels.long()[:, None])[:, 0]
    return torch.argsort(turn * earlier.shape[1] + labels)
