"""One released exercise, and one graded batch of submissions, for all tests of the folder."""

import csv
import functools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext import cli
from d2l_ext.grading import batch as batch_module
from d2l_ext.grading import check, release
from d2l_ext.grading.runner import Runner
from d2l_ext.sandbox import layers
from tests.grading import assignment

# Where there is no sandbox, nothing but the course's own answers is graded.
UNSAFE = [] if layers.find().enough else ["--unsafe"]
# Short, so that the endless loop costs little; long enough for any honest cell.
TIMEOUT = 4

RIGHT = {
    "q1": "answer_1 = 18",
    "q2": "def weights(c_in, c_out, groups):\n"
    "    if c_in % groups or c_out % groups:\n"
    "        raise ValueError\n"
    "    return c_out * c_in // groups",
    "q3": "def mean(numbers):\n    print('a leftover')\n    return sum(numbers) / len(numbers)",
    "q4": "def add(a, b):\n    return a + b",
}
ENDLESS = "def weights(c_in, c_out, groups):\n    while True:\n        pass"
EXITING = "import os\n\n\ndef mean(numbers):\n    os._exit(0)"


@dataclass(frozen=True)
class Course:
    """The folders of a course."""

    folder: Path

    @property
    def solution(self) -> Path:
        return self.folder / "solutions" / f"{assignment.NAME}.ipynb"

    @property
    def exercise(self) -> Path:
        return self.folder / "exercises" / f"{assignment.NAME}.ipynb"


@dataclass(frozen=True)
class Batch:
    """What grading a folder left behind."""

    rows: dict[str, dict[str, str]]
    folder: Path
    said: str

    def page(self, student: str) -> str:
        return (self.folder / "feedback" / f"{student}.html").read_text()


@pytest.fixture(scope="package", autouse=True)
def one_runner() -> Iterator[None]:
    """Commands with the same settings share their workers, which take seconds to start."""
    shared: dict[str, Runner] = {}

    @functools.wraps(Runner)
    def runner(*settings: object, **more: object) -> Runner:
        return shared.setdefault(f"{settings} {more}", Runner(*settings, **more))  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        for module in (batch_module, check, release):
            patch.setattr(module, "Runner", runner)
        patch.setattr(batch_module.Settings, "stop", lambda _: None)
        yield
    for used in shared.values():
        used.stop()


@pytest.fixture(scope="package")
def runner() -> Iterator[Runner]:
    runner = Runner(20, unsafe=True)
    yield runner
    runner.stop()


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("course"))
    course.solution.parent.mkdir()
    nbformat.write(assignment.solution(), course.solution)
    assert cli.main(["release", *folders(course)]) == 0
    return course


@pytest.fixture
def released(course: Course) -> NotebookNode:
    return nbformat.read(course.exercise, as_version=4)


@pytest.fixture(scope="session")
def batch(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("batch")
    hand_in(nbformat.read(course.exercise, as_version=4), folder / "submissions")
    command = [sys.executable, "-m", "d2l_ext.cli", "grade", "submissions", "--out", "grades"]
    command += ["--solutions", str(course.solution.parent), "--timeout", str(TIMEOUT), *UNSAFE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    with (folder / "grades" / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    return Batch(rows, folder / "grades", done.stdout)


def folders(course: Course) -> list[str]:
    return ["--solutions", str(course.solution.parent), "--out", str(course.exercise.parent)]


def hand_in(released: NotebookNode, folder: Path) -> None:
    """Writes a folder of submissions, one for each thing that grading must survive."""
    answered = {
        "right": RIGHT,
        "wrong": RIGHT | {"q1": "answer_1 = 36", "q2": _function("c_in * c_out")},
        "partly": RIGHT | {"q2": _function("128 if groups == 4 else 64")},
        "hardcoded": RIGHT | {"q2": _function("2048 if groups == 4 else 8192")},
        "untouched": {},
        "endless": RIGHT | {"q2": ENDLESS},
        "exiting": RIGHT | {"q3": EXITING},
        "undefined": RIGHT | {"q2": "def weights(:\n    pass"},
        "leaving": RIGHT | {"q1": "answer_1 = 18\nexit()"},
        "skipping": RIGHT | {"q4": "# NBVAL_SKIP\ndef add(a, b):\n    return a + b"},
        "=1+1": RIGHT,
    }
    notebooks = {
        name: assignment.with_answers(released, **sources) for name, sources in answered.items()
    }
    notebooks["missing"] = assignment.with_answers(released, **RIGHT)
    assignment.cell_named(notebooks["missing"], "q4").cell_type = "raw"
    notebooks["edited"] = assignment.with_answers(released, **RIGHT | {"q4": "add = max"})
    for cell in notebooks["edited"].cells:
        if cell.id.endswith("-check"):
            cell.source, cell.outputs = "print('int 5')", []
    notebooks["old"] = assignment.with_answers(released, **RIGHT)
    notebooks["old"].metadata.d2l_ext.version = 1
    notebooks["strange"] = assignment.with_answers(released, **RIGHT)
    notebooks["strange"].metadata.d2l_ext.exercise = "99_elsewhere"

    folder.mkdir()
    for name, notebook in notebooks.items():
        text = nbformat.writes(nbformat.from_dict(notebook))
        (folder / f"{name}.ipynb").write_text(text)
    (folder / "right.ipynb").rename(folder / "moved.ipynb")
    (folder / "right").mkdir()
    (folder / "moved.ipynb").rename(folder / "right" / f"{assignment.NAME}.ipynb")
    (folder / "broken.ipynb").write_text('{"cells": [')
    (folder / "conftest.py").write_text("raise SystemExit('never run')")


def _function(value: str) -> str:
    return f"def weights(c_in, c_out, groups):\n    return {value}"
