"""The process that runs a notebook: what it can see, and what happens when it ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.exercise import load
from d2l_ext.grading.judge import judge
from d2l_ext.grading.key import make_key
from d2l_ext.grading.notebook import code_cell, new_notebook
from d2l_ext.grading.paper import Paper
from d2l_ext.grading.runner import Runner
from tests.grading import assignment
from tests.grading.conftest import ENDLESS, Course

LOOK_AROUND = """import os, pathlib
parent = pathlib.Path(f"/proc/{os.getppid()}/cmdline")
print(os.listdir())
print("PYTEST_CURRENT_TEST" in os.environ, "SECRET" in os.environ, os.environ["D2L_EXT_SEED"])
print(parent.read_text() if parent.exists() else "")
print([path for path in pathlib.Path.cwd().parent.rglob("*.ipynb")])"""


def test_kernel_sees_neither_the_notebook_nor_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "a token")
    ran = Runner(seed="7").run(new_notebook([code_cell("look", LOOK_AROUND)]))
    folder, environment, command, notebooks = ran["look"].printed.splitlines()
    assert (folder, environment, notebooks) == ("[]", "False False 7", "[]")
    assert "ipynb" not in command


def test_group_that_ends_the_whole_process_costs_itself_only() -> None:
    kill = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    groups = {"a": [code_cell("a", "")], "b": [code_cell("b", kill)], "c": [code_cell("c", "")]}
    records = judge(Paper([code_cell("shared", "")], groups), Runner(2))
    outcomes = {name: record.outcome for name, record in records.items()}
    assert outcomes == {"shared": "passed", "a": "passed", "b": "died", "c": "passed"}


def test_kernel_that_ends_late_is_not_blamed_on_the_group_that_runs_then() -> None:
    fuse = "import os, threading\nthreading.Timer(0.2, os._exit, (0,)).start()"
    groups = {
        "fuse": [code_cell("fuse", fuse)],
        "innocent": [code_cell("innocent", "import time\ntime.sleep(0.5)")],
    }
    records = judge(Paper([code_cell("shared", "")], groups), Runner(5))
    assert records["innocent"].outcome == "passed"


def test_another_seed_changes_what_hidden_checks_expect_and_nothing_else(course: Course) -> None:
    exercise, _ = load(course.solution)
    key = make_key(exercise, Runner(seed="7"))
    stored = {c.id: c.expected for q in exercise.questions for c in q.checks}
    assert [name for name in stored if stored[name] != key.expected[name]] == ["q2-hidden"]


def test_set_up_that_fails_is_nobodys_answer() -> None:
    paper = Paper([code_cell("shared", "import nowhere")], {"a": [code_cell("a", "")]})
    with pytest.raises(InfrastructureError, match="set-up cell fails: ModuleNotFoundError"):
        judge(paper, Runner(5))


def test_interrupted_grading_stops_at_once_and_writes_nothing(
    course: Course, released: NotebookNode, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    nbformat.write(assignment.with_answers(released, q2=ENDLESS), tmp_path / "in" / "ada.ipynb")
    command = [sys.executable, "-m", "d2l_ext.cli", "grade", "in", "--out", "out"]
    command += ["--solutions", str(course.solution.parent), "--timeout", "60"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as grading:
        time.sleep(4)
        start = time.monotonic()
        grading.send_signal(signal.SIGINT)
        complaint = grading.communicate(timeout=30)[1]
    assert time.monotonic() - start < 10
    assert (grading.returncode, complaint.strip()) == (130, "d2l-ext: stopped")
    assert not (tmp_path / "out").exists()
