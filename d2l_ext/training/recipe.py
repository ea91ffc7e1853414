"""A recipe: all that decides how a network is trained, in one frozen record."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from d2l_ext.training.precision import PRECISIONS
from d2l_ext.training.schedules import SCHEDULES

DATA = ("fashion_mnist", "cifar_jpeg")

# What a number has to be, in words and as a test; numbers that may be left out are tested if given.
Limit = tuple[str, Callable[[float], bool]]
POSITIVE: Limit = ("positive", lambda x: 0 < x < math.inf)
NOT_NEGATIVE: Limit = ("0 or more", lambda x: 0 <= x < math.inf)
SHARE: Limit = ("from 0 to 1", lambda x: 0 <= x <= 1)
LIMITS = {
    **dict.fromkeys(("resize", "train_size", "epochs", "batch_size", "lr"), POSITIVE),
    "momentum": ("0 or more, and less than 1", lambda x: 0 <= x < 1),
    "first_blocks": POSITIVE,
    **dict.fromkeys(("weight_decay", "crop", "grow_after"), NOT_NEGATIVE),
    **dict.fromkeys(("label_smoothing", "erase"), SHARE),
}


class RecipeError(ValueError):
    """A recipe or a study is not valid; the message says where, and what would be."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one network is trained, once for each seed.

    Attributes:
        name: Names the result's folder; of the zoo's models the name, which ends in the data set.
        network: One of `networks.list_networks()` or of `variants.VARIANTS`.
        settings: Further arguments of the network's constructor.
        data: 'fashion_mnist' or 'cifar_jpeg'.
        resize: Height and width of the images; as they are if left out.
        train_size: Take the first so many training images; all if left out.
        epochs: Passes over the training data.
        batch_size: Images per step.
        lr: The highest learning rate of stochastic gradient descent.
        momentum: Its momentum.
        nesterov: Whether that is Nesterov's.
        weight_decay: Weight decay, on all parameters.
        schedule: One of `schedules.SCHEDULES`.
        label_smoothing: Share of the uniform distribution in the labels.
        crop: Pixels of padding from which images are cropped at random; 0 for none.
        flip: Whether half of the images are mirrored.
        erase: Probability of erasing a random rectangle of an image.
        dirac: Whether 3x3 convolutions start as identities, as far as their channels go. Not beside
            `grow_after`, whose blocks start as identities in another way.
        grow_after: Epochs before the network grows: until then each stage has `first_blocks`; the
            others come in as identities. 0: all are there from the beginning.
        first_blocks: See `grow_after`.
        precision: 'float32', 'bfloat16' or 'auto'.
        channels_last: Whether channels lie innermost in memory.
        compile: A backend of torch.compile for the network, such as 'inductor' (slow to start, fewer
            passes over memory) or 'cudagraphs' (starts each step on a GPU at once); '' for none.
        seeds: One run for each.
    """

    name: str
    network: str
    settings: dict[str, Any] = field(default_factory=dict)
    data: str = "fashion_mnist"
    resize: int | None = None
    train_size: int | None = None
    epochs: int
    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 1e-4
    schedule: str = "triangular"
    label_smoothing: float = 0.0
    crop: int = 0
    flip: bool = False
    erase: float = 0.0
    dirac: bool = False
    grow_after: int = 0
    first_blocks: int = 1
    precision: str = "auto"
    channels_last: bool = True
    compile: str = ""
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for key, known in (("data", DATA), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            value = getattr(self, key)
            if value not in known:
                raise RecipeError(f"{self.name}: {key} = {value!r}; {nearest(value, known)}")
        for key, (words, holds) in LIMITS.items():
            value = getattr(self, key)
            if value is not None and not holds(value):
                raise RecipeError(f"{self.name}: {key} = {value} must be {words}")
        if not self.name or self.name in (".", "..") or set(self.name) & set("/\\"):
            raise RecipeError(f"name = {self.name!r} must be the name of a folder, without slashes")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise RecipeError(
                f"{self.name}: seeds = {[*self.seeds]} must be at least one, each once"
            )
        if self.nesterov and not self.momentum:
            raise RecipeError(f"{self.name}: nesterov = true needs a momentum above 0")
        if self.dirac and self.grow_after:
            raise RecipeError(
                f"{self.name}: dirac and grow_after do not go together; leave out one"
            )

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Recipe:
        """A recipe from a table of its attributes, checked.

        Raises:
            RecipeError: A key is unknown, missing, or of another type.
        """
        types = {entry.name: entry for entry in dataclasses.fields(cls)}
        table = {key: value for key, value in table.items() if value is not None}
        where = table.get("name", "a recipe without a name")
        for key, value in table.items():
            if key not in types:
                raise RecipeError(f"{where}: there is no key {key!r}; {nearest(key, types)}")
            if not _fits(value, str(types[key].type)):
                raise RecipeError(f"{where}: {key} = {value!r} should be {types[key].type}")
        missing = [key for key in ("name", "network", "epochs") if key not in table]
        if missing:
            raise RecipeError(f"{where}: {' and '.join(missing)} must be given")
        return cls(**{**table, "seeds": tuple(table.get("seeds", (0,)))})

    def resolved(self) -> dict[str, Any]:
        """The recipe as a table for JSON, which `from_table` takes again."""
        return dataclasses.asdict(self)


def nearest(word: str, known: Iterable[str]) -> str:
    """'did you mean ...?' with the closest known word, or all of them."""
    close = difflib.get_close_matches(str(word), known := list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _fits(value: object, kind: str) -> bool:
    """Whether a value from TOML is of the type that a field is annotated with."""
    if kind.startswith("tuple"):
        return isinstance(value, list | tuple) and all(type(item) is int for item in value)
    allowed: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool}
    expected = allowed.get(kind.removesuffix(" | None"), dict)
    return isinstance(value, expected) and (kind == "bool" or not isinstance(value, bool))
