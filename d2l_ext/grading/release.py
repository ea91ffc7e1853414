"""The command `d2l-ext release`: exercises/ is written from solutions/."""

import argparse
from collections.abc import Callable
from pathlib import Path

from d2l_ext.grading import files, nbgrader
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise, load
from d2l_ext.grading.key import AnswerKey, make_key
from d2l_ext.grading.notebook import Notebook
from d2l_ext.grading.released import released_text
from d2l_ext.grading.runner import Runner
from d2l_ext.grading.soundness import flaws_of_answers, flaws_of_form

Writer = Callable[[Notebook, Exercise, AnswerKey], str]

# For a whole cell of an instructor's; nothing but an endless loop takes this long.
TIMEOUT_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="an exercise (default: all)")
    parser.add_argument("--solutions", type=Path, default=Path("solutions"), metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("exercises"), metavar="FOLDER")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; say which files differ, exit with 1"
    )
    parser.add_argument(
        "--nbgrader",
        type=Path,
        metavar="COURSE",
        help="write instead the sources that nbgrader makes its assignments of, in its course's folder",
    )


def run(arguments: argparse.Namespace) -> int:
    """Releases exercises, or compares them with what is there."""
    differing = False
    for path in solution_paths(arguments.solutions, arguments.names):
        if arguments.nbgrader:
            text = release(path, nbgrader.source_text)
            target = arguments.nbgrader / "source" / path.stem / path.name
        else:
            text, target = release(path), arguments.out / path.name
        same = target.is_file() and target.read_bytes() == text.encode()
        if arguments.check:
            differing |= not same
            print(f"{target}: {'as released' if same else 'differs; run d2l-ext release'}")
        else:
            if not same:
                files.write_text(target, text)
            print(f"{target}: {'unchanged' if same else 'written'}")
    return int(differing)


def solution_paths(folder: Path, names: list[str]) -> list[Path]:
    """The notebooks with solutions, all of them or those that are named.

    Raises:
        UserError: if there are none, or not the ones named.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder")
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise UserError(f"{folder}: there is no notebook in this folder")
    unknown = [name for name in names if name.removesuffix(".ipynb") not in found]
    if unknown:
        raise UserError(f"{folder} does not hold {', '.join(unknown)}; it has {', '.join(found)}")
    return [found[name.removesuffix(".ipynb")] for name in names or found]


def release(path: Path, write: Writer = released_text) -> str:
    """The released notebook for a file with solutions, as text.

    Args:
        path: the file.
        write: makes the text of the notebook, the exercise in it and its key.

    Returns:
        The text.

    Raises:
        UserError: if the exercise is not sound; the message lists every flaw.
    """
    exercise, notebook = load(path)
    _demand_none(path, flaws_of_form(exercise, path.stem))
    key = make_key(exercise, Runner(TIMEOUT_SECONDS, unsafe=True))
    _demand_none(path, flaws_of_answers(exercise, key))
    return write(notebook, exercise, key)


def _demand_none(path: Path, flaws: list[str]) -> None:
    if flaws:
        raise UserError("\n".join([f"{path} cannot be released:", *(f"  {f}" for f in flaws)]))
