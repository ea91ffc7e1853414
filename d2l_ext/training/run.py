"""One run: a recipe and a seed become a folder with a network, its predictions and its record."""

from __future__ import annotations

import datetime
import functools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from d2l_ext import counting, data
from d2l_ext.training import checkpoint as checkpoints
from d2l_ext.training import variants
from d2l_ext.training.classifier import Classifier
from d2l_ext.training.dirac import start_as_dirac
from d2l_ext.training.failures import TrainingError
from d2l_ext.training.growing import GrowingTrainer, later_places
from d2l_ext.training.hardware import commit, hardware, versions
from d2l_ext.training.normalise import Normalise
from d2l_ext.training.recipe import Recipe, RecipeError
from d2l_ext.training.schedules import SCHEDULES
from d2l_ext.training.trainer import Trainer

FORMAT = 1


def folder(recipe: Recipe, seed: int, out: Path) -> Path:
    """Where the results of a run lie."""
    return out / f"{recipe.name}-s{seed}"


def is_finished(recipe: Recipe, seed: int, out: Path) -> bool:
    """Whether a run has its record, which is written last.

    Raises:
        ValueError: The folder holds a run of another recipe, finished or not, or a damaged record.
    """
    place = folder(recipe, seed, out)
    finished = (place / "result.json").exists()
    if finished or (place / "recipe.json").exists():
        path = place / ("result.json" if finished else "recipe.json")
        try:
            record = json.loads(path.read_text("utf-8"))
            before = Recipe.from_table(record["recipe"]).resolved()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is damaged ({error!r}): delete it, and what it is of is trained again"
            ) from None
        now = {**recipe.resolved(), "seeds": before["seeds"]}
        differing = [key for key in now if before[key] != now[key]]
        if differing:
            raise ValueError(
                f"{place} was trained by another recipe ({', '.join(differing)} differ): "
                "move it away, or choose another --out"
            )
    return finished


def check(recipe: Recipe) -> None:
    """Be sure that a recipe's network can be built, without what that costs in memory.

    Raises:
        RecipeError: It cannot; the message names the recipe and says why.
    """
    images = _data_module(recipe)
    try:
        with torch.device("meta"):
            build(recipe, images)
        if recipe.grow_after:  # whether a block is the identity shows only where it computes
            later_places(build(recipe, images), recipe.first_blocks)
    except Exception as error:  # a constructor raises whatever a wrong setting leads to
        raise RecipeError(
            f"{recipe.name}: {recipe.network} with the settings {recipe.settings} cannot be built: "
            f"{error}"
        ) from error


@contextmanager
def claimed(recipe: Recipe, seed: int, out: Path) -> Iterator[bool]:
    """Claim a run for as long as this lasts; False if another process has it."""
    place = folder(recipe, seed, out)
    place.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows has none: there nobody else is asked
        yield True
        return
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = True
    except BlockingIOError:
        mine = False
    try:
        yield mine
    finally:
        os.close(handle)  # gives the claim back, as the end of the process would


def run(
    recipe: Recipe,
    seed: int,
    out: Path,
    device: torch.device,
    progress: bool = False,
    on_epoch_end: Callable[[Trainer], object] | None = None,
) -> bool:
    """Train, or go on training, and write the results.

    The folder then holds `weights.safetensors` (see `as_stored`), `predictions.npy` (the class of each test
    image, computed in float32 from these weights) and `result.json`; while the run is unfinished
    `checkpoint.pt` and `recipe.json`.

    Args:
        recipe: What is trained, and how.
        seed: Fixes the network's start, the order of the images and their augmentation.
        out: The folder in which the run's own folder is made.
        device: What trains.
        progress: Show a progress bar.
        on_epoch_end: Called with the trainer after each epoch.

    Raises:
        ValueError: The run's folder holds a checkpoint that is damaged.
        TrainingError: The training diverged, or the device ran out of memory.

    Returns:
        False if it was interrupted; the checkpoint holds the last whole epoch.
    """
    place = folder(recipe, seed, out)
    images = load_data(recipe, device)
    torch.manual_seed(seed)
    net = build(recipe, images)
    if recipe.compile:
        net.compile(backend=recipe.compile, dynamic=False)
    model = Classifier(
        nn.Sequential(Normalise(images.mean, images.std), net),
        lr=recipe.lr,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov,
        label_smoothing=recipe.label_smoothing,
    )
    kind: Any = Trainer
    if recipe.grow_after:
        places = later_places(net, recipe.first_blocks)
        kind = functools.partial(GrowingTrainer, places=places, grow_after=recipe.grow_after)
    trainer = kind(
        recipe.epochs,
        num_gpus=int(device.type == "cuda"),
        progress=progress,
        precision=recipe.precision,
        channels_last=recipe.channels_last,
        schedule=SCHEDULES[recipe.schedule],
        checkpoint=place / "checkpoint.pt",
        resume=True,
        on_epoch_end=on_epoch_end,
    )
    _save_json({"recipe": recipe.resolved()}, place / "recipe.json")
    trainer.fit(model, images)
    if not trainer.finished:
        return False
    if trainer.rank > 0:  # the first process writes for all
        return True

    weights = as_stored(net.state_dict())
    _save_weights(weights, place / "weights.safetensors")
    net = build(recipe, images)  # not compiled, and in float32
    net.load_state_dict(weights)
    normalise = Normalise(images.mean, images.std)
    predictions, labels = predict(nn.Sequential(normalise, net), images, device)
    checkpoints.write(place / "predictions.npy", lambda path: _save_array(predictions, path))
    record = _record(recipe, seed, images, net, trainer, int((predictions == labels).sum()))
    _save_json(record, place / "result.json")
    for name in ("checkpoint.pt", "recipe.json"):
        (place / name).unlink(missing_ok=True)
    return True


