"""Results of studies, many small runs in one file: gathered from the trainer's folders, and read.

`d2l-ext zoo gather NAME runs/*` writes d2l_ext/zoo/studies/NAME.json.
The networks of a study are not kept, only what each cost and reached.
"""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from d2l_ext.zoo import files
from d2l_ext.zoo.files import ZooError

if TYPE_CHECKING:
    from d2l_ext.figures import Picture

FORMAT = 1
# What runs may differ in; all else of their records is written once, for all of them.
OWN = ("name", "settings", "seed", "parameters", "macs", "right", "seconds", "epochs")


@dataclass(frozen=True)
class StudyRun:
    """One network of a study, trained once.

    Attributes:
        name: The row of the study.
        settings: Of its network.
        seed: What fixed its randomness.
        parameters: Learned numbers.
        macs: Multiply-accumulates for one image of the study's size.
        right: Test images that it classifies correctly.
        seconds: Training and validation together.
        epochs: For each, 'train_loss', 'train_acc', 'val_loss', 'val_acc' and 'seconds'.
    """

    name: str
    settings: dict[str, Any]
    seed: int
    parameters: int
    macs: int
    right: int
    seconds: float
    epochs: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Study:
    """What `read` returns.

    Attributes:
        name: Of the study, as `d2l-ext train` knows it.
        recipe: What all runs have in common.
        train_images: Images that each was trained on.
        test_images: Images of the test set.
        input_size: (C, H, W) of an image.
        hardware: What trained them; several where the runs were shared out.
        commits: Of this project; a '+' says that files differed from it.
        versions: Of Python, torch and this package, in words.
        seconds: All runs together.
        finished: When the last was, as ISO 8601.
        runs: In the order of the study.
    """

    name: str
    recipe: dict[str, Any]
    train_images: int
    test_images: int
    input_size: tuple[int, ...]
    hardware: tuple[str, ...]
    commits: tuple[str, ...]
    versions: tuple[str, ...]
    seconds: float
    finished: str
    runs: tuple[StudyRun, ...]

    @property
    def finding(self) -> str:
        """What it shows and what it does not; nothing where nobody has said so yet."""
        return _findings().get(self.name, "")

    @property
    def rows(self) -> dict[str, list[StudyRun]]:
        """The runs of each row, one for a seed, in the order of the study."""
        rows: dict[str, list[StudyRun]] = {}
        for run in self.runs:
            rows.setdefault(run.name, []).append(run)
        return rows

    def curves(self, rows: str | Sequence[str] | None = None) -> Picture:
        """A figure of the error by epoch; see `study_curves.curves`."""
        from d2l_ext.zoo.study_curves import curves

        return curves(self, rows)

    def __repr__(self) -> str:
        from d2l_ext.zoo.study_table import text

        return text(self)

    def _repr_html_(self) -> str:
        from d2l_ext.zoo.study_table import html

        return html(self)

    def errors(self, **settings: Any) -> list[float]:
        """Shares of the test images that runs with these settings get wrong, in their order."""
        return [
            1 - run.right / self.test_images
            for run in self.runs
            if settings.items() <= run.settings.items()
        ]


def path_of(name: str) -> Path:
    """The file of a study."""
    return files.FOLDER / "studies" / f"{name}.json"


def list_studies() -> list[str]:
    """The names of the studies whose results come along."""
    return sorted(path.stem for path in (files.FOLDER / "studies").glob("*.json"))


def read(name: str) -> Study:
    """The results of a study.

    Raises:
        ZooError: There are none of that name, or the file is damaged or missing.

    Example:
        >>> len(read('design_spaces_small').errors(space='regnet'))
        100
    """
    _check_name(name)
    path = path_of(name)
    try:
        record = json.loads(files.content(path).decode("utf-8"))
        if record.pop("format") != FORMAT:
            raise ZooError(f"{path} was written by another version of this package")
        runs = tuple(
            StudyRun(**{**run, "epochs": tuple(run["epochs"])}) for run in record.pop("runs")
        )
        several = ("input_size", "hardware", "commits", "versions")
        head: dict[str, Any] = {k: tuple(v) if k in several else v for k, v in record.items()}
        return Study(**head, runs=runs)
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ZooError(f"{path} is damaged ({error!r}); {files.mend(path)}") from None


