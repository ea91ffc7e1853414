"""A class of more than sixty, two exercises, every fault of the list: each gets what it deserves."""

import copy
import csv
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext import cli
from d2l_ext.sandbox import layers
from tests.grading import assignment, hostile
from tests.grading.conftest import UNSAFE, Course
from tests.grading.hostile import RIGHT
from tests.grading.test_layouts import zipped

OTHER = "04_other"
HONEST = 12
# What a busy machine takes away from a cell is not counted.
TIMEOUT = 5

Edit = Callable[[NotebookNode], None]


@dataclass(frozen=True)
class Expected:
    """The row of a submission; `words` stand in its note, flags or feedback."""

    status: str
    total: str
    words: str = ""


def with_mark(key: str, **marks: object) -> Edit:
    return lambda nb: assignment.cell_named(nb, key).metadata.nbgrader.update(marks)


def with_source(key: str, source: str) -> Edit:
    return lambda nb: assignment.cell_named(nb, key).update(source=source)


def without(key: str) -> Edit:
    return lambda nb: nb.cells.remove(assignment.cell_named(nb, key))


def tagged(nb: NotebookNode) -> None:
    assignment.cell_named(nb, "q2-check").metadata.tags = ["nbval-skip"]


def doubled(nb: NotebookNode) -> None:
    nb.cells.append(nbformat.from_dict(assignment.cell_named(nb, "q1")))


def as_markdown(nb: NotebookNode) -> None:
    cell = assignment.cell_named(nb, "q2")
    cell.cell_type = "markdown"


def forged_outputs(nb: NotebookNode) -> None:
    cell = assignment.cell_named(nb, "q2-check")
    cell.outputs[0].text = "int 1"
    assignment.cell_named(nb, "q2").source = "def weights(*a): return 1"


# What was done to a notebook with right answers, and what must come of it.
EDITED: dict[str, tuple[Edit, Expected]] = {
    "22 deleted check": (without("q2-check"), Expected("TAMPER", "10", "q2-check was deleted")),
    "22 edited check": (
        with_source("q2-check", "print('int 8192')"),
        Expected("TAMPER", "10", "q2-check was edited"),
    ),
    "22 other points": (with_mark("q2-check", points=9), Expected("TAMPER", "10", "points")),
    "23 edited outputs": (forged_outputs, Expected("OK", "7")),
    "24 tag": (tagged, Expected("TAMPER", "10", "look away")),
    "24 comment": (
        with_source("q4", "# NBVAL_IGNORE_OUTPUT\ndef add(a, b):\n    return 0"),
        Expected("TAMPER", "8", "look away"),
    ),
    "35 duplicated ids": (doubled, Expected("OK", "10", "duplicate ids")),
    "36 deleted answer": (without("q2"), Expected("OK", "7", "question 2: no answer cell")),
    "36 markdown answer": (as_markdown, Expected("OK", "7", "question 2: no answer cell")),
    "37 other kernel": (
        lambda nb: nb.metadata.update(kernelspec={"name": "julia-1.9"}),
        Expected("OK", "10"),
    ),
    "39 old version": (
        lambda nb: nb.metadata.d2l_ext.update(version=1),
        Expected("REJECT", "0", "this is version 1 of exercise 3, version 2 was asked for"),
    ),
    "40 untouched": (
        lambda nb: [cell.update(source=cell.stub) for cell in nb.cells if "stub" in cell],
        Expected("OK", "0", "no answer"),
    ),
}
FILES: dict[str, tuple[bytes, Expected]] = {
    "31 corrupt": (b'{"cells": [', Expected("REJECT", "0", "not a notebook: line 1")),
    "31 empty": (b"", Expected("REJECT", "0", "not a notebook: line 1")),
    "31 not utf-8": (b"\xff\xfe{", Expected("REJECT", "0", "not a notebook: line 1")),
}


@dataclass(frozen=True)
class Grades:
    """What a batch left behind."""

    rows: dict[tuple[str, str], dict[str, str]]
    folder: Path

    def says(self, student: str) -> str:
        row = self.rows.get((student, assignment.NAME), {})
        page = (self.folder / "feedback" / f"{student}.html").read_text()
        return " ".join([*row.values(), page])


