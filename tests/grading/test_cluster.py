"""`--scheduler`: a Dask cluster grades the same, also when one of its workers is killed."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from d2l_ext import cli
from tests.grading import assignment
from tests.grading.conftest import RIGHT, UNSAFE, Course

distributed = pytest.importorskip("distributed", reason="Dask is optional")

STUDENTS = 4


class Process(subprocess.Popen[str]):
    """A process that is ended, with all that it started, where its block ends."""

    def __exit__(self, *details: object) -> None:
        self.kill_all()
        super().__exit__(*details)  # type: ignore[arg-type]

    def kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it was killed before
            os.killpg(self.pid, signal.SIGKILL)


def process(module: str, *arguments: str, stderr: int = subprocess.DEVNULL) -> Process:
    command = [sys.executable, "-m", module, "--host", "127.0.0.1", *arguments]
    return Process(command, stderr=stderr, text=True, start_new_session=True)


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a scheduler of its own."""
    with process(
        "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", stderr=subprocess.PIPE
    ) as started:
        assert started.stderr is not None
        for line in started.stderr:
            if "Scheduler at:" in line:
                yield line.split()[-1]
                return
        pytest.fail("the scheduler did not start")


def worker(scheduler: str, folder: Path) -> Process:
    folder.mkdir()
    more = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(folder)]
    return process("distributed.cli.dask_worker", scheduler, *more)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_worker_that_is_killed_changes_nothing(
    course: Course, scheduler: str, tmp_path: Path
) -> None:
    released = nbformat.read(course.exercise, as_version=4)
    (tmp_path / "class").mkdir()
    for place in range(STUDENTS):
        wrong = {"q1": f"answer_1 = {place}"} if place % 2 else {}
        notebook = assignment.with_answers(released, **RIGHT | wrong)
        nbformat.write(notebook, tmp_path / "class" / f"s{place}.ipynb")
    out, solutions = tmp_path / "grades", str(course.solution.parent)
    command = [sys.executable, "-m", "d2l_ext.cli", "grade", str(tmp_path / "class")]
    command += ["--out", str(out), "--solutions", solutions, "--scheduler", scheduler, *UNSAFE]
    with worker(scheduler, tmp_path / "one"), worker(scheduler, tmp_path / "two") as lost:
        grader = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not list((out / "records").glob("*.json")):
            assert grader.poll() is None, "it ended before a worker could be killed"
            time.sleep(0.02)
        lost.kill_all()
        assert grader.wait(300) == 0
    with (out / "grades.csv").open(newline="") as file:
        rows = [(row["student"], row["total"], row["status"]) for row in csv.DictReader(file)]
    assert rows == [(f"s{i}", "8" if i % 2 else "10", "OK") for i in range(STUDENTS)]


def test_scheduler_that_is_not_there_is_named(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released = nbformat.read(course.exercise, as_version=4)
    nbformat.write(released, tmp_path / "ada.ipynb")
    command = ["grade", str(tmp_path), "--out", str(tmp_path / "grades"), "--solutions"]
    command += [str(course.solution.parent), "--scheduler", "tcp://127.0.0.1:9", *UNSAFE]
    assert cli.main(command) == 2
    assert "tcp://127.0.0.1:9: no scheduler answers there" in capsys.readouterr().err