def gather(name: str, folders: Iterable[Path]) -> Study:
    """One study from the folders that `d2l-ext train NAME` left.

    The recipe is that of the device that trained: a run on a GPU makes it the GPU's for all.

    Args:
        name: Of the study.
        folders: One for each run; those of other studies are passed over.

    Raises:
        RecipeError: There is no such study.
        ZooError: A run of the study is missing, is unfinished, damaged, or was trained by another
            recipe.
    """
    from d2l_ext.training.study import read as read_recipes

    everywhere = read_recipes(name, "cuda")  # for a CPU some rows may be left out
    known = {f"{recipe.name}-s{seed}" for recipe in everywhere for seed in recipe.seeds}
    found = {
        folder.name: (folder, *_record(name, folder / "result.json"))
        for folder in map(Path, folders)
        if folder.name in known and (folder / "result.json").is_file()
    }
    on_cpu = all(record["hardware"].startswith("CPU") for _, record, _ in found.values())
    records = []
    for recipe in read_recipes(name, "cpu" if on_cpu else "cuda"):
        for seed in recipe.seeds:
            if (run := f"{recipe.name}-s{seed}") not in found:
                raise ZooError(
                    f"{run} is not finished, or its folder was not named: "
                    f"`d2l-ext train {name}` goes on with it"
                )
            folder, record, trained_by = found[run]
            if _without_seeds(trained_by) != _without_seeds(recipe.resolved()):
                raise ZooError(
                    f"{folder} was trained by another recipe than today's {name} on a "
                    f"{'CPU' if on_cpu else 'GPU'}"
                )
            records.append(record)
    first = records[0]
    return Study(
        name=name,
        recipe={
            key: value
            for key, value in first["recipe"].items()
            if all(record["recipe"].get(key) == value for record in records)
        },
        train_images=first["data"]["train_images"],
        test_images=first["data"]["test_images"],
        input_size=tuple(first["input_size"]),
        hardware=_distinct(record["hardware"] for record in records),
        commits=_distinct(record["commit"] or "not known" for record in records),
        versions=_distinct(
            ", ".join(f"{name} {version}" for name, version in record["versions"].items())
            for record in records
        ),
        seconds=round(sum(record["seconds"] for record in records), 1),
        finished=max(record["finished"] for record in records),
        runs=tuple(
            StudyRun(**{key: record[key] for key in OWN} | {"epochs": tuple(record["epochs"])})
            for record in records
        ),
    )


def write(study: Study) -> Path:
    """Put a study's results into the package, whole or not at all."""
    from d2l_ext.training import checkpoint

    path = path_of(study.name)
    table = asdict(study)
    runs = ",\n".join("  " + json.dumps(run) for run in table.pop("runs"))  # a line for each run
    head = json.dumps({"format": FORMAT, **table}, indent=1).removesuffix("\n}")
    text = f'{head},\n "runs": [\n{runs}\n ]\n}}\n'
    checkpoint.write(path, lambda temporary: Path(temporary).write_text(text, encoding="utf-8"))
    return path


def _check_name(name: str) -> None:
    """Be sure that there are, or should be, results of that name.

    Raises:
        ZooError: There is no such study, or it has not been trained.
    """
    known = list_studies()
    if name in known or name in _findings():  # what has a finding has come along
        return
    from d2l_ext.training.study import bundled  # imports torch

    if name in bundled():
        raise ZooError(
            f"there are no results of {name!r} yet: `d2l-ext train {name}` trains it, then "
            f"`d2l-ext zoo gather {name} runs/*` writes them"
        )
    raise ZooError(
        f"there is no study called {name!r}; {files.hint(name, known, 'zoo.list_studies()')}"
    )


def _record(study: str, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a run's `result.json` says, and its recipe with the keys that are younger than the run.

    Raises:
        ZooError: It is damaged.
    """
    from d2l_ext.training.recipe import Recipe

    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        needed = (*OWN, "data", "input_size", "hardware", "commit", "versions", "finished")
        if missing := [key for key in needed if key not in record]:
            raise KeyError(*missing)
        return record, Recipe.from_table(record["recipe"]).resolved()
    except (ValueError, KeyError, TypeError) as error:
        raise ZooError(
            f"{path} is damaged ({error!r}): delete it, and `d2l-ext train {study}` again"
        ) from None


@functools.cache
def _findings() -> dict[str, str]:
    """What each study shows."""
    path = Path(__file__).parent / "findings.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _without_seeds(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe as JSON has it, without which seeds were asked for beside a run's own."""
    return {k: v for k, v in json.loads(json.dumps(recipe)).items() if k != "seeds"}


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
