"""`%check` in a notebook: the answers in memory against the checks on disk."""

import time
from pathlib import Path

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from d2l_ext.grading import magic
from tests.grading import assignment
from tests.grading.conftest import RIGHT, Course


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.display_pub = CapturingDisplayPublisher()
    magic.register(shell)
    return shell


@pytest.fixture
def answered(shell: InteractiveShell) -> InteractiveShell:
    """A shell in which the set-up and right answers were run."""
    for source in (assignment.SETUP, *RIGHT.values()):
        shell.run_cell(source)
    return shell


def said(shell: InteractiveShell, line: str) -> str:
    shell.run_line_magic("check", line)
    data = shell.display_pub.outputs.pop()["data"]
    assert {"text/plain", "text/html"} == set(data)
    return data["text/plain"]


def test_all_questions_are_checked_in_under_a_second(
    answered: InteractiveShell, course: Course
) -> None:
    start = time.perf_counter()
    assert said(answered, f"--notebook {course.exercise}").splitlines() == [
        f"question {i}: right" for i in (1, 2, 3, 4)
    ]
    assert time.perf_counter() - start < 1


def test_one_question_is_checked(answered: InteractiveShell, course: Course) -> None:
    answered.run_cell("def weights(c_in, c_out, groups):\n    return c_in * c_out")
    words = "question 2: Each group sees its own channels only."
    assert said(answered, f"q2 --notebook {course.exercise}") == words


def test_cell_that_was_not_run_is_asked_for(shell: InteractiveShell, course: Course) -> None:
    assert "run the set-up cell" in said(shell, f"q1 --notebook {course.exercise}")


def test_unknown_question_is_named(answered: InteractiveShell, course: Course) -> None:
    words = "there is no q9; there are q1, q2, q3, q4"
    assert said(answered, f"q9 --notebook {course.exercise}") == words


@pytest.mark.parametrize("relative", [False, True])
def test_notebook_is_the_one_that_jupyter_names(
    answered: InteractiveShell, course: Course, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(course.exercise.parent)
    name = course.exercise.relative_to(course.folder) if relative else course.exercise
    monkeypatch.setenv("JPY_SESSION_NAME", str(name))
    assert said(answered, "q1") == "question 1: right"


def test_notebook_is_the_only_exercise_that_can_be_found(
    answered: InteractiveShell, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course.folder)
    assert said(answered, "q1") == "question 1: right"


def test_notebook_that_cannot_be_found_is_asked_for(answered: InteractiveShell) -> None:
    assert "%check --notebook PATH" in said(answered, "q1")


def test_answers_reach_the_page_as_text(answered: InteractiveShell, course: Course) -> None:
    answered.run_cell("answer_1 = 18.0\ndef add(a, b): raise ValueError('<b>')")
    answered.run_line_magic("check", f"--notebook {course.exercise}")
    page = answered.display_pub.outputs.pop()["data"]["text/html"]
    assert "Question 1: how many" in page
    assert "<b>" not in page
