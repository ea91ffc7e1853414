"""The files that learning platforms import, and the pages."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from d2l_ext.grading import exports, feedback, files, gradebook, overrides, overview
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.results import Override, Result
from d2l_ext.grading.similarity import Resemblance
from tests.grading import assignment
from tests.grading.class_of import EXERCISE, PRINTED, result

CLASS = [
    result("Ada", identifier="41", seconds=30.0),
    result("=Bob", wrong=("q2",), identifier="42", flags=("similar",)),
    result("Cyd", wrong=("q2", "q3"), status="TAMPER", note="a check was edited"),
    Result("Dan", "", "REJECT", note="not a notebook: line 1"),
    Result("Eve", assignment.NAME, "INFRA", note="the disk is full"),
]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_canvas_finds_students_by_their_number() -> None:
    head, possible, ada, bob, *others = rows(exports.canvas_csv(CLASS))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "03_tiny"]
    assert (possible[0].strip(), possible[-1]) == ("Points Possible", "10")
    assert (ada, bob) == (["Ada", "41", "", "", "", "10"], ["'=Bob", "42", "", "", "", "7"])
    assert [row[-1] for row in others] == ["4", "", ""]


def test_moodle_has_the_columns_of_its_worksheet() -> None:
    head, ada, bob, *_ = rows(exports.moodle_csv(CLASS[:4], {"Ada": "ada@example.org"}))
    assert dict(zip(head, ada, strict=True)) == {
        "Identifier": "Participant 41",
        "Full name": "Ada",
        "Email address": "ada@example.org",
        "Status": "",
        "Grade": "10",
        "Maximum Grade": "10",
        "Grade can be changed": "Yes",
        "Last modified (grade)": "-",
        "Feedback comments": "",
    }
    assert (bob[1], bob[-1]) == ("'=Bob", "question 2: no")


def test_gradescope_gets_the_score_and_each_test() -> None:
    content = json.loads(exports.gradescope_json(CLASS[1]))
    assert content["score"] == 7
    assert [test["score"] for test in content["tests"]] == [2, 0, 0, 1, 2, 2]
    assert sum(test["max_score"] for test in content["tests"]) == 10
    assert PRINTED not in json.dumps(content)


def test_gradebook_has_the_promised_columns() -> None:
    head, ada, bob, _, dan, eve = rows(gradebook.csv_text(CLASS))
    questions = ["q1", "q2", "q3", "q4"]
    assert head == ["student", "exercise", *questions, "total", "status", "flags", "note"]
    assert ada[2:] == ["2", "3", "3", "2", "10", "OK", "", ""]
    assert (bob[0], bob[-2]) == ("'=Bob", "similar")
    assert (dan[2:8], eve[2:8]) == ([*[""] * 4, "0", "REJECT"], [*[""] * 4, "", "INFRA"])


def test_overview_shows_distributions_common_outputs_and_who_to_look_at() -> None:
    alike = [Resemblance(assignment.NAME, ("Ada", "<b>"), 0.8)]
    page = overview.page(CLASS, alike, "none at all")
    for words in ("none at all", "80%", "&lt;b&gt;", "a check was edited", "the disk is full"):
        assert words in page
    assert "2 times in q2-check: no" in page
    assert "int 5 &amp; more" in page
    assert "q3-check" not in page, "one student's output is not a common one"
    assert "<script" not in page


def test_overview_names_the_question_that_led_to_a_fault() -> None:
    bob = CLASS[1]
    died = replace(bob.marks[1], findings=[replace(bob.marks[1].findings[0], fault="died")])
    marks = [bob.marks[0], died, *bob.marks[2:]]
    page = overview.page([replace(bob, status="CRASH", marks=marks)], [], "none at all")
    assert "question 2: CRASH" in page


def test_feedback_says_that_a_person_gave_the_points() -> None:
    given = {("Cyd", assignment.NAME, "q2"): Override(2.5, "a slip <of> the pen")}
    (cyd,) = overrides.apply([CLASS[2]], given, {assignment.NAME: EXERCISE})
    assert (cyd.total, cyd.flags) == (6.5, ("overridden",))
    page = feedback.page("Cyd", [cyd])
    assert "A person gave 2.5 points: a slip &lt;of&gt; the pen" in page
    assert "a person will look at it" in page


def test_person_may_grade_what_was_rejected() -> None:
    rejected = Result("Dan", assignment.NAME, "REJECT", note="corrupt")
    given = {("Dan", assignment.NAME, "q1"): Override(2)}
    (dan,) = overrides.apply([rejected], given, {assignment.NAME: EXERCISE})
    assert (dan.total, dan.status) == (2, "REJECT")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Ada,03_tiny,q2,many,", "line 2: 'many' is no number"),
        ("Ada,03_tiny,q2,nan,", "q2 gives 0 to 3 points"),
        ("Ada,03_tiny,q2,4,", "q2 gives 0 to 3 points"),
        ("Ada,03_tiny,q9,1,", "no question 'q9'"),
    ],
)
def test_override_that_cannot_be_is_named(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    assert overrides.read(path) == {}
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError, match=words):
        overrides.apply(CLASS[:1], overrides.read(path), {assignment.NAME: EXERCISE})


def test_names_become_file_names_that_every_system_takes() -> None:
    assert files.safe_name("Ada Lovelace") == "Ada Lovelace"
    strange = ["a/b", "a\\b", "..", "", "CON", "n" * 300, "a:b", "?", "é" * 200, "x\n"]
    names = [files.safe_name(name) for name in strange]
    assert len({name.casefold() for name in names}) == len(strange)
    assert all(len(name.encode()) < 250 and "/" not in name for name in names)
    assert not {"", ".", "..", "CON"} & set(names)
