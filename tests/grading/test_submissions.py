"""Reading submissions: whatever a file holds, it is read or rejected with a reason."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext.grading import archives, submissions
from d2l_ext.grading.assess import assess, rejection
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise, parse
from d2l_ext.grading.layouts import HandIn
from d2l_ext.grading.records import Judged
from d2l_ext.grading.submissions import Submission, read_submissions
from tests.grading import assignment
from tests.grading.class_of import ASSIGNMENT

EXERCISES = {assignment.NAME: parse(assignment.solution(), assignment.NAME)}


def read(folder: Path) -> Submission:
    (submission,) = read_submissions(folder, EXERCISES)
    return submission


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a notebook: line 1"),
        (b'{"cells":\n\n oops}', "not a notebook: line 3"),
        (b"{\n\xff}", "not a notebook: line 2"),
        (b"[" * 100_000, "not a notebook: line 1"),
        (b"[]", "not a notebook: line 1"),
        (b"null", "not a notebook: line 1"),
        (b'{"nbformat": 4, "cells": 5}', "no cells"),
        (b'{"nbformat": 2, "worksheets": 5}', "old format"),
        (b'{"nbformat": 4, "cells": [], "metadata": []}', "which exercise"),
        (b'{"nbformat": 4, "cells": [], "metadata": {"d2l_ext": {"exercise": [1]}}}', "not known"),
    ],
)
def test_file_that_is_no_exercise_is_rejected(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_bytes(content)
    assert reason in read(tmp_path).rejected


def test_link_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.ipynb").write_text("{}")
    (tmp_path / "in" / "ada.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert "a link" in read(tmp_path / "in").rejected


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made otherwise there")
@pytest.mark.parametrize(
    "make",
    [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/nowhere")],
    ids=["folder", "pipe", "link"],
)
def test_time_stamp_that_is_no_file_is_passed_over(
    released: NotebookNode, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    folder = tmp_path / "ada" / assignment.NAME
    folder.mkdir(parents=True)
    nbformat.write(released, folder / f"{assignment.NAME}.ipynb")
    make(folder / "timestamp.txt")
    submission = read(tmp_path)
    assert (submission.rejected, submission.submitted) == ("", None)


def test_exercise_is_known_by_the_file_name_where_the_metadata_are_lost(
    released: NotebookNode, tmp_path: Path
) -> None:
    released.metadata = {}
    (tmp_path / "ada").mkdir()
    nbformat.write(released, tmp_path / "ada" / f"{assignment.NAME}.ipynb")
    submission = read(tmp_path)
    assert (submission.student, submission.exercise) == ("ada", assignment.NAME)
    assert submission.answers["q1"] == "answer_1 = ...  # an int"


def test_last_of_two_answer_cells_counts(released: NotebookNode, tmp_path: Path) -> None:
    again = nbformat.from_dict(assignment.cell_named(released, "q1"))
    again.source, again.id = "answer_1 = 18", "copy"
    released.cells.append(again)
    nbformat.write(released, tmp_path / "ada.ipynb")
    assert read(tmp_path).answers["q1"] == "answer_1 = 18"


@pytest.mark.parametrize("source", [" \n" * 10**6, "exit" + " " * 10**6 + "x", "#" * 10**6])
def test_answer_of_white_space_does_not_hold_up_the_class(
    released: NotebookNode, tmp_path: Path, source: str
) -> None:
    assignment.cell_named(released, "q1").source = source
    (tmp_path / "ada.ipynb").write_text(json.dumps(released))
    begun = time.process_time()
    assert "exit() ignored" not in read(tmp_path).flags
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("source", ["exit()", "a = 1\n  quit ( ) \nb = 2", "exit"])
def test_exit_that_was_left_in_is_flagged(
    released: NotebookNode, tmp_path: Path, source: str
) -> None:
    assignment.cell_named(released, "q1").source = source
    (tmp_path / "ada.ipynb").write_text(json.dumps(released))
    assert "exit() ignored" in read(tmp_path).flags


def test_older_format_is_converted(released: NotebookNode, tmp_path: Path) -> None:
    old = nbformat.convert(released, 3)
    (tmp_path / f"{assignment.NAME}.ipynb").write_text(json.dumps(old))
    assert set(read(tmp_path).answers) == {"q1", "q2", "q3", "q4"}


def test_cells_of_any_shape_are_passed_over(tmp_path: Path) -> None:
    marks = {"nbgrader": {"grade_id": "q1"}}
    cells = [
        None,
        {"cell_type": "code"},
        {"cell_type": "code", "metadata": {"nbgrader": 3}, "source": "a"},
        {"cell_type": "code", "metadata": marks, "source": {}},
        {"cell_type": "code", "metadata": marks, "source": ["a\n", "b"]},
    ]
    metadata = {"d2l_ext": {"exercise": assignment.NAME}}
    (tmp_path / "ada.ipynb").write_text(
        json.dumps({"nbformat": 4, "cells": cells, "metadata": metadata})
    )
    assert read(tmp_path).answers == {"q1": "a\nb"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_student_of_any_name_can_be_written_down(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff" + b"n" * 250)).mkdir()
    assert read(tmp_path).student == "?" + "n" * 250


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no notebook to grade"):
        read_submissions(tmp_path, EXERCISES)


def test_folder_that_is_nested_too_deeply_costs_its_student_alone(
    released: NotebookNode, tmp_path: Path
) -> None:
    nbformat.write(released, tmp_path / "ada.ipynb")
    # Enough to be refused; pytest itself cannot remove one that is far deeper.
    tmp_path.joinpath("eve", *["d"] * (archives.DEPTH_LIMIT + 10)).mkdir(parents=True)
    ada, eve = read_submissions(tmp_path, EXERCISES)
    assert not ada.rejected
    assert (eve.rejected, eve.flags) == ("d: nested too deeply", ("unsafe file",))


@pytest.mark.parametrize("name", ["eve", "eve/work"])
def test_folder_that_cannot_be_read_costs_its_student_alone(
    released: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    nbformat.write(released, tmp_path / "ada.ipynb")
    closed = tmp_path / name
    closed.mkdir(parents=True)
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    ada, eve = read_submissions(tmp_path, EXERCISES)
    assert not ada.rejected
    assert (eve.student, eve.flags) == ("eve", ("unsafe file",))
    assert "cannot be read" in eve.rejected


def test_hand_in_that_the_grader_fails_on_costs_its_student_alone(
    released: NotebookNode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("ada", "eve"):
        nbformat.write(released, tmp_path / f"{name}.ipynb")
    read_one = submissions.read_hand_in

    def failing(hand_in: HandIn, exercises: Mapping[str, Exercise]) -> list[Submission]:
        if hand_in.owner.student == "eve":
            raise IndexError("\x1b[2J" + "a" * 10_000)
        return read_one(hand_in, exercises)

    monkeypatch.setattr(submissions, "read_hand_in", failing)
    ada, eve = read_submissions(tmp_path, EXERCISES)
    assert not ada.rejected
    assert eve.rejected.startswith("it cannot be read: IndexError: ?[2J")
    assert len(eve.rejected) < 1000
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "\x1b" not in said


def test_grades_among_the_submissions_are_nobodys(released: NotebookNode, tmp_path: Path) -> None:
    (tmp_path / "grades" / "records").mkdir(parents=True)
    nbformat.write(released, tmp_path / "ada.ipynb")
    found = read_submissions(tmp_path, EXERCISES, without=tmp_path / "grades")
    assert [s.student for s in found] == ["ada"]


def test_what_a_notebook_says_of_itself_is_repeated_shortly_and_without_control_characters(
    released: NotebookNode, tmp_path: Path
) -> None:
    cell = {"cell_type": "code", "source": "a", "metadata": {"tags": ["nbval-skip"]}}
    content = json.loads(nbformat.writes(released))
    for name in ("\ud800", "\x1b[31mred", "n" * 10_000, *map(str, range(1000))):
        marks = {"nbgrader": {"grade_id": name}}
        content["cells"].append({**cell, "metadata": {**cell["metadata"], **marks}})
    (tmp_path / "ada.ipynb").write_text(json.dumps(content))
    submission = read(tmp_path)
    note = assess(submission, ASSIGNMENT, Judged({}, 1.0), 20).note
    assert note.isprintable()
    assert len(note) < 500
    assert note.startswith("cell ? tells nbval to look away; cell ?[31mred tells")
    assert "; and 998 more" in note

    content["metadata"]["d2l_ext"]["version"] = "\x1b[31m" + "1" * 100
    (tmp_path / "ada.ipynb").write_text(json.dumps(content))
    reason = rejection(read(tmp_path), ASSIGNMENT.exercise)
    assert reason.isprintable()
    assert len(reason) < 100


@pytest.mark.parametrize("version", [[[]], {"a": 1}, "2", None, 2.0])
def test_version_of_any_shape_is_read(
    released: NotebookNode, tmp_path: Path, version: object
) -> None:
    content = json.loads(nbformat.writes(released))
    content["metadata"]["d2l_ext"]["version"] = version
    (tmp_path / "ada.ipynb").write_text(json.dumps(content))
    accepted = version in (None, 2.0)
    assert (rejection(read(tmp_path), ASSIGNMENT.exercise) == "") is accepted
