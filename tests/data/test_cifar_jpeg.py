"""The JPEG copy of CIFAR-10: found, decoded to the right pixels, called by its name."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from d2l_ext import data
from d2l_ext.data import cifar_jpeg

HERE = os.environ.get("D2L_EXT_DATA", "data")


def scan_of(pixels: np.ndarray) -> tuple[bytes, bytes]:
    """An image as JPEG, cut where the scan begins: the header is the same for all of one size."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=75, subsampling=2)
    content = buffer.getvalue()
    cut = content.index(b"\xff\xda")
    return content[:cut], content[cut:]


@pytest.fixture
def small_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray]:
    """A folder with a file of the same form, and the pixels that went into it."""
    random = np.random.default_rng(0)
    shades = random.integers(0, 256, (7, 1, 1, 3), dtype=np.uint8)
    pixels = np.broadcast_to(shades, (7, 32, 32, 3))
    encoded = [scan_of(np.ascontiguousarray(image)) for image in pixels]
    arrays = {"header": np.frombuffer(encoded[0][0], np.uint8)}
    for part, images in (("train", encoded[:5]), ("test", encoded[5:])):
        scans = [scan for _, scan in images]
        arrays[f"{part}_scan"] = np.frombuffer(b"".join(scans), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, scans)])
        arrays[f"{part}_labels"] = np.sort(np.arange(len(images)) % 3).astype(np.uint8)
    path = tmp_path / cifar_jpeg.FILE
    path.parent.mkdir()
    np.savez(path, **arrays)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar_jpeg, "SHA256", sha256)
    return tmp_path, pixels


def test_images_come_out_as_they_went_in_but_for_the_jpeg(
    small_copy: tuple[Path, np.ndarray],
) -> None:
    root, pixels = small_copy
    module = data.CifarJPEG(batch_size=2, root=root)
    X = torch.cat([X for X, _ in module.val_dataloader()])
    assert X.shape == (2, 3, 32, 32)
    torch.testing.assert_close(
        X, torch.from_numpy(pixels[5:].copy()).permute(0, 3, 1, 2) / 255, atol=0.02, rtol=0
    )
    assert module.image_size == (3, 32, 32)
    assert module.text_labels([0, 9]) == ["airplane", "truck"]
    assert "CIFAR-10, JPEG copy" in repr(module)


def test_classes_take_turns(small_copy: tuple[Path, np.ndarray]) -> None:
    root, pixels = small_copy
    train = data.CifarJPEG(root=root).train
    assert train.labels.tolist() == [0, 1, 2, 0, 1], "the file has 0, 0, 1, 1, 2"
    for image, place in zip(train.images, (0, 2, 4, 1, 3), strict=True):
        difference = image.permute(1, 2, 0).int() - torch.from_numpy(pixels[place].copy()).int()
        assert difference.abs().max() <= 5


def test_decoding_happens_once(
    small_copy: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = data.CifarJPEG(root=small_copy[0])
    monkeypatch.setattr(Image, "open", None)
    assert data.CifarJPEG(root=small_copy[0]).train.images is first.train.images


def test_a_missing_file_says_what_it_is_and_where_it_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("D2L_EXT_DATA", raising=False)
    with pytest.raises(data.DataError, match=r"JPEG copy.*cifar10_jpeg\.npz.*D2L_EXT_DATA"):
        data.CifarJPEG()


def test_a_damaged_file_is_named(small_copy: tuple[Path, np.ndarray]) -> None:
    path = small_copy[0] / cifar_jpeg.FILE
    path.write_bytes(path.read_bytes()[:-10])
    cifar_jpeg._decoded.cache_clear()
    with pytest.raises(data.DataError, match=r"cifar10_jpeg\.npz is damaged"):
        data.CifarJPEG(root=small_copy[0])


@pytest.mark.skipif(
    not (Path(HERE) / cifar_jpeg.FILE).exists(), reason="the JPEG copy of CIFAR-10 is not here"
)
def test_mean_and_deviation_are_those_of_the_training_images() -> None:
    module = data.CifarJPEG(root=HERE)
    assert (len(module.train.labels), len(module.val.labels)) == (50_000, 10_000)
    assert module.train.labels[:100].bincount().tolist() == [10] * 10
    for channel in range(3):
        X = module.train.images[:, channel].double() / 255
        assert X.mean().item() == pytest.approx(module.mean[channel], abs=5e-5)
        assert X.std().item() == pytest.approx(module.std[channel], abs=5e-5)
