"""The command `d2l-ext train`: runs what is missing of a recipe or a study."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from pathlib import Path

import torch

from d2l_ext.data import DataError
from d2l_ext.grading.errors import UserError
from d2l_ext.training import distributed
from d2l_ext.training import run as runs
from d2l_ext.training.failures import TrainingError
from d2l_ext.training.recipe import Recipe, RecipeError
from d2l_ext.training.study import bundled, read
from d2l_ext.training.trainer import Trainer

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "recipe", help=f"a TOML file, or one that comes along: {', '.join(bundled())}"
    )
    parser.add_argument("names", nargs="*", help="rows of the study (default: all)")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="FOLDER")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), help="default: the GPU if there is one"
    )
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--train-size", type=int, help="the first so many training images")


def run(arguments: argparse.Namespace) -> int:
    """Trains what has no result yet; an interrupted command goes on where it stopped.

    Returns:
        0; 1 if a run failed, the others being trained all the same; 130 after Ctrl-C.

    Raises:
        UserError: A recipe is wrong, and nothing was trained; or data or results are damaged.
    """
    try:
        return _run(arguments)
    except (RecipeError, DataError, ValueError) as error:
        raise UserError(str(error)) from error


def _run(arguments: argparse.Namespace) -> int:
    device = torch.device(arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError("there is no GPU here; leave --device out, or say --device cpu")
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
    rank, processes = distributed.join(device.type == "cuda")
    recipes = _chosen(read(arguments.recipe, device.type), arguments)
    missing = [
        (recipe, seed)
        for recipe in recipes
        for seed in recipe.seeds
        if not runs.is_finished(recipe, seed, arguments.out)
    ]
    for recipe in {recipe.name: recipe for recipe, _ in missing}.values():
        runs.check(recipe)
    total = sum(len(recipe.seeds) for recipe in recipes)
    if rank == 0:
        print(f"{total} runs, {total - len(missing)} of them finished", flush=True)
    failed = 0
    for recipe, seed in missing:
        try:
            if not _train(recipe, seed, arguments.out, device, processes):
                return INTERRUPTED
        except TrainingError as error:
            failed += 1
            print(f"{recipe.name}-s{seed}: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


def _train(recipe: Recipe, seed: int, out: Path, device: torch.device, processes: int) -> bool:
    """Train one run, unless another process does or has done; False if it was interrupted."""
    tell = functools.partial(_tell, f"{recipe.name}-s{seed}")
    bar = sys.stderr.isatty()
    if processes > 1:  # these train together, and all have to agree
        return runs.run(recipe, seed, out, device, bar, tell)
    with runs.claimed(recipe, seed, out) as mine:
        if not mine:
            print(f"{recipe.name}-s{seed}: another process trains it", flush=True)
            return True
        return runs.is_finished(recipe, seed, out) or runs.run(recipe, seed, out, device, bar, tell)


def _chosen(recipes: list[Recipe], arguments: argparse.Namespace) -> list[Recipe]:
    """The rows asked for, with what the arguments override."""
    known = [recipe.name for recipe in recipes]
    for name in arguments.names:
        if name not in known:
            raise RecipeError(f"there is no row {name!r}; the rows are {', '.join(known)}")
    override = {"epochs": arguments.epochs, "train_size": arguments.train_size}
    given = {key: value for key, value in override.items() if value is not None}
    return [
        dataclasses.replace(recipe, **given)
        for recipe in recipes
        if not arguments.names or recipe.name in arguments.names
    ]


def _tell(name: str, trainer: Trainer) -> None:
    if trainer.rank > 0:
        return
    curve = trainer.board.curve
    loss, accuracy = curve("train_loss")[-1], curve("val_acc")[-1]
    seconds, _ = trainer.seconds[-1]
    print(
        f"{name:40} epoch {trainer.epoch + 1:3} of {trainer.max_epochs}  training loss {loss:.3f}  "
        f"test accuracy {accuracy:.2%}  {seconds:.0f} s",
        flush=True,
    )
