"""The forms in which platforms hand submissions over, each built here as it comes from them."""

import io
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from d2l_ext.grading import archives
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.submissions import Submission, read_submissions
from tests.grading import assignment
from tests.grading.test_submissions import EXERCISES

# What a class hands in: a name as a platform writes it, and the answer to question 1.
ADA, GRACE = "answer_1 = 18", "answer_1 = 19"

METADATA = """\
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :email: ada@example.org
    :sid: '7001'
  - :name: Alan Turing
    :email: alan@example.org
    :sid: '7003'
  :created_at: 2026-11-23 08:30:00.123456789 Z
  :score: 0.0
submission_102:
  :submitters:
  - :name: Grace Hopper
    :email: grace@example.org
    :sid:
  :created_at: 2026-11-22 08:30:00.000000000 Z
"""

Builder = Callable[[Callable[[str], bytes]], dict[str, bytes]]


def canvas(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "lovelaceada_LATE_41_901_03_tiny.ipynb": notebook(ADA),
        "hoppergrace_42_902_my_3_4_solution-1.ipynb": notebook(GRACE),
        "hoppergrace_42_903_conftest.py": b"",
    }


def moodle(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "Ada Lovelace_41_assignsubmission_file_/03_tiny.ipynb": notebook(ADA),
        "Grace Hopper_42_assignsubmission_file/deep/er/mine.ipynb": notebook(GRACE),
    }


