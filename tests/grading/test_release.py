"""`d2l-ext release`: what students get, and what is refused."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext import cli
from d2l_ext.grading.exercise import parse
from d2l_ext.grading.markers import MarkerError, replace_region
from d2l_ext.grading.soundness import flaws_of_form
from tests.grading import assignment
from tests.grading.conftest import Course, folders


def test_released_notebook_is_valid(released: NotebookNode) -> None:
    nbformat.validate(released)


def test_nothing_of_the_answers_is_released(course: Course) -> None:
    text = course.exercise.read_text()
    secrets = ["SOLUTION", "HIDDEN TESTS", "answer_1 = 18", "sum(numbers)", "draw", "c_in * c_out"]
    assert not [secret for secret in secrets if secret in text]


def test_answer_cells_are_empty(released: NotebookNode) -> None:
    assert assignment.cell_named(released, "q1").source == "answer_1 = ...  # an int"
    assert assignment.cell_named(released, "q2").source.endswith("\n    raise NotImplementedError")
    assert "d2l_ext" not in assignment.cell_named(released, "q2").metadata


def test_visible_check_keeps_what_it_expects(released: NotebookNode) -> None:
    cell = assignment.cell_named(released, "q3-check")
    own = cell.metadata.d2l_ext
    assert (own.expected, own.tolerance) == ("float 2.33333\n", 1e-4)
    assert [wrong.name for wrong in own.wrong] == ["sum", "whole"]
    assert cell.outputs[0].text == own.expected


def test_hidden_check_keeps_its_marks_only(released: NotebookNode) -> None:
    cell = assignment.cell_named(released, "q2-hidden")
    assert cell.source.startswith("#")
    assert list(cell.metadata) == ["nbgrader"]
    assert (cell.metadata.nbgrader.points, cell.outputs) == (2, [])


def test_only_visible_checks_have_outputs(released: NotebookNode) -> None:
    code = [cell for cell in released.cells if cell.cell_type == "code"]
    with_outputs = [cell.id for cell in code if cell.outputs]
    assert with_outputs == ["q1-check", "q2-check", "q3-check", "q4-check"]


def test_release_is_the_same_each_time(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    before = course.exercise.read_bytes()
    assert cli.main(["release", *folders(course), assignment.NAME]) == 0
    assert course.exercise.read_bytes() == before
    assert "unchanged" in capsys.readouterr().out


def test_check_names_the_file_that_differs(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / course.exercise.name
    stale.write_text("edited by hand")
    status = cli.main(["release", "--check", *folders(course)[:2], "--out", str(tmp_path)])
    assert status == 1
    assert f"{stale}: differs" in capsys.readouterr().out
    assert stale.read_text() == "edited by hand"


def test_plain_nbval_fails_every_check_of_an_untouched_release(course: Course) -> None:
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-rA", "-q"]
    command += ["--tb=no", "-p", "no:cacheprovider", "-c", os.devnull, course.exercise.name]
    done = subprocess.run(
        command, cwd=course.exercise.parent, capture_output=True, text=True, check=False
    )
    notebook = nbformat.read(course.exercise, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = {
        cell.id
        for place, cell in enumerate(code)
        if f"FAILED {course.exercise.name}::Cell {place} " in done.stdout
    }
    # The stub of q4 stands outside any function, so that the answer cell itself fails too.
    assert failed == {"q1-check", "q2-check", "q3-check", "q4", "q4-check"}


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (lambda named: named("q2-check").metadata.nbgrader.update(points=2), "the checks give 4"),
        (lambda named: _replace(named("q4-text"), "2 points", "1 points"), "9 points together"),
        (lambda named: _replace(named("q2"), "### END SOLUTION", ""), "'### END SOLUTION'"),
        (lambda named: _replace(named("q2-hidden"), "### BEGIN", "#"), "'### BEGIN HIDDEN TESTS'"),
        (lambda named: named("q3").metadata.pop("nbgrader"), "q3: there is no answer cell"),
        (lambda named: named("q3-check").metadata.pop("nbgrader"), "no check cell q3-check"),
    ],
)
def test_flaw_of_form_is_named(spoil: Callable[[object], object], flaw: str) -> None:
    notebook = assignment.solution()
    spoil(lambda name: assignment.cell_named(notebook, name))
    found = flaws_of_form(parse(notebook, assignment.NAME), assignment.NAME)
    assert any(flaw in words for words in found)


def test_exercise_that_does_not_hold_what_it_says_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = assignment.solution()
    assignment.cell_named(notebook, "q2-check").outputs[0].text = "int 1\nint 2048\n"
    assignment.cell_named(notebook, "q3-hidden").execution_count = None
    wrong = assignment.cell_named(notebook, "q3").metadata.d2l_ext.wrong
    wrong[0].code = "return sum(numbers) / 3"
    wrong[1].code = "return ("
    wrong = assignment.cell_named(notebook, "q4").metadata.d2l_ext.wrong
    wrong[1].code = wrong[0].code
    assignment.cell_named(notebook, "q1").metadata.d2l_ext.stub = "answer_1 = 18"
    nbformat.write(notebook, tmp_path / f"{assignment.NAME}.ipynb")

    assert cli.main(["release", "--solutions", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
    said = capsys.readouterr().err
    for flaw in (
        "q1: the check accepts the empty answer",
        "q2: q2-check holds another output than the solution gives; line 1: expected int 1",
        "q3: q3-hidden holds no output",
        "q3: the check accepts the wrong answer 'sum'",
        "q3: the wrong answer 'whole' prints nothing (",
        "q4: the check cannot tell the wrong answers 'product' and 'text' apart",
    ):
        assert flaw in said


def test_marker_outside_its_cell_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = assignment.solution()
    assignment.cell_named(notebook, "setup").source += "\n### BEGIN SOLUTION\n### END SOLUTION"
    nbformat.write(notebook, tmp_path / f"{assignment.NAME}.ipynb")
    assert cli.main(["release", "--solutions", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "setup: a marker stands outside its cell" in capsys.readouterr().err


def test_solution_that_fails_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = assignment.solution()
    _replace(assignment.cell_named(notebook, "q4"), "def add", "def added")
    nbformat.write(notebook, tmp_path / f"{assignment.NAME}.ipynb")
    assert cli.main(["release", "--solutions", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "q4-check: the solution fails: NameError" in capsys.readouterr().err


def test_unknown_name_is_refused(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", *folders(course), "99_elsewhere"]) == 2
    assert f"it has {assignment.NAME}" in capsys.readouterr().err


def test_replacement_takes_the_indentation_of_the_region() -> None:
    source = "if a:\n    ### BEGIN SOLUTION\n    b\n    ### END SOLUTION\nc"
    assert replace_region(source, "SOLUTION", "x\nif y:\n    z") == (
        "if a:\n    x\n    if y:\n        z\nc"
    )


@pytest.mark.parametrize(
    "source",
    ["", "### END SOLUTION\n### BEGIN SOLUTION", "### BEGIN SOLUTION\n" * 2 + "### END SOLUTION"],
)
def test_unbalanced_markers_are_an_error(source: str) -> None:
    with pytest.raises(MarkerError, match="one '### BEGIN SOLUTION'"):
        replace_region(source, "SOLUTION", "")


def _replace(cell: NotebookNode, old: str, new: str) -> None:
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
