"""Fashion-MNIST: the right images, from the right place, never a damaged one."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from d2l_ext import data
from d2l_ext.data import sources

FULL = Path(os.environ.get("D2L_EXT_DATA", "data")).absolute()


@pytest.fixture(autouse=True)
def nothing_but_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("D2L_EXT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def full_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a set that is whole, but for its size: 20,000 training images."""
    raw = tmp_path / "full" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        packed = sources.BUNDLED / f"train10k-{kind}-ubyte.gz"
        content = gzip.decompress(packed.read_bytes())
        twice = content[:4] + (20_000).to_bytes(4, "big") + content[8:] + content[header:]
        name = f"train-{kind}-ubyte"
        (raw / name).write_bytes(twice)
        monkeypatch.setitem(sources.HASHES, name, hashlib.sha256(twice).hexdigest())
        shutil.copy(sources.BUNDLED / f"t10k-{kind}-ubyte.gz", raw)
    return tmp_path / "full"


def test_the_bundled_part_is_used_and_says_so() -> None:
    module = data.FashionMNIST()
    assert len(module.train.labels) == len(module.val.labels) == 10_000
    assert "10,000 training images (the bundled part), 10,000 test images" in repr(module)
    assert module.val.labels.bincount().tolist() == [1000] * 10


def test_the_bundled_part_is_small() -> None:
    assert sum(f.stat().st_size for f in sources.BUNDLED.iterdir()) <= 10_000_000