def moodle_flat(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    forged = "Ada Lovelace_41_assignsubmission_file_03_tiny.ipynb"
    return {
        "Ada Lovelace_41_assignsubmission_file_03_tiny.ipynb": notebook(ADA),
        # What a student calls a file must not make it another's.
        f"Grace Hopper_42_assignsubmission_file_{forged}": notebook(GRACE),
    }


def gradescope(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "assignment_5_export/submission_metadata.yml": METADATA.encode(),
        "assignment_5_export/submission_101/03_tiny.ipynb": notebook(ADA),
        "assignment_5_export/submission_102/mine.ipynb": notebook(GRACE),
    }


def nbgrader(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "submitted/ada/03_tiny/03_tiny.ipynb": notebook(ADA),
        "submitted/ada/03_tiny/timestamp.txt": b"2026-11-23 08:00:00.123456 UTC",
        "submitted/grace/03_tiny/03_tiny.ipynb": notebook(GRACE),
        "submitted/grace/03_tiny/timestamp.txt": b"yesterday",
    }


def inbound(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "ada+03_tiny+2026-11-23 08:00:00.123456 UTC+abc/03_tiny.ipynb": notebook(ADA),
        "grace+03_tiny+2026-11-22 08:00:00.123456 UTC/03_tiny.ipynb": notebook(GRACE),
    }


def zips(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    return {
        "submissions/ada.zip": zipped({"work/03_tiny.ipynb": notebook(ADA)}),
        "submissions/grace/mine.zip": zipped({"mine.ipynb": notebook(GRACE)}),
    }


def several_exports(notebook: Callable[[str], bytes]) -> dict[str, bytes]:
    own = canvas(notebook)
    return {
        "a.zip": zipped({name: data for name, data in own.items() if "ada" in name}),
        "b.zip": zipped({name: data for name, data in own.items() if "grace" in name}),
    }


EXPECTED = {
    canvas: [("hoppergrace", "42", GRACE), ("lovelaceada", "41", ADA)],
    moodle: [("Ada Lovelace", "41", ADA), ("Grace Hopper", "42", GRACE)],
    moodle_flat: [("Ada Lovelace", "41", ADA), ("Grace Hopper", "42", GRACE)],
    gradescope: [
        ("Ada Lovelace", "7001", ADA),
        ("Alan Turing", "7003", ADA),
        ("Grace Hopper", "grace@example.org", GRACE),
    ],
    nbgrader: [("ada", "", ADA), ("grace", "", GRACE)],
    inbound: [("ada", "", ADA), ("grace", "", GRACE)],
    zips: [("ada", "", ADA), ("grace", "", GRACE)],
    several_exports: [("hoppergrace", "42", GRACE), ("lovelaceada", "41", ADA)],
}


@pytest.fixture
def notebook(released: NotebookNode) -> Callable[[str], bytes]:
    return lambda answer: nbformat.writes(assignment.with_answers(released, q1=answer)).encode()


def zipped(files: dict[str, bytes], **attributes: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(entry, attribute, value)
            archive.writestr(entry, content)
    return data.getvalue()


def read(files: dict[str, bytes], source: Path, as_zip: bool) -> list[Submission]:
    if as_zip:
        source = source / "submissions.zip"
        source.write_bytes(zipped(files))
    else:
        for name, content in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
        # A wrapper folder is given as such.
        tops = {name.split("/")[0] for name in files}
        source = source / tops.pop() if len(tops) == 1 else source
    return read_submissions(source, EXERCISES)


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "folder"])
@pytest.mark.parametrize("build", EXPECTED, ids=lambda build: build.__name__)
def test_form_of_a_platform_is_read(
    build: Builder, as_zip: bool, notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    found = read(build(notebook), tmp_path, as_zip)
    known = [(s.student, s.owner.identifier, s.answers.get("q1")) for s in found]
    assert (known, {s.exercise for s in found}) == (EXPECTED[build], {assignment.NAME})


def test_what_platforms_say_of_the_time_is_read(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    morning = datetime(2026, 11, 23, 8, tzinfo=UTC)
    for place, build in enumerate((gradescope, nbgrader, inbound)):
        (tmp_path / str(place)).mkdir()
        ada = read(build(notebook), tmp_path / str(place), as_zip=True)[0]
        assert ada.submitted
        assert abs((ada.submitted - morning).total_seconds()) < 3600
    assert [s.owner.late for s in read(canvas(notebook), tmp_path, as_zip=True)] == [False, True]


def test_file_beside_the_notebook_is_tampering(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {
        f"{name}/{other}": content
        for name, other in [
            ("a", "conftest.py"),
            ("b", "torch.py"),
            ("c", "d2l_ext/__init__.py"),
            ("d", "pytest.ini"),
            ("e", "helper.py"),
            ("f", "notes/torch.txt"),
        ]
        for other, content in ((other, b""), ("03_tiny.ipynb", notebook(ADA)))
    }
    found = read(files, tmp_path, as_zip=True)
    assert [bool(s.tampered) for s in found] == [True, True, True, True, False, False]
    assert found[0].tampered == ("conftest.py lay beside the notebook",)


def test_zip_of_a_student_cannot_pass_for_the_class(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    forged = {"Grace Hopper_42_assignsubmission_file_/03_tiny.ipynb": notebook(ADA)}
    files = {"ada.zip": zipped(forged), "grace.ipynb": notebook(GRACE)}
    assert [s.student for s in read(files, tmp_path, as_zip=False)] == ["ada", "grace"]


def test_one_zip_of_a_student_does_not_name_somebody_else(
    notebook: Callable[[str], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = {
        "submission_metadata.yml": METADATA.replace("Grace Hopper", "Bob Victim").encode(),
        "submission_102/03_tiny.ipynb": notebook(ADA),
    }
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.zip").write_bytes(zipped(forged))
    (ada,) = read_submissions(tmp_path / "in", EXERCISES)
    assert (ada.student, ada.answers["q1"]) == ("ada", ADA)
    assert "ada.zip: read as what one student handed in" in capsys.readouterr().err


def test_one_folder_of_a_student_does_not_name_somebody_else(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    forged = {
        "ada/submission_metadata.yml": METADATA.encode(),
        "ada/submission_102/03_tiny.ipynb": notebook(ADA),
    }
    (ada,) = read(forged, tmp_path, as_zip=True)
    assert (ada.student, ada.answers["q1"]) == ("ada", ADA)


def test_zips_that_are_read_as_those_of_a_class_are_named(
    notebook: Callable[[str], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(several_exports(notebook), tmp_path, as_zip=False)
    assert "a.zip, b.zip: each read as the zip of a class" in capsys.readouterr().err


@pytest.mark.parametrize("created", ["2020-99-99", "[" * 5000, "'a"])
def test_list_of_submitters_that_is_broken_costs_the_names_alone(
    created: str,
    notebook: Callable[[str], bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = {
        "submission_metadata.yml": f"submission_101:\n  :created_at: {created}".encode(),
        "submission_101/03_tiny.ipynb": notebook(ADA),
    }
    (ada,) = read(files, tmp_path, as_zip=True)
    assert (ada.student, ada.answers["q1"]) == ("submission_101", ADA)
    assert "submission_metadata.yml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "place",
    [
        "hopper_LATE_42_902_mine.zip",
        "Grace Hopper_42_assignsubmission_file_/work",
        "grace.zip",
        "grace/03_tiny/mine.zip",
        "grace/03_tiny/deeper",
        "grace+03_tiny+2026-11-22 08:00:00 UTC",
    ],
)
def test_student_does_not_say_when_it_came(
    place: str, notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    own = {"03_tiny.ipynb": notebook(GRACE), "timestamp.txt": b"2020-01-01 08:00:00 UTC"}
    own |= {f"03_tiny/{name}": content for name, content in own.items()}
    if place.endswith(".zip"):
        files = {place: zipped(own)}
    else:
        files = {f"{place}/{name}": content for name, content in own.items()}
    found = read({**files, "ada.ipynb": notebook(ADA)}, tmp_path, as_zip=True)
    (grace,) = (s for s in found if s.student != "ada")
    assert grace.answers["q1"] == GRACE
    assert grace.submitted is None or grace.submitted.year == 2026


def test_zip_in_nbgraders_folder_came_when_nbgrader_says(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {
        "submitted/ada/03_tiny/mine.zip": zipped({"work.ipynb": notebook(ADA)}),
        "submitted/ada/03_tiny/timestamp.txt": b"2026-11-23 08:00:00.123456 UTC",
    }
    (ada,) = read(files, tmp_path, as_zip=True)
    assert ada.submitted
    assert (ada.submitted.day, ada.answers["q1"]) == (23, ADA)


def test_latest_of_several_hand_ins_counts(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {
        f"eve+{exercise}+2026-11-{day} 08:00:00 UTC+{day}/{exercise}.ipynb": notebook(answer)
        for exercise, day, answer in [
            ("03_tiny", 23, ADA),
            ("03_tiny", 22, GRACE),
            ("99_other", 21, GRACE),
        ]
    }
    (eve,) = read(files, tmp_path, as_zip=True)
    assert eve.submitted
    assert (eve.answers["q1"], eve.submitted.day) == (ADA, 23)
    assert eve.flags == ("several hand-ins",)


def test_name_of_nothing_in_a_zip_is_rejected(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    broken = zipped({"Xb.ipynb": notebook(ADA)}).replace(b"Xb.ipynb", b"\0b.ipynb")
    files = {"ada.zip": broken, "grace.ipynb": notebook(GRACE)}
    ada, grace = read(files, tmp_path, as_zip=False)
    assert "leaves the zip" in ada.rejected
    assert grace.answers["q1"] == GRACE


@pytest.mark.parametrize(
    "name", ["../../03_tiny.ipynb", "/tmp/03_tiny.ipynb", "C:\\03_tiny.ipynb", "a/../03_tiny.ipynb"]
)
def test_name_that_leaves_a_zip_is_rejected_and_flagged(
    name: str, notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {"ada.zip": zipped({name: notebook(ADA)}), "grace.ipynb": notebook(GRACE)}
    ada, grace = read(files, tmp_path, as_zip=False)
    assert ("leaves the zip" in ada.rejected, ada.flags) == (True, ("unsafe file",))
    assert not grace.rejected


def test_link_in_a_zip_is_rejected(notebook: Callable[[str], bytes], tmp_path: Path) -> None:
    link = zipped({"03_tiny.ipynb": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    (ada,) = read({"ada.zip": link}, tmp_path, as_zip=False)
    assert "a link in a zip" in ada.rejected


def test_zip_bomb_is_rejected(
    notebook: Callable[[str], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("d2l_ext.grading.reading.FILE_LIMIT", 2**20)
    monkeypatch.setattr("d2l_ext.grading.reading.MEMORY_LIMIT", 2**10)
    monkeypatch.setattr("d2l_ext.grading.intake.FILE_LIMIT", 2**20)
    bomb = zipped({"03_tiny.ipynb": bytes(2**22)})
    files = {
        "ada.zip": bomb,
        "eve.zip": zipped({"inner.zip": bomb, "ada.zip": bytes(2**21)}),
        "kim.zip": bytes(2**21),
    }
    files["joe.zip"] = zipped({f"{i}.txt": b"" for i in range(archives.STUDENT_ITEM_LIMIT + 1)})
    ada, eve, joe, kim = read(files, tmp_path, as_zip=False)
    assert ada.rejected == "larger than 1 MB"
    assert eve.rejected == "there is no notebook, only ada.zip, inner.zip"
    assert (joe.rejected, joe.flags) == (
        "joe.zip: a zip of more than 1000 files",
        ("unsafe archive",),
    )
    assert "not a zip" in kim.rejected


def test_damaged_member_is_rejected(notebook: Callable[[str], bytes], tmp_path: Path) -> None:
    data = bytearray(zipped({"03_tiny.ipynb": notebook(ADA)}))
    data[100:110] = bytes(10)
    (ada,) = read({"ada.zip": bytes(data)}, tmp_path, as_zip=False)
    assert "it cannot be unpacked" in ada.rejected


def test_class_that_is_no_zip_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match="not a zip"):
        read_submissions(tmp_path / "class.zip", EXERCISES)


def test_student_without_a_notebook_has_a_row(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "grace").mkdir()
    (tmp_path / "grace" / "report.pdf").write_bytes(b"")
    found = read_submissions(tmp_path, EXERCISES)
    assert [s.rejected for s in found] == [
        "there is no notebook",
        "there is no notebook, only report.pdf",
    ]


def test_one_notebook_of_several_for_an_exercise_is_chosen(
    notebook: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {
        "ada/03_tiny-Copy1.ipynb": notebook(GRACE),
        "ada/03_tiny.ipynb": notebook(ADA),
        "ada/scratch.ipynb": b"{}",
    }
    (ada,) = read(files, tmp_path, as_zip=True)
    assert (ada.answers["q1"], ada.flags) == (ADA, ("several notebooks",))


def test_students_of_one_name_stay_apart(notebook: Callable[[str], bytes], tmp_path: Path) -> None:
    files = {f"Kim_{i}_assignsubmission_file_/03_tiny.ipynb": notebook(ADA) for i in (1, 2)}
    assert [s.student for s in read(files, tmp_path, as_zip=True)] == ["Kim (1)", "Kim (2)"]