def load_data(recipe: Recipe, device: torch.device) -> Any:
    """The recipe's data module, its images resident on the device."""
    augment = None
    if recipe.crop or recipe.flip or recipe.erase:
        augment = data.Augment(pad=recipe.crop, flip=recipe.flip, erase=recipe.erase)
    return _data_module(recipe)(
        recipe.batch_size, recipe.resize, recipe.train_size, device=device, augment=augment
    )


def _data_module(recipe: Recipe) -> Any:
    return data.FashionMNIST if recipe.data == "fashion_mnist" else data.CifarJPEG


def build(recipe: Recipe, images: Any) -> nn.Module:
    """The recipe's network for the images of a data module, or of its class."""
    net = variants.build(
        recipe.network,
        in_channels=len(images.mean),
        num_classes=images.num_classes,
        **recipe.settings,
    )
    if recipe.dirac:
        start_as_dirac(net)
    return net


def as_stored(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are kept, on the CPU: float16, and float32 where float16 is too small.

    The running variances of a network that trained badly can exceed 65,504, the largest float16.

    Raises:
        TrainingError: A weight is not finite.
    """
    stored = {}
    for name, tensor in state.items():
        tensor = tensor.detach().cpu().contiguous()
        if not tensor.isfinite().all():
            raise TrainingError(
                f"{name} is not finite after the last step: the training diverged; "
                "try a lower learning rate"
            )
        half = tensor.half() if tensor.is_floating_point() else tensor
        stored[name] = half if half.isfinite().all() else tensor
    return stored


@torch.no_grad()
def predict(model: nn.Module, images: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    """The class of each test image in float32, and the true one, as uint8 on the CPU.

    The model takes images from 0 to 1, and normalises them itself.
    """
    model.eval().to(device)
    predicted, true = [], []
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # cuDNN rounds otherwise
        for X, y in images.val_dataloader():
            predicted.append(model(X.to(device)).argmax(dim=1).to("cpu", torch.uint8))
            true.append(y.to("cpu", torch.uint8))
    return torch.cat(predicted), torch.cat(true)


def _record(
    recipe: Recipe, seed: int, images: Any, net: nn.Module, trainer: Trainer, right: int
) -> dict[str, Any]:
    """What `result.json` says."""
    summary = counting.summarize(net.cpu(), images.image_size)
    board = trainer.board
    keys = ("train_loss", "train_acc", "val_loss", "val_acc")
    curves = [board.curve(key) for key in keys]
    epochs = [
        {**dict(zip(keys, map(_rounded, values), strict=True)), "seconds": _rounded(sum(seconds))}
        for *values, seconds in zip(*curves, trainer.seconds, strict=True)
    ]
    train_images, test_images = len(images.train.labels), len(images.val.labels)
    training_seconds = sum(seconds for seconds, _ in trainer.seconds)
    return {
        "format": FORMAT,
        "name": recipe.name,
        "network": recipe.network,
        "settings": recipe.settings,
        "recipe": recipe.resolved(),
        "seed": seed,
        "parameters": summary.parameters,
        "macs": summary.macs,
        "input_size": list(images.image_size),
        "data": {"name": images.name, "train_images": train_images, "test_images": test_images},
        "normalisation": {"mean": list(images.mean), "std": list(images.std)},
        "epochs": epochs,
        "right": right,
        "accuracy": right / test_images,
        "seconds": _rounded(sum(map(sum, trainer.seconds))),
        "images_per_second": _rounded(recipe.epochs * train_images / training_seconds),
        "hardware": hardware(trainer.device, trainer.precision, trainer.processes),
        "versions": versions(),
        "commit": commit(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _rounded(value: float) -> float:
    """Five significant digits: more would be noise."""
    return float(f"{value:.5g}")


def _save_json(value: dict[str, Any], path: Path) -> None:
    text = json.dumps(value, indent=1) + "\n"
    checkpoints.write(path, lambda temporary: Path(temporary).write_text(text, "utf-8"))


def _save_weights(weights: dict[str, Tensor], path: Path) -> None:
    from safetensors.torch import save_file

    checkpoints.write(path, lambda temporary: save_file(weights, temporary))


def _save_array(tensor: Tensor, path: str) -> None:
    import numpy as np

    with Path(path).open("wb") as file:
        np.save(file, tensor.numpy())
