"""A card: what a trained network is, how well it does, and where it comes from."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import statistics
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from d2l_ext.zoo import files
from d2l_ext.zoo.files import ZooError

FORMAT = 1
DATA_LICENCES = {
    "Fashion-MNIST": "MIT (Zalando SE)",
    "CIFAR-10, JPEG copy": "none is stated by those who made CIFAR-10",
}


@dataclass(frozen=True)
class Run:
    """One training of the network.

    Attributes:
        seed: What fixed its randomness.
        right: Test images that it classifies correctly, with its weights in float16.
        hardware: What trained it.
        seconds: How long that took.
        images_per_second: Training images per second.
        versions: Of Python, torch and this package.
        commit: Of this project, or None; a '+' says that files differed from it.
        finished: When, as ISO 8601.
    """

    seed: int
    right: int
    hardware: str
    seconds: float
    images_per_second: float
    versions: dict[str, str]
    commit: str | None
    finished: str


@dataclass(frozen=True, repr=False)
class Card:
    """What `zoo.card` returns; printed, or shown in a notebook, it is a table.

    Attributes:
        name: The model.
        network: One of `networks.list_networks()`.
        settings: Further arguments that the network was built with.
        parameters: Learned numbers.
        macs: Multiply-accumulates for one image.
        input_size: (C, H, W) of the images that it takes.
        data: Name of the data set.
        train_images: Images that it was trained on.
        test_images: Images of the test set.
        mean: What it subtracts from each channel.
        std: What it then divides by.
        recipe: How it was trained, all of it.
        runs: One for each seed, in order; the weights are those of the first, not of the best.
        epochs: The first run's losses, accuracies and seconds, for each epoch.
        sha256: Of the file with the weights.
    """

    name: str
    network: str
    settings: dict[str, Any]
    parameters: int
    macs: int
    input_size: tuple[int, int, int]
    data: str
    train_images: int
    test_images: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    recipe: dict[str, Any]
    runs: tuple[Run, ...]
    epochs: tuple[dict[str, float], ...]
    sha256: str

    @property
    def right(self) -> int:
        """Test images that the stored weights classify correctly."""
        return self.runs[0].right

    @property
    def accuracy(self) -> float:
        """Accuracy of the stored weights on the original test set, from 0 to 1."""
        return self.right / self.test_images

    @property
    def standard_error(self) -> float:
        """Sampling error of the accuracy: another test set of this size would differ so much."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.test_images)

    @property
    def accuracies(self) -> dict[int, float]:
        """The accuracy of each seed."""
        return {run.seed: run.right / self.test_images for run in self.runs}

    @property
    def spread(self) -> float | None:
        """Standard deviation of the seeds' accuracies; None for a single seed."""
        values = list(self.accuracies.values())
        return statistics.stdev(values) if len(values) > 1 else None

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, that of the weights first."""
        return tuple(run.seed for run in self.runs)

    @property
    def hardware(self) -> str:
        """What trained the stored weights."""
        return self.runs[0].hardware

    @property
    def seconds(self) -> float:
        """How long that took."""
        return self.runs[0].seconds

    @property
    def images_per_second(self) -> float:
        """Training images per second."""
        return self.runs[0].images_per_second

    @property
    def commit(self) -> str | None:
        """The project's commit that trained the stored weights."""
        return self.runs[0].commit

    @property
    def teaches(self) -> str:
        """What the model is meant to show."""
        return _lessons().get(self.name, "")

    @property
    def licence(self) -> str:
        """Under what the weights, and the data they learned from, may be used."""
        return f"weights: MIT; data: {DATA_LICENCES[self.data]}"

    def __repr__(self) -> str:
        from d2l_ext.zoo.show import text

        return text(self)

    def _repr_html_(self) -> str:
        from d2l_ext.zoo.show import html

        return html(self)


def read(name: str) -> Card:
    """The card of a model.

    Raises:
        ZooError: There is no such model, or its card is damaged.
    """
    files.check_name(name)
    path = files.card_file(name)
    try:
        table = json.loads(files.content(path))
        if table.pop("format") != FORMAT:
            raise ZooError(f"{path} was written by another version; {files.mend(path)}")
        return from_table(table)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ZooError(f"{path} is damaged ({error}); {files.mend(path)}") from None


def from_table(table: dict[str, Any]) -> Card:
    """A card from the table that JSON holds."""
    lists = ("input_size", "mean", "std", "epochs")
    runs = tuple(Run(**run) for run in table["runs"])
    return Card(**{**table, **{key: tuple(table[key]) for key in lists}, "runs": runs})


def to_json(card: Card) -> str:
    """The card as it is stored."""
    return json.dumps({"format": FORMAT, **dataclasses.asdict(card)}, indent=1) + "\n"


@functools.cache
def _lessons() -> dict[str, str]:
    """What each model teaches."""
    path = Path(__file__).parent / "teaches.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
