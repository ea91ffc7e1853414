"""Interchange with nbgrader: sources for it, and notebooks of its kind that only assert."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from d2l_ext import cli
from d2l_ext.grading import asserted
from d2l_ext.grading.prints import prints
from tests.grading import assignment
from tests.grading.conftest import RIGHT, UNSAFE, Course

ROOT = Path(__file__).parents[2]
WRONG = RIGHT | {"q2": "def weights(c_in, c_out, groups):\n    return c_out * c_in"}


@pytest.fixture(scope="session")
def source(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an nbgrader course with the source of the exercise."""
    folder = tmp_path_factory.mktemp("nbgrader")
    solutions = str(course.solution.parent)
    assert cli.main(["release", "--solutions", solutions, "--nbgrader", str(folder)]) == 0
    return folder


def notebook_in(source: Path) -> NotebookNode:
    path = source / "source" / assignment.NAME / f"{assignment.NAME}.ipynb"
    return nbformat.read(path, as_version=4)


def raises(code: str, namespace: dict[str, object]) -> str:
    try:
        exec(code, namespace)
    except Exception as error:
        return type(error).__name__
    return ""


def test_checks_of_the_source_assert(source: Path) -> None:
    for answers, failing in ((RIGHT, set()), (WRONG, {"q2-check", "q2-hidden"}), ({}, None)):
        notebook, failed = notebook_in(source), set()
        namespace: dict[str, object] = {}
        for cell in notebook.cells:
            answer = answers.get(cell.id, "" if cell.id in RIGHT else None)
            if cell.cell_type == "code" and raises(
                cell.source if answer is None else answer, namespace
            ):
                failed.add(cell.id)
        checks = {cell.id for cell in notebook.cells if cell.id.endswith(("-check", "-hidden"))}
        assert failed == (checks if failing is None else failing)


def test_source_holds_no_wrong_answers_and_hides_hidden_checks(source: Path) -> None:
    notebook = notebook_in(source)
    assert not [cell for cell in notebook.cells if "d2l_ext" in cell.metadata]
    hidden = assignment.cell_named(notebook, "q2-hidden").source
    outside = hidden.split("### BEGIN HIDDEN TESTS")[0] + hidden.split("### END HIDDEN TESTS")[1]
    assert not [line for line in outside.splitlines() if line and not line.startswith("#")]


def test_assertion_says_what_differs() -> None:
    with prints("float 1.5", tolerance=0.1):
        print("float 1.52")
    with pytest.raises(AssertionError, match="expected int 5, got int 6"), prints("int 5"):
        print("int 6")


@pytest.fixture(scope="session")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """nbgrader's command in an environment of its own, with this package on its path."""
    environment = tmp_path_factory.mktemp("environment")
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(environment)],
        ["pip", "install", "--quiet", "--python", str(python), "nbgrader>=0.9,<0.10"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "uv", *command], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"nbgrader cannot be installed here: {done.stderr.strip()[-200:]}")

    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"

    def run(folder: Path, *arguments: str) -> None:
        jupyter = {
            f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")
        }
        done = subprocess.run(
            [str(python), "-m", "nbgrader", *arguments],
            cwd=folder,
            env=os.environ | jupyter | {"PYTHONPATH": str(ROOT), "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.mark.slow
def test_nbgrader_takes_the_source_and_grades_by_it(
    source: Path, nbgrader: Callable[..., None]
) -> None:
    nbgrader(source, "generate_assignment", assignment.NAME)
    path = source / "release" / assignment.NAME / f"{assignment.NAME}.ipynb"
    released = nbformat.read(path, as_version=4)
    text = path.read_text()
    assert not [secret for secret in ("answer_1 = 18", "sum(numbers)", "draw") if secret in text]
    for student, answers in (("right", RIGHT), ("wrong", WRONG), ("untouched", {})):
        folder = source / "submitted" / student / assignment.NAME
        folder.mkdir(parents=True)
        answered = assignment.with_answers(released, **answers)
        nbformat.write(answered, folder / path.name)
    nbgrader(source, "autograde", assignment.NAME)
    nbgrader(source, "export")
    with (source / "grades.csv").open(newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"right": 10, "wrong": 7, "untouched": 0}


def foreign(solved: str) -> NotebookNode:
    """An assignment from elsewhere: no headings, no checks that print."""

    def cell(name: str, source: str, **marks: object) -> NotebookNode:
        known = {"grade": False, "solution": False, "locked": True, "schema_version": 3}
        own = {"nbgrader": {**known, "grade_id": name, **marks}}
        return new_code_cell(source, id=name, metadata=own)

    hidden = "### BEGIN HIDDEN TESTS\nassert square(5) == 25\n### END HIDDEN TESTS"
    return new_notebook(
        cells=[
            new_code_cell("import math", id="setup"),
            cell("squares", f"def square(x):\n    {solved}", solution=True),
            cell("test-squares", f"assert square(3) == 9\n{hidden}", grade=True, points=2),
            cell("cubes", "def cube(x):\n    return x**3", solution=True),
            cell("test-cubes", "assert cube(2) == 8", grade=True, points=1),
        ]
    )


def test_notebook_that_only_asserts_is_graded_by_the_absence_of_an_error(tmp_path: Path) -> None:
    solved = "### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"
    (tmp_path / "solutions").mkdir()
    nbformat.write(foreign(solved), tmp_path / "solutions" / "ps1.ipynb")
    for student, code in (
        ("right", "return x**2"),
        ("wrong", "return 9"),
        ("untouched", "# YOUR CODE HERE\n    raise NotImplementedError()"),
    ):
        notebook = foreign(code)
        source = notebook.cells[2].source
        notebook.cells[2].source = source.split("### BEGIN")[0]
        (tmp_path / "class" / student).mkdir(parents=True)
        nbformat.write(notebook, tmp_path / "class" / student / "ps1.ipynb")
    command = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "grades"), *UNSAFE]
    assert cli.main([*command, "--solutions", str(tmp_path / "solutions")]) == 0
    with (tmp_path / "grades" / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    found = {name: (row["q1"], row["q2"], row["status"]) for name, row in rows.items()}
    assert found == {
        "right": ("2", "1", "OK"),
        "wrong": ("0", "1", "OK"),
        "untouched": ("0", "1", "OK"),
    }
    assert all(asserted.FLAG in row["flags"] for row in rows.values())
    assert "== 25" not in (tmp_path / "grades" / "feedback" / "wrong.html").read_text()