@pytest.fixture(scope="module")
def grades(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Grades:
    folder = tmp_path_factory.mktemp("large")
    solutions = folder / "solutions"
    solutions.mkdir()
    solution = assignment.solution()
    nbformat.write(solution, solutions / f"{assignment.NAME}.ipynb")
    solution.metadata.d2l_ext.exercise = OTHER
    nbformat.write(solution, solutions / f"{OTHER}.ipynb")
    hand_in(nbformat.read(course.exercise, as_version=4), folder / "class")
    more = ["--solutions", str(solutions), "--timeout", str(TIMEOUT), "--memory", "1G", *UNSAFE]
    out = folder / "grades"
    assert cli.main(["grade", str(folder / "class"), "--out", str(out), *more]) == 0
    with (out / "grades.csv").open(newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    return Grades(rows, out)


def hand_in(released: NotebookNode, folder: Path) -> None:
    folder.mkdir()

    def write(name: str, notebook: NotebookNode) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(notebook))

    for place in range(HONEST):
        own = RIGHT | {"q1": f"answer_1 = 18 + 0 * {place}"}
        notebook = assignment.with_answers(released, **own)
        write(f"honest {place}/{assignment.NAME}.ipynb", notebook)
        if place < 3:
            notebook.metadata.d2l_ext.exercise = OTHER
            write(f"honest {place}/{OTHER}.ipynb", notebook)
    if layers.find().enough:
        for case in hostile.CASES:
            write(f"{case.name}.ipynb", assignment.with_answers(released, **case.answers))
    for name, (edit, _) in EDITED.items():
        notebook = assignment.with_answers(released, **RIGHT)
        for cell in notebook.cells:
            if cell.id in RIGHT:
                cell["stub"] = assignment.cell_named(released, cell.id).source
        edit(notebook)
        write(f"{name}.ipynb", notebook)
    for name, (content, _) in FILES.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    answered = assignment.with_answers(released, **RIGHT)
    write("32 format 3.ipynb", nbformat.convert(copy.deepcopy(answered), 3))
    write("27 conftest/mine.ipynb", answered)
    (folder / "27 conftest" / "conftest.py").write_text("raise SystemExit")
    outputs = {"output_type": "stream", "name": "stdout", "text": ["epoch 1\n" * 1000] * 1000}
    assignment.cell_named(answered, "setup").outputs = [outputs]
    write("33 outputs.ipynb", answered)
    (folder / "34 link.ipynb").symlink_to("/etc/passwd")
    text = json.dumps(answered).encode()
    (folder / "34 leaves.zip").write_bytes(zipped({"../../mine.ipynb": text}))
    (folder / "34 bomb.zip").write_bytes(zipped({"mine.ipynb": bytes(300 * 2**20)}))


WHOLE_FILES = {
    "32 format 3": Expected("OK", "10"),
    "27 conftest": Expected("TAMPER", "10", "conftest.py lay beside"),
    "33 outputs": Expected("OK", "10"),
    "34 link": Expected("REJECT", "0", "a link"),
    "34 leaves": Expected("REJECT", "0", "leaves the zip"),
    "34 bomb": Expected("REJECT", "0", "larger than 256 MB"),
}


def test_class_is_complete(grades: Grades) -> None:
    assert len(grades.rows) >= 60 or not layers.find().enough
    assert not [row for row in grades.rows.values() if row["status"] == "INFRA"]


def test_honest_get_all_points(grades: Grades) -> None:
    for (student, _), row in grades.rows.items():
        if student.startswith("honest"):
            assert (row["total"], row["status"]) == ("10", "OK")
    assert len([name for name, exercise in grades.rows if exercise == OTHER]) == 3


@pytest.mark.parametrize("case", hostile.CASES, ids=lambda case: case.name)
@pytest.mark.skipif(not layers.find().enough, reason="this machine has no sandbox")
def test_hostile_answer_costs_its_own_question(grades: Grades, case: hostile.Case) -> None:
    row = grades.rows[case.name, assignment.NAME]
    assert {key: float(row[key]) for key in RIGHT} == case.points
    assert row["status"] == case.status
    assert html.escape(case.words) in grades.says(case.name)
    assert ("child process left" in row["flags"]) == (case.left > 0)


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        *((name, expected) for name, (_, expected) in EDITED.items()),
        *((name, expected) for name, (_, expected) in FILES.items()),
        *WHOLE_FILES.items(),
    ],
)
def test_file_gets_what_it_deserves(grades: Grades, student: str, expected: Expected) -> None:
    (row,) = (row for (name, _), row in grades.rows.items() if name == student)
    assert (row["status"], row["total"]) == (expected.status, expected.total)
    assert expected.words in " ".join([*row.values(), grades.says(student)])