def test_the_full_set_is_found_and_its_first_images_are_the_bundled_ones(
    full_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = data.FashionMNIST(train_size=500)
    monkeypatch.setenv("D2L_EXT_DATA", str(full_set))
    module = data.FashionMNIST()
    assert len(module.train.labels) == 20_000
    assert str(full_set) in repr(module)
    assert torch.equal(module.train.images[:500], bundled.train.images)


def test_batches_are_floats_from_0_to_1_and_cover_each_image_once() -> None:
    loader = data.FashionMNIST(batch_size=300, train_size=1000).train_dataloader()
    batches = list(loader)
    assert [len(y) for _, y in batches] == [300, 300, 300, 100]
    assert len(loader) == 4
    X = torch.cat([X for X, _ in batches])
    assert X.shape == (1000, 1, 28, 28)
    assert X.dtype == torch.float32
    assert (X.min(), X.max()) == (0, 1)
    total = loader.images.sum().item() / 255
    assert X.double().sum().item() == pytest.approx(total, rel=1e-6)


def test_training_batches_come_in_an_order_that_the_seed_fixes() -> None:
    loader = data.FashionMNIST(batch_size=1000, train_size=1000).train_dataloader()
    torch.manual_seed(1)
    (_, first), (_, second) = *loader, *loader
    torch.manual_seed(1)
    ((_, again),) = loader
    assert not torch.equal(first, second)
    assert torch.equal(first, again)


def test_test_batches_keep_their_order() -> None:
    module = data.FashionMNIST(batch_size=100, val_size=250)
    labels = torch.cat([y for _, y in module.val_dataloader()])
    assert torch.equal(labels, module.val.labels.long())


def test_resizing_a_batch_equals_resizing_its_images() -> None:
    module = data.FashionMNIST(batch_size=4, resize=(96, 64), val_size=4)
    X, _ = next(iter(module.val_dataloader()))
    images = module.val.images.float() / 255
    one = F.interpolate(images[2][None, None], (96, 64), mode="bilinear", antialias=True)
    torch.testing.assert_close(X[2], one[0])
    assert data.FashionMNIST(resize=14, val_size=1, train_size=1).resize == (14, 14)


def test_a_damaged_file_is_named_and_not_used(
    full_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D2L_EXT_DATA", str(full_set))
    damaged = full_set / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    with pytest.warns(UserWarning, match="train-images-idx3-ubyte is damaged"):
        module = data.FashionMNIST()
    assert module.train.source == "the bundled part"


def test_a_damaged_file_is_replaced_by_a_download(
    full_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = full_set / "FashionMNIST" / "raw"
    whole = {path.name: path.read_bytes() for path in raw.iterdir()}
    (raw / "train-images-idx3-ubyte").write_bytes(b"half")

    def download(root: str, download: bool) -> None:
        assert not (raw / "train-images-idx3-ubyte").exists(), "torchvision would take it for whole"
        for name, content in whole.items():
            (Path(root) / "FashionMNIST" / "raw" / name).write_bytes(content)

    monkeypatch.setattr("torchvision.datasets.FashionMNIST", download)
    with pytest.warns(UserWarning, match="downloaded again"):
        module = data.FashionMNIST(root=full_set, download=True)
    assert len(module.train.labels) == 20_000


def test_a_download_that_fails_deletes_nothing_but_what_is_damaged_where_it_would_go(
    full_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(root: str, download: bool) -> None:
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.FashionMNIST", unreachable)
    target = tmp_path / "target"
    shutil.copytree(full_set, target)
    monkeypatch.setenv("D2L_EXT_DATA", str(full_set))
    for folder in (target, full_set):
        raw = folder / "FashionMNIST" / "raw"
        (raw / "train-images-idx3-ubyte").write_bytes(b"half")
        (raw / "train-notes.txt").write_text("mine")
    before = {path.name for path in raw.iterdir()}
    with (
        pytest.warns(UserWarning, match=r"target.*downloaded again"),
        pytest.warns(UserWarning, match=r"full.*other copies"),
        pytest.raises(data.DataError, match="no network"),
    ):
        data.FashionMNIST(root=target, download=True)
    assert {path.name for path in raw.iterdir()} == before
    kept = {path.name for path in (target / "FashionMNIST" / "raw").iterdir()}
    assert kept == before - {"train-images-idx3-ubyte"}


@pytest.mark.parametrize("place", ["", "FashionMNIST/raw/train-images-idx3-ubyte"])
def test_a_file_for_a_folder_or_a_folder_for_a_file_is_passed_over(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    if place:
        (root / place).mkdir(parents=True)
    else:
        root.write_text("no folder")
    with pytest.warns(UserWarning, match=r"root.*other copies are tried"):
        assert data.FashionMNIST(root=root).train.source == "the bundled part"


def test_a_download_that_fails_says_what_goes_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(root: str, download: bool) -> None:
        raise RuntimeError("no network")

    monkeypatch.setattr("torchvision.datasets.FashionMNIST", unreachable)
    with pytest.raises(data.DataError, match=r"no network.*bundled part"):
        data.FashionMNIST(download=True)


def test_a_damaged_package_says_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "bundled"
    shutil.copytree(sources.BUNDLED, copy)
    broken = copy / "train10k-images-idx3-ubyte.gz"
    broken.write_bytes(broken.read_bytes()[:100_000])
    monkeypatch.setattr(sources, "BUNDLED", copy)
    with pytest.raises(data.DataError, match=r"train10k-images.*damaged.*D2L_EXT_DATA"):
        data.FashionMNIST()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train_size": 10_001}, r"train_size = 10001.*1 to 10000.*D2L_EXT_DATA"),
        ({"val_size": 0}, r"val_size = 0 must be from 1 to 10000"),
        ({"batch_size": 0}, r"batch_size = 0"),
        ({"batch_size": 2.5}, r"batch_size = 2\.5 must be a whole number"),
        ({"train_size": 100.0}, r"train_size = 100\.0 must be a whole number"),
        ({"resize": 0}, r"resize = 0"),
        ({"resize": 32.0}, r"resize = 32\.0 must be a whole number, or two"),
        ({"resize": (32,)}, r"resize = \(32,\) must be a whole number, or two"),
        ({"resize": (32, 0)}, r"resize = \(32, 0\) must be at least 1"),
        ({"device": "gpu"}, r"device = 'gpu': .*leave device out"),
        ({"device": "mps:7"}, r"device = 'mps:7': .*leave device out"),
    ],
)
def test_impossible_sizes_are_refused_in_words(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.FashionMNIST(**settings)


def test_labels_have_names() -> None:
    module = data.FashionMNIST(val_size=3)
    assert module.text_labels(module.val.labels) == ["ankle boot", "pullover", "trouser"]
    for number in (-1, 10):
        with pytest.raises(IndexError, match=f"no class {number}: they are 0 to 9"):
            module.text_labels([0, number])


def test_mean_and_deviation_are_close_to_those_of_the_bundled_images() -> None:
    X = data.FashionMNIST().train.images.double() / 255
    assert X.mean().item() == pytest.approx(data.FashionMNIST.mean[0], abs=1e-3)
    assert X.std().item() == pytest.approx(data.FashionMNIST.std[0], abs=2e-3)


@pytest.mark.skipif(
    not (FULL / "FashionMNIST" / "raw" / "train-images-idx3-ubyte").exists(),
    reason="the full training set is not here",
)
def test_mean_and_deviation_are_those_of_all_training_images() -> None:
    X = data.FashionMNIST(root=FULL).train.images.double() / 255
    assert len(X) == 60_000
    assert X.mean().item() == pytest.approx(data.FashionMNIST.mean[0], abs=5e-5)
    assert X.std().item() == pytest.approx(data.FashionMNIST.std[0], abs=5e-5)


def test_it_says_how_large_its_images_are() -> None:
    assert data.FashionMNIST(train_size=1, val_size=1).image_size == (1, 28, 28)
    assert data.FashionMNIST(resize=(96, 64), train_size=1, val_size=1).image_size == (1, 96, 64)
