"""The process that runs a notebook: what it can see, and what happens when it ends."""

import functools
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext.grading import runner as runner_module
from d2l_ext.grading.errors import InfrastructureError, UserError
from d2l_ext.grading.exercise import load
from d2l_ext.grading.judge import judge
from d2l_ext.grading.key import make_key
from d2l_ext.grading.notebook import code_cell, new_notebook
from d2l_ext.grading.paper import Paper
from d2l_ext.grading.runner import Record, Runner
from d2l_ext.sandbox.layers import Layers
from tests.grading import assignment
from tests.grading.conftest import ENDLESS, Course

LOOK_AROUND = """import os
print(os.listdir())
print("PYTEST_CURRENT_TEST" in os.environ, "SECRET" in os.environ, os.environ["D2L_EXT_SEED"])"""
ANSWER = {"grade": False, "solution": True}


def outcomes(paper: Paper, runner: Runner) -> dict[str, str]:
    return {name: record.outcome for name, record in judge(paper, runner).items()}


def test_kernel_sees_neither_the_notebook_nor_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "a token")
    ran = Runner(seed="7", unsafe=True).run(new_notebook([code_cell("look", LOOK_AROUND)]))
    assert ran["look"].printed.splitlines() == ["[]", "False False 7"]


def test_what_a_kernel_says_can_be_written_down(runner: Runner) -> None:
    # Packed in this way, a lone half of a surrogate pair comes through.
    forged = """import json
get_ipython().kernel.session.pack = lambda sent: json.dumps(sent, default=str).encode()
print("\\ud800")
raise ValueError("\\ud800\\x1b[31m")"""
    record = runner.run(new_notebook([code_cell("a", forged)]))["a"]
    assert (record.printed, record.error) == ("?\n", "ValueError: ??[31m")


@pytest.mark.parametrize(
    "change",
    [{"printed": 3}, {"outcome": "splendid"}, {"seconds": None}, {"seconds": "x"}, {"more": 1}],
)
def test_record_that_is_none_is_not_read(change: dict[str, object]) -> None:
    record = {"cell": "a", "outcome": "passed", "printed": "\ud800", "error": "a\x1b[2J"}
    read = Record.from_json(record)
    assert (read.printed, read.error) == ("?", "a?[2J")
    with pytest.raises((TypeError, ValueError)):
        Record.from_json({**record, **change})


def test_group_that_ends_its_kernel_costs_itself_only(runner: Runner) -> None:
    groups = {name: [code_cell(name, "")] for name in "abc"}
    groups["b"] = [code_cell("b", "import os\nos._exit(1)")]
    assert outcomes(Paper([code_cell("shared", "")], groups), runner) == {
        "shared": "passed",
        "a": "passed",
        "b": "died",
        "c": "passed",
    }


def test_answers_before_a_fault_are_there_for_those_behind_it(runner: Runner) -> None:
    groups = {
        "a": [code_cell("a", "x = 5", nbgrader=ANSWER), code_cell("a-check", "x += 1")],
        "b": [code_cell("b", "import os\nos._exit(1)", nbgrader=ANSWER)],
        "c": [code_cell("c", "assert x in (5, 6)", nbgrader=ANSWER)],
    }
    assert outcomes(Paper([], groups), runner)["c"] == "passed"


def test_kernel_that_ends_late_is_not_blamed_on_the_group_that_runs_then(runner: Runner) -> None:
    fuse = "import os, threading\nthreading.Timer(0.5, os._exit, (0,)).start()"
    groups = {
        "fuse": [code_cell("fuse", fuse, nbgrader=ANSWER)],
        "innocent": [code_cell("innocent", "import time\ntime.sleep(1)")],
    }
    assert outcomes(Paper([], groups), runner)["innocent"] == "passed"


def test_worker_that_is_killed_is_replaced(runner: Runner) -> None:
    notebook = new_notebook([code_cell("a", "print(1)")])
    runner.run(notebook)
    for worker in runner._idle:
        worker._process.kill()
        worker._process.wait()
    with pytest.raises(InfrastructureError, match="no cell could be run"):
        runner.run(notebook)
    assert runner.run(notebook)["a"].printed == "1\n"


def test_another_seed_changes_what_hidden_checks_expect_and_nothing_else(course: Course) -> None:
    exercise, _ = load(course.solution)
    key = make_key(exercise, Runner(seed="7", unsafe=True))
    stored = {c.id: c.expected for q in exercise.questions for c in q.checks}
    assert [name for name in stored if stored[name] != key.expected[name]] == ["q2-hidden"]


def test_set_up_that_fails_is_nobodys_answer(runner: Runner) -> None:
    paper = Paper([code_cell("shared", "import nowhere")], {"a": [code_cell("a", "")]})
    with pytest.raises(InfrastructureError, match="set-up cell fails: ModuleNotFoundError"):
        judge(paper, runner)


def test_nothing_is_graded_without_a_sandbox_unless_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module.layers, "find", Layers)
    with pytest.raises(UserError, match="--unsafe grades all the same"):
        Runner()
    assert Runner(unsafe=True).sandbox == "none: --unsafe"


def test_notebook_runs_without_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module.layers, "find", Layers)
    ran = Runner(unsafe=True).run(new_notebook([code_cell("a", "print(1)")]))
    assert ran["a"].printed == "1\n"


@pytest.mark.parametrize("size", ["2", "1K", "10M", "much"])
def test_memory_that_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(UserError, match="--memory"):
        Runner(memory=size, unsafe=True)


def test_interrupted_grading_stops_at_once_and_writes_no_grades(
    course: Course, released: NotebookNode, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    nbformat.write(assignment.with_answers(released, q2=ENDLESS), tmp_path / "in" / "ada.ipynb")
    command = [sys.executable, "-m", "d2l_ext.cli", "grade", "in", "--out", "out", "--unsafe"]
    command += ["--solutions", str(course.solution.parent), "--timeout", "60"]
    # What runs in a shell's background has its SIGINT ignored, and so would the command.
    listening = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=listening
    ) as grading:
        start = time.monotonic()
        while not (tmp_path / "out" / "records").exists() and time.monotonic() - start < 60:
            time.sleep(0.1)
        time.sleep(2)  # the answer that does not end is running by then, or soon
        start = time.monotonic()
        grading.send_signal(signal.SIGINT)
        complaint = grading.communicate(timeout=30)[1]
    assert time.monotonic() - start < 15
    assert (grading.returncode, complaint.strip().splitlines()[-1]) == (130, "d2l-ext: stopped")
    assert not (tmp_path / "out" / "grades.csv").exists()
