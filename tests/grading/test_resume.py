"""A batch that is stopped goes on where it was; what is known is not found out twice."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from d2l_ext import cli
from d2l_ext.grading import grade
from d2l_ext.grading.assess import assess
from d2l_ext.grading.results import Result
from d2l_ext.grading.submissions import Submission
from tests.grading import assignment
from tests.grading.conftest import RIGHT, UNSAFE, Course

STUDENTS = ("ada", "bob", "cyd", "eve")


@pytest.fixture
def class_folder(course: Course, tmp_path: Path) -> Path:
    """Some submissions, each another one, the last of which is wrong in question 4."""
    released = nbformat.read(course.exercise, as_version=4)
    folder = tmp_path / "class"
    folder.mkdir()
    for place, student in enumerate(STUDENTS):
        answers = RIGHT | {"q1": f"answer_1 = 18  # {place}"}
        answers |= {"q4": "def add(a, b):\n    return 0"} if student == "eve" else {}
        nbformat.write(assignment.with_answers(released, **answers), folder / f"{student}.ipynb")
    return folder


def command(course: Course, folder: Path, out: Path, *more: str) -> list[str]:
    solutions = str(course.solution.parent)
    return ["grade", str(folder), "--out", str(out), "--solutions", solutions, *UNSAFE, *more]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "grades.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def written(out: Path) -> dict[str, int]:
    """When each student's newest record was written; what is graded anew leaves the old one."""
    records = sorted((out / "records").glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
    return {json.loads(p.read_text())["student"]: p.stat().st_mtime_ns for p in records}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_grader_that_is_killed_goes_on_where_it_was(
    course: Course, class_folder: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "grades"
    assert cli.main(command(course, class_folder, whole)) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "d2l_ext.cli", *command(course, class_folder, out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while len(list((out / "records").glob("*.json"))) < 2:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = written(out)
    assert 2 <= len(before) < len(STUDENTS)
    assert not (out / "grades.csv").exists()

    assert cli.main(command(course, class_folder, out)) == 0
    after = written(out)
    assert {student: after[student] for student in before} == before
    assert set(after) == set(STUDENTS)
    assert rows(out) == rows(whole)


def test_only_what_changed_is_graded_again(
    course: Course, class_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grades"
    assert cli.main(command(course, class_folder, out, "--only", "ada", "--only", "eve")) == 0
    assert [(row["student"], row["total"]) for row in rows(out)] == [("ada", "10"), ("eve", "8")]
    first = written(out)

    path = class_folder / "eve.ipynb"
    changed = nbformat.read(path, as_version=4)
    assignment.cell_named(changed, "q4").source = RIGHT["q4"]
    nbformat.write(changed, path)
    for student in STUDENTS[1:3]:
        (class_folder / f"{student}.ipynb").unlink()
    (out / "overrides.csv").write_text(
        "student,exercise,question,points,comment\neve,03_tiny,q2,1.5,a slip of the pen\n"
        "evee,03_tiny,q2,1.5,\n"
    )
    (class_folder / "fay.ipynb.txt").write_text("{}")
    assert cli.main(command(course, class_folder, out)) == 0
    said = capsys.readouterr().err
    assert "overrides.csv: evee, 03_tiny: not among the grades" in said
    assert "eve, 03_tiny" not in said
    assert "passed over, neither notebook, folder nor zip: fay.ipynb.txt (1 in all)" in said
    second = written(out)
    assert second["ada"] == first["ada"]
    assert second["eve"] > first["eve"]
    eve = rows(out)[1]
    assert (eve["q2"], eve["q4"], eve["total"]) == ("1.5", "2", "8.5")
    assert "overridden" in eve["flags"]
    assert "a slip of the pen" in (out / "feedback" / "eve.html").read_text()

    assert cli.main(command(course, class_folder, out, "--only", "q4")) == 0
    third = written(out)
    assert third["ada"] > second["ada"]
    assert rows(out)[1] == eve
    assert cli.main(command(course, class_folder, out, "--only", "nobody")) == 2
    assert "there is no such student or question" in capsys.readouterr().err


def test_failure_of_the_grader_is_not_kept(
    course: Course, class_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "grades"
    for student in STUDENTS[1:]:
        (class_folder / f"{student}.ipynb").unlink()
    with monkeypatch.context() as broken:
        broken.setattr("d2l_ext.grading.batch.judge", _fail)
        assert cli.main(command(course, class_folder, out)) == 1
    (row,) = rows(out)
    assert (row["status"], row["total"], row["note"]) == ("INFRA", "", "the disk is full")
    assert not written(out)
    assert cli.main(command(course, class_folder, out)) == 0
    assert rows(out)[0]["status"] == "OK"


def test_submission_that_cannot_be_assessed_costs_the_others_nothing(
    course: Course,
    class_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "grades"

    def failing(submission: Submission, *others: Any) -> Result:
        if submission.student == "bob":
            raise KeyError("a bug")
        return assess(submission, *others)

    with monkeypatch.context() as broken:
        broken.setattr(grade, "assess", failing)
        assert cli.main(command(course, class_folder, out)) == 1
    found = {row["student"]: (row["status"], row["note"]) for row in rows(out)}
    assert found.pop("bob") == ("INFRA", "KeyError: 'a bug'")
    assert {status for status, _ in found.values()} == {"OK"}
    (path,) = (out / "records").glob("*.traceback.txt")
    assert "in failing" in path.read_text()
    assert f"bob: the grader failed, see {path}" in capsys.readouterr().err
    assert cli.main(command(course, class_folder, out)) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("seconds", "x"), ("seconds", None), ("seconds", -1e999), ("seconds", 1e999), ("cells", [3])],
)
def test_record_that_is_damaged_is_made_again(
    name: str, value: object, course: Course, class_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "grades"
    only = ("--only", "ada")
    assert cli.main(command(course, class_folder, out, *only)) == 0
    (path,) = (out / "records").glob("*.json")
    sound = json.loads(path.read_text())
    path.write_text(json.dumps({**sound, name: value}))
    assert cli.main(command(course, class_folder, out, *only)) == 0
    again = json.loads(path.read_text())
    assert {cell["cell"] for cell in again["cells"]} == {cell["cell"] for cell in sound["cells"]}
    assert 0 < again["seconds"] < 1000


def test_second_grader_is_kept_out(
    course: Course, class_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from d2l_ext.grading.records import Records

    out = tmp_path / "grades"
    with Records(out / "records").locked():
        assert cli.main(command(course, class_folder, out)) == 2
    assert "another d2l-ext grade is at work here" in capsys.readouterr().err


def _fail(*_: object) -> None:
    raise OSError("the disk is full")
