"""`d2l-ext check`: each question of a student's notebook gets its own sentence."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext import cli
from tests.grading import assignment
from tests.grading.conftest import ENDLESS, EXITING, RIGHT, Course


def check(notebook: NotebookNode, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines about the questions, after the status was found to fit them."""
    path = folder / "mine.ipynb"
    nbformat.write(notebook, path)
    status = cli.main(["check", str(path), "--timeout", "8"])
    lines = capsys.readouterr().out.splitlines()[1:-1]
    assert status == (0 if all(line.endswith(": right") for line in lines) else 1)
    return [line.strip() for line in lines]


def test_right_answers_pass(
    released: NotebookNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = check(assignment.with_answers(released, **RIGHT), tmp_path, capsys)
    assert said == [f"question {i}: right" for i in (1, 2, 3, 4)]


def test_each_kind_of_wrong_answer_gets_its_sentence(
    released: NotebookNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = assignment.with_answers(
        released,
        q1="answer_1 = 18.0",
        q2="def weights(c_in, c_out, groups):\n    return c_in * c_out",
        q3="def mean(numbers):\n    return sum(numbers) / 2",
    )
    assert check(notebook, tmp_path, capsys) == [
        "question 1: expected an int, got a float",
        "question 2: Each group sees its own channels only.",
        "question 3: expected float 2.33333, got float 3.5",
        "question 4: no answer yet",
    ]


def test_faults_cost_their_own_question_only(
    released: NotebookNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = assignment.with_answers(
        released, q1="answer_1 = undefined", q2=ENDLESS, q3=EXITING, q4=RIGHT["q4"]
    )
    assert check(notebook, tmp_path, capsys) == [
        "question 1: the code raises NameError: name 'undefined' is not defined",
        "question 2: it took longer than 8 s",
        "question 3: it ended the kernel that runs it",
        "question 4: right",
    ]


def test_missing_cells_are_named(
    released: NotebookNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = assignment.with_answers(released, **RIGHT)
    notebook.cells = [c for c in notebook.cells if c.id not in ("q1", "q2-check")]
    said = check(notebook, tmp_path, capsys)
    assert said[0].startswith("question 1: there is no answer cell")
    assert said[1].startswith("question 2: there is no check cell")
    assert said[2:] == ["question 3: right", "question 4: right"]


def test_notebook_with_solutions_is_checked_with_its_hidden_checks(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = nbformat.read(course.solution, as_version=4)
    cell = assignment.cell_named(notebook, "q2")
    cell.source = cell.source.replace("raise ValueError", "raise TypeError")
    said = check(notebook, tmp_path, capsys)
    assert said[1] == "question 2: the hidden check, with other inputs, did not agree"
    assert said[2] == "question 3: right"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"cells": [\n', "not a notebook: line"),
        ('{"cells": [], "nbformat": 3}', "not a notebook of version 4"),
        ('{"cells": [], "metadata": {}, "nbformat": 4}', "no question was found"),
        ('{"metadata": {}, "nbformat": 4}', "its cells are damaged"),
    ],
)
def test_file_without_an_exercise_is_an_error(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(text)
    assert cli.main(["check", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_missing_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(tmp_path / "none.ipynb")]) == 2
    assert "No such file" in capsys.readouterr().err
