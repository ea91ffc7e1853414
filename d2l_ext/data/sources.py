"""Where Fashion-MNIST lies: in the package, in a folder of this machine, or to be downloaded."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from d2l_ext.data.idx import DamagedFile, read_idx

BUNDLED = Path(__file__).parent / "fashion_mnist"
BUNDLED_TRAIN_SIZE = 10_000

# SHA-256 of the uncompressed files of Zalando Research, and of the first 10,000 training images.
HASHES = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "train10k-images-idx3-ubyte": (
        "ed2e37ed5a3a57d212141a69fe0a0de5a7126ffba14ac3f7e76f5f52cc04b1f0"
    ),
    "train10k-labels-idx1-ubyte": (
        "a69f2dad024ca220a8c4d85f621fdf929042d40c444abde2868903e9220ad517"
    ),
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


class DataError(RuntimeError):
    """The data cannot be had; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Split:
    """Images, their labels, and where they came from.

    Attributes:
        images: (N, H, W) or (N, C, H, W), uint8.
        labels: (N,), uint8.
        source: In words.
    """

    images: Tensor
    labels: Tensor
    source: str


def load(part: str, root: str | Path | None = None, download: bool = False) -> Split:
    """Load 'train' or 't10k', the largest version that can be had.

    Looked for in this order: `root`, the folder that `D2L_EXT_DATA` names, `data` and `../data`
    (where torchvision and the book put it), each holding `FashionMNIST/raw`; then the package.

    Args:
        part: 'train' or 't10k'.
        root: A folder to look in first.
        download: Fetch the full set through torchvision, into the first of the folders, where none
            has it. What is damaged there is deleted for it, and nothing else.

    Raises:
        DataError: Nothing whole was found.
    """
    folders = _folders(root)
    for folder in folders:
        try:
            return _read(part, folder)
        except FileNotFoundError:
            continue
        except (DamagedFile, OSError) as error:
            again = download and folder == folders[0]
            instead = "it is downloaded again" if again else "other copies are tried"
            warnings.warn(f"{error}; {instead}", stacklevel=3)
    if download:
        return _download(part, folders[0])
    try:
        return _read_bundled(part)
    except (DamagedFile, OSError) as error:
        raise DataError(
            f"{error}. Install the package again (in a clone: git restore d2l_ext/data), "
            "or set D2L_EXT_DATA to a folder that holds FashionMNIST/raw"
        ) from None


def _folders(root: str | Path | None) -> list[Path]:
    """Folders that may hold `FashionMNIST/raw`, the most explicit first."""
    named = [root, os.environ.get("D2L_EXT_DATA"), "data", "../data"]
    return [Path(folder) / "FashionMNIST" / "raw" for folder in named if folder]


def _read(part: str, folder: Path) -> Split:
    """Read one part from a folder, uncompressed or gzipped."""

    def read(name: str) -> Tensor:
        plain = folder / name
        return read_idx(plain if plain.exists() else folder / f"{name}.gz", HASHES[name])

    return Split(
        read(f"{part}-images-idx3-ubyte"),
        read(f"{part}-labels-idx1-ubyte"),
        source=f"the full set in {folder.parent.parent}",
    )


def _read_bundled(part: str) -> Split:
    """Read one part from the package: all test images, the first of the training images."""
    name = "train10k" if part == "train" else part
    images = read_idx(BUNDLED / f"{name}-images-idx3-ubyte.gz", HASHES[f"{name}-images-idx3-ubyte"])
    labels = read_idx(BUNDLED / f"{name}-labels-idx1-ubyte.gz", HASHES[f"{name}-labels-idx1-ubyte"])
    return Split(images, labels, source="the bundled part")


def _remove_damaged(part: str, folder: Path) -> None:
    """Delete the damaged files of a part, so that torchvision does not take them for whole."""
    for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"):
        for path in (folder / name, folder / f"{name}.gz"):
            try:
                read_idx(path, HASHES[name])
            except FileNotFoundError:
                continue
            except DamagedFile:
                path.unlink()


def _download(part: str, folder: Path) -> Split:
    """Fetch the full set into a folder through torchvision.

    Raises:
        DataError: It could not be fetched.
    """
    from torchvision.datasets import FashionMNIST  # slow to import, and rarely needed

    root = folder.parent.parent
    try:
        _remove_damaged(part, folder)
        FashionMNIST(root=str(root), download=True)
        return _read(part, folder)
    except (OSError, RuntimeError, DamagedFile) as error:
        raise DataError(
            f"Fashion-MNIST could not be downloaded to {root} ({error}). Without download=True the "
            "bundled part is used, which needs no network"
        ) from error
