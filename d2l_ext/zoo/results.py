"""The folders that the trainer leaves: read, and checked against each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from d2l_ext.zoo.files import ZooError
from d2l_ext.zoo.model_card import Card, Run

FORMAT = 1
SUFFIXES = {"Fashion-MNIST": "_fmnist", "CIFAR-10, JPEG copy": "_cifarjpeg"}

# What the runs of one model must agree on, beside the recipe; the rest is each run's own.
SHARED = ("network", "settings", "parameters", "macs", "input_size", "data", "normalisation")


@dataclass(frozen=True)
class Result:
    """One finished run: its folder and what `result.json` says."""

    folder: Path
    record: dict[str, Any]

    @property
    def seed(self) -> int:
        """What fixed its randomness."""
        return self.record["seed"]

    @property
    def weights(self) -> bytes:
        """Its safetensors file."""
        return (self.folder / "weights.safetensors").read_bytes()

    @property
    def predictions(self) -> Tensor:
        """The classes that it predicted, (N,), uint8.

        Raises:
            ZooError: The file is damaged.
        """
        path = self.folder / "predictions.npy"
        try:
            return torch.from_numpy(np.load(path, allow_pickle=False))
        except Exception as error:  # numpy raises whatever the damaged byte leads to
            raise ZooError(f"{path} is damaged ({error}): move it away and train again") from None


def read_results(folders: Iterable[Path]) -> dict[str, list[Result]]:
    """Results by model, the runs of each in the order of their seeds.

    Raises:
        ZooError: A run is not finished, is no result, or does not fit the others of its model.
    """
    models: dict[str, list[Result]] = {}
    for folder in folders:
        result = _read(Path(folder))
        models.setdefault(result.record["name"], []).append(result)
    for name, results in models.items():
        results.sort(key=lambda result: result.seed)
        _check_name(name, results[0].record["data"]["name"])
        _check_agreement(name, results)
    return models


def to_card(results: Sequence[Result], sha256: str) -> Card:
    """The card that the runs of one model claim; the weights are those of the first."""
    first = results[0].record
    data, normalisation = first["data"], first["normalisation"]
    return Card(
        name=first["name"],
        network=first["network"],
        settings=first["settings"],
        parameters=first["parameters"],
        macs=first["macs"],
        input_size=tuple(first["input_size"]),
        data=data["name"],
        train_images=data["train_images"],
        test_images=data["test_images"],
        mean=tuple(normalisation["mean"]),
        std=tuple(normalisation["std"]),
        recipe=first["recipe"],
        runs=tuple(_run(result.record) for result in results),
        epochs=tuple(first["epochs"]),
        sha256=sha256,
    )


def _run(record: dict[str, Any]) -> Run:
    return Run(**{field.name: record[field.name] for field in fields(Run)})


def _read(folder: Path) -> Result:
    """A folder with its three files.

    Raises:
        ZooError: It has not all of them, or its record cannot be read.
    """
    path = folder / "result.json"
    if not path.is_file():
        raise ZooError(
            f"{folder} has no result.json: it is not a folder of `d2l-ext train`, or its training "
            "is not finished; the same command goes on with it"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ZooError(f"{path} was written by another version of `d2l-ext train`")
        to_card([Result(folder, record)], sha256="")
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ZooError(f"{path} is damaged ({error!r})") from None
    for name in ("weights.safetensors", "predictions.npy"):
        if not (folder / name).is_file():
            raise ZooError(f"{folder} has no {name}: move it away and train again")
    return Result(folder, record)


def _check_name(name: str, data: str) -> None:
    """Be sure that a model's name ends in its data set.

    Raises:
        ZooError: It does not.
    """
    suffix = SUFFIXES.get(data)
    if suffix is None or not name.endswith(suffix):
        known = ", ".join(f"{suffix} for {data}" for data, suffix in SUFFIXES.items())
        raise ZooError(f"{name}, trained on {data}: a model's name ends in its data set: {known}")


def _check_agreement(name: str, results: Sequence[Result]) -> None:
    """Be sure that runs differ in nothing but their seeds.

    Raises:
        ZooError: They do, or two have the same seed.
    """
    seeds = [result.seed for result in results]
    if len(set(seeds)) < len(seeds):
        raise ZooError(f"{name}: two folders have the same seed; the seeds are {seeds}")
    first = _shared(results[0].record)
    for result in results[1:]:
        other = _shared(result.record)
        if differing := sorted(key for key in first | other if first.get(key) != other.get(key)):
            raise ZooError(
                f"{results[0].folder} and {result.folder} are both of {name}, but differ in "
                f"{', '.join(differing)}"
            )


def _shared(record: dict[str, Any]) -> dict[str, Any]:
    recipe = {f"recipe.{key}": value for key, value in record["recipe"].items() if key != "seeds"}
    return {**{key: record[key] for key in SHARED}, **recipe}
