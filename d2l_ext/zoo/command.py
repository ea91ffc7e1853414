"""The command `d2l-ext zoo`: what is there, one model or study in detail, and how a model comes in."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from d2l_ext.columns import aligned
from d2l_ext.grading.errors import UserError
from d2l_ext.zoo import study_results, study_table
from d2l_ext.zoo.files import ZooError, list_models
from d2l_ext.zoo.model_card import Card, read
from d2l_ext.zoo.show import percent, text

HEADER = ("model", "accuracy", "seeds", "parameters", "MACs", "trained on")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", help="default: list all")
    showing = actions.add_parser("show", help="show the card of a model")
    showing.add_argument("name")
    study = actions.add_parser("study", help="show the results of a study as a table")
    study.add_argument("name", nargs="?", help="default: list those that come along")
    study.add_argument("rows", nargs="*", metavar="ROW", help="two rows, to compare their seeds")
    gathering = actions.add_parser("gather", help="write the results of a study's runs")
    gathering.add_argument("name")
    gathering.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    adding = actions.add_parser("add", help="make models of what d2l-ext train has trained")
    adding.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="result of one run; several seeds of a model become one model",
    )
    adding.add_argument("--replace", action="store_true", help="replace what is there")


def run(arguments: argparse.Namespace) -> int:
    """Lists, shows or adds."""
    try:
        if arguments.action == "add":
            _add(arguments)
        elif arguments.action == "show":
            print(text(read(arguments.name)))
        elif arguments.action == "study":
            _study(arguments.name, arguments.rows)
        elif arguments.action == "gather":
            _gather(arguments.name, arguments.folders)
        else:
            print(table([read(name) for name in list_models()]))
    except ZooError as error:
        raise UserError(str(error)) from error
    return 0


def _study(name: str | None, rows: Sequence[str]) -> None:
    if name is None:
        print("\n".join(study_results.list_studies()))
    elif rows:
        if len(rows) != 2:
            raise UserError(f"two rows are compared, {len(rows)} were given")
        print(study_table.difference(study_results.read(name), *rows))
    else:
        print(study_results.read(name))


def _gather(name: str, folders: Sequence[Path]) -> None:
    from d2l_ext.training.recipe import RecipeError

    try:
        print(study_results.write(study_results.gather(name, folders)))
    except RecipeError as error:
        raise UserError(str(error)) from error


def _add(arguments: argparse.Namespace) -> None:
    from d2l_ext.data import DataError
    from d2l_ext.zoo.adding import add

    try:
        print(table(add(arguments.folders, arguments.replace)))
    except DataError as error:
        raise UserError(str(error)) from error


def table(cards: Sequence[Card]) -> str:
    """Models with what they cost, the most accurate first."""
    if not cards:
        return "the zoo is empty; `d2l-ext zoo add FOLDER...` adds what `d2l-ext train` has trained"
    best_first = sorted(cards, key=lambda card: (-card.accuracy, card.name))
    return "\n".join(aligned([HEADER, *map(_cells, best_first)], left=(0, 5)))


def _cells(card: Card) -> tuple[str, ...]:
    """A row of the table."""
    return (
        card.name,
        percent(card),
        str(len(card.seeds)),
        f"{card.parameters:,}",
        f"{card.macs:,}",
        card.hardware,
    )
