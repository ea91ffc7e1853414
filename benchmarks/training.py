"""Images per second of our trainer beside d2l's, our loader beside d2l's, and the machine's limit.

python -m benchmarks.training [--device cuda] [--images 256] [--rounds 3] [--time-to-94]

`--time-to-94` trains the recipes `speed` and `book` until 94 % of the test images are right.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from d2l import torch as d2l
from torch.utils.data import Subset

from benchmarks.side_by_side import machine, ratios, seconds, write
from d2l_ext import counting, data, networks, training
from d2l_ext.training import run as runs

# The book's network at the book's size, and a small-image one at Fashion-MNIST's own.
CASES = {"book_resnet18": 96, "cifar_resnet20": 28}


class Model(d2l.Classifier):
    """A d2l module, as the book writes them, around one of our networks."""

    def __init__(self, name: str, lr: float = 0.01) -> None:
        super().__init__()
        self.lr = lr
        self.board.display = False
        self.net = networks.get_network(name, in_channels=1, num_classes=10)


def trainers(name: str, size: int, device: str, images: int) -> dict[str, Any]:
    """Each an epoch over the same images, with a network of its own that is built before."""
    gpus = int(device == "cuda")
    here = data.FashionMNIST(128, resize=size, train_size=images, val_size=1)
    there = data.FashionMNIST(128, resize=size, train_size=images, val_size=1, device=device)

    def fit(module: Any, trainer: Any) -> Any:
        model = Model(name)
        return lambda: trainer.fit(model, module)

    def ours(**settings: Any) -> training.Trainer:
        return training.Trainer(1, num_gpus=gpus, progress=False, **settings)

    return {
        "d2l.Trainer": fit(here, d2l.Trainer(1, num_gpus=gpus)),
        "as d2l's": fit(there, ours()),
        "channels_last": fit(there, ours(channels_last=True)),
        "channels_last, precision='auto'": fit(there, ours(channels_last=True, precision="auto")),
    }


def loaders(device: str, images: int) -> dict[str, Any]:
    """Each a pass over the same images, from file or memory to a batch on the device."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("here").mkdir()
        if "D2L_EXT_DATA" in os.environ:
            Path("data").symlink_to(Path(os.environ["D2L_EXT_DATA"]).resolve())
        with contextlib.chdir("here"):  # d2l looks in ../data, else it downloads
            theirs = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
    theirs.train = Subset(theirs.train, range(images))
    ours = data.FashionMNIST(128, resize=96, train_size=images, device=device)

    def run(module: Any) -> None:
        for X, y in module.train_dataloader():
            X.to(device)
            y.to(device)

    return {"d2l.FashionMNIST": lambda: run(theirs), "data.FashionMNIST": lambda: run(ours)}


def limits(device: str, size: int) -> dict[str, float]:
    """The machine's measured rates: of a bfloat16 matrix product, and of a copy."""
    A = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    matrix = min(seconds(lambda: A @ A, 5, device) for _ in range(3))
    B = torch.zeros(2**26 if device == "cpu" else 2**32, dtype=torch.uint8, device=device)
    copy = min(seconds(B.clone, 5, device) for _ in range(3))
    return {
        "matrix_gflops": round(2 * size**3 / matrix / 1e9, 1),
        "copy_gb_per_second": round(2 * B.nbytes / copy / 1e9, 2),
    }


def fraction_of_limit(name: str, size: int, images: int, action: Any, limit: float) -> float:
    """What part of the matrix rate the training of a network reaches; backward counts twice."""
    net = networks.get_network(name, in_channels=1, num_classes=10)
    macs = counting.summarize(net, (1, size, size)).macs
    started = time.perf_counter()
    action()
    return 6 * macs * images / (time.perf_counter() - started) / 1e9 / limit


class Reached(Exception):
    """Accurate enough."""


def time_to(accuracy: float, name: str, device: str, epochs: int) -> float | None:
    """Seconds of training until a recipe gets there; None if it does not."""
    (recipe,) = training.read(name, device)
    taken: list[float] = []

    def stop(trainer: training.Trainer) -> None:
        if trainer.board.curve("val_acc")[-1] >= accuracy:
            taken.append(sum(map(sum, trainer.seconds)))
            raise Reached

    recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs)
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Reached):
        runs.run(recipe, 0, Path(folder), torch.device(device), on_epoch_end=stop)
    return taken[0] if taken else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--time-to-94", action="store_true")
    arguments = parser.parse_args()
    device, images, rounds = arguments.device, arguments.images, arguments.rounds

    document: dict[str, Any] = {"machine": machine(device), "images": images}
    document["limits"] = limits(device, 8192 if device == "cuda" else 1024)
    print(document)
    for name, size in CASES.items():
        actions = trainers(name, size, device, images)
        with contextlib.redirect_stdout(io.StringIO()):
            faster = ratios(actions, rounds, device)
        reached = fraction_of_limit(
            name, size, images, list(actions.values())[-1], document["limits"]["matrix_gflops"]
        )
        document[name] = {
            "size": size,
            "times_as_fast": faster,
            "of_matrix_rate": round(reached, 4),
        }
        print(name, document[name], flush=True)
    document["loader"] = ratios(loaders(device, 10 * images), rounds, device)
    print("loader", document["loader"], flush=True)
    if arguments.time_to_94:
        document["seconds_to_94"] = {
            name: time_to(0.94, name, device, epochs)
            for name, epochs in (("speed", 0), ("book", 60))
        }
        print(document["seconds_to_94"])
    write("training", document)


if __name__ == "__main__":
    main()
