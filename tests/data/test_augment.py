"""Augmentation of a batch equals what would be done to its images one by one."""

import math

import pytest
import torch

from d2l_ext import data


def numbered(N: int = 64, C: int = 2, H: int = 7, W: int = 5) -> torch.Tensor:
    """Images in which every pixel has a value of its own, none of them black."""
    return torch.arange(1, N * C * H * W + 1, dtype=torch.float32).reshape(N, C, H, W)


def shifted(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """One image moved pixel by pixel, black where nothing comes in."""
    result = torch.zeros_like(image)
    H, W = image.shape[-2:]
    for i in range(H):
        for j in range(W):
            if 0 <= i - down < H and 0 <= j - right < W:
                result[:, i, j] = image[:, i - down, j - right]
    return result


def test_each_image_is_shifted_by_its_own_offset_up_to_the_padding() -> None:
    X = numbered()
    offsets = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
    seen = set()
    for image, result in zip(X, data.Augment(pad=2, flip=False)(X), strict=True):
        (offset,) = [o for o in offsets if torch.equal(shifted(image, *o), result)]
        seen.add(offset)
    assert len(seen) > 15, "64 draws from 25 offsets"


def test_about_half_of_the_images_are_mirrored_and_the_others_left_alone() -> None:
    X = numbered(N=400)
    result = data.Augment(pad=0)(X)
    mirrored = (result == X.flip(-1)).flatten(1).all(1)
    same = (result == X).flatten(1).all(1)
    assert (mirrored ^ same).all()
    assert 150 < mirrored.sum() < 250


def test_erasing_covers_one_rectangle_of_one_colour_in_some_of_the_images() -> None:
    X = -torch.ones(400, 3, 28, 28)
    result = data.Augment(pad=0, flip=False, erase=0.5)(X)
    erased = 0
    for image in result:
        covered = image[0] >= 0
        if not covered.any():
            continue
        erased += 1
        rows, columns = covered.any(1), covered.any(0)
        height, width = int(rows.sum()), int(columns.sum())
        assert covered.sum() == height * width, "a rectangle, without a hole"
        assert 0.015 < height * width / 28**2 < 0.42
        assert 0.25 < height / width < 4
        inside = image[:, covered]
        assert torch.equal(inside, inside[:, :1].expand_as(inside))
        assert inside.min() >= 0 and inside.max() < 1
    assert 150 < erased < 250


def test_bytes_stay_bytes_and_get_the_same_places() -> None:
    X = torch.randint(1, 256, (50, 1, 8, 8), dtype=torch.uint8)
    augment = data.Augment(pad=2)
    torch.manual_seed(4)
    as_bytes = augment(X)
    torch.manual_seed(4)
    as_floats = augment(X.float() / 255)
    assert as_bytes.dtype == torch.uint8
    torch.testing.assert_close(as_bytes.float() / 255, as_floats)
    assert data.Augment(erase=1)(X).dtype == torch.uint8


def test_no_augmentation_gives_the_batch_itself() -> None:
    X = numbered()
    assert data.Augment(pad=0, flip=False)(X) is X


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pad": -1}, "pad = -1 must be at least 0"),
        ({"erase": 1.5}, r"erase = 1.5 is a probability"),
        ({"erase": math.nan}, r"erase = nan is a probability"),
    ],
)
def test_impossible_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.Augment(**settings)


def test_only_training_batches_are_augmented_before_they_are_resized() -> None:
    seen = []

    def black(X: torch.Tensor) -> torch.Tensor:
        seen.append((X.shape, X.dtype))
        return torch.zeros_like(X)

    module = data.FashionMNIST(20, resize=14, train_size=40, val_size=20, augment=black)
    assert all(X.sum() == 0 and X.shape[-1] == 14 for X, _ in module.train_dataloader())
    assert all(X.sum() > 0 for X, _ in module.val_dataloader())
    assert seen == [((20, 1, 28, 28), torch.uint8)] * 2


def test_a_device_gets_all_images_and_makes_the_batches() -> None:
    module = data.FashionMNIST(8, train_size=16, val_size=8, device="meta", augment=data.Augment())
    X, y = next(iter(module.val_dataloader()))
    assert X.device.type == y.device.type == module.train.images.device.type == "meta"
    assert (X.shape, X.dtype, y.dtype) == ((8, 1, 28, 28), torch.float32, torch.int64)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_makes_the_same_batches_as_the_cpu() -> None:
    def batches(device: str) -> list[torch.Tensor]:
        augment = data.Augment(pad=2, erase=0.5)
        module = data.FashionMNIST(64, resize=32, train_size=200, device=device, augment=augment)
        torch.manual_seed(6)
        return [X.cpu() for X, _ in module.train_dataloader()]

    for ours, theirs in zip(batches("cpu"), batches("cuda"), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"'cuda': there is no GPU here"):
        data.FashionMNIST(train_size=1, val_size=1, device="cuda")
