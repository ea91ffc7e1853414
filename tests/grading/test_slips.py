"""Slips of an instructor's: each gives one line that says what to do, and status 2."""

import io
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext import cli
from tests.grading.conftest import UNSAFE, Course

HEAD = "student,exercise,question,points,comment\n"


@pytest.fixture
def class_folder(released: NotebookNode, tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    nbformat.write(released, folder / "ada.ipynb")
    return folder


def grade(course: Course, folder: Path, *more: object) -> int:
    options = [f"--solutions={course.solution.parent}", f"--out={folder.parent / 'grades'}"]
    try:
        return cli.main(["grade", str(folder), *options, *UNSAFE, *map(str, more)])
    except SystemExit as ended:  # argparse's
        assert isinstance(ended.code, int)
        return ended.code


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize("place", ["file", "file/grades"])
def test_place_for_grades_that_is_none(
    place: str,
    course: Course,
    class_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    assert grade(course, class_folder, "--out", tmp_path / place) == 2
    assert complaint(capsys).startswith(f"d2l-ext: {tmp_path / 'file'}")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_place_for_grades_where_nothing_can_be_written(
    course: Course, class_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(course, class_folder, "--out", "/proc/x") == 2
    assert complaint(capsys).startswith("d2l-ext: /proc/x")


def test_grades_in_the_place_of_the_submissions(
    course: Course, class_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(course, class_folder, "--out", class_folder) == 2
    assert "--out is the folder of the submissions" in complaint(capsys)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"{HEAD}é,03_tiny,q1,2,".encode("cp1252"), "save it as CSV UTF-8"),
        (f"{HEAD}ada,03_tiny,q1,2,".encode("utf-16"), "save it as CSV UTF-8"),
        (f'{HEAD}ada,03_tiny,q1,2,"fine\neve,03_tiny,q1,2,\n'.encode(), "save it as CSV UTF-8"),
        (HEAD.replace(",", ";").encode(), "are they separated by commas?"),
        (None, "Is a directory"),
    ],
    ids=["cp1252", "utf-16", "quote", "semicolons", "folder"],
)
def test_overrides_that_cannot_be_read(
    content: bytes | None,
    words: str,
    course: Course,
    class_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "grades" / "overrides.csv"
    path.parent.mkdir()
    path.mkdir() if content is None else path.write_bytes(content)
    assert grade(course, class_folder) == 2
    said = complaint(capsys)
    assert said.startswith(f"d2l-ext: {path}")
    assert words in said


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--timeout", "nan", "more than 0"),
        ("--timeout", "-5", "more than 0"),
        ("--timeout", "0", "more than 0"),
        ("--timeout", "inf", "more than 0"),
        ("--timeout", "soon", "more than 0"),
        ("--workers", "x", "at least 1"),
        ("--workers", "0", "at least 1"),
        ("--solutions", "nowhere", "nowhere: there is no such folder"),
    ],
)
def test_value_that_cannot_be(
    option: str,
    value: str,
    words: str,
    course: Course,
    class_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert grade(course, class_folder, f"{option}={value}") == 2
    said = complaint(capsys)
    assert words in said
    assert "_at_least_one" not in said


def test_released_exercises_in_the_place_of_solutions(
    course: Course, class_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(course, class_folder, "--solutions", course.exercise.parent) == 2
    assert "is --solutions the folder of the released exercises?" in complaint(capsys)


def test_terminal_that_lacks_a_letter_gets_its_number(
    course: Course, class_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(said, encoding="ascii"))
    (class_folder / "ada.ipynb").rename(class_folder / "zoë.ipynb")
    assert grade(course, class_folder) == 0
    sys.stdout.flush()
    assert rb"zo\xeb" in said.getvalue()
