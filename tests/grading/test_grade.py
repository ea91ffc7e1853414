"""`d2l-ext grade`: each submission of a batch gets its right row, whatever the others do."""

import pytest

from tests.grading.conftest import TIMEOUT, Batch

# Points for questions 1 to 4, and the status.
ROWS = {
    "right": ("2", "3", "3", "2", "10", "OK"),
    "wrong": ("0", "0", "3", "2", "5", "OK"),
    "partly": ("2", "0", "3", "2", "7", "OK"),
    "hardcoded": ("2", "1", "3", "2", "8", "OK"),
    "untouched": ("0", "0", "0", "0", "0", "OK"),
    "endless": ("2", "0", "3", "2", "7", "TIMEOUT"),
    "exiting": ("2", "3", "0", "2", "7", "CRASH"),
    "undefined": ("2", "0", "3", "2", "7", "OK"),
    "leaving": ("2", "3", "3", "2", "10", "OK"),
    "skipping": ("2", "3", "3", "2", "10", "TAMPER"),
    "missing": ("2", "3", "3", "0", "8", "OK"),
    "edited": ("2", "3", "3", "0", "8", "TAMPER"),
    "'=1+1": ("2", "3", "3", "2", "10", "OK"),
    "old": ("", "", "", "", "0", "REJECT"),
    "strange": ("", "", "", "", "0", "REJECT"),
    "broken": ("", "", "", "", "0", "REJECT"),
}


@pytest.mark.parametrize("student", ROWS)
def test_submission_gets_its_row(batch: Batch, student: str) -> None:
    row = batch.rows[student]
    columns = ("q1", "q2", "q3", "q4", "total", "status")
    assert tuple(row[column] for column in columns) == ROWS[student]


def test_batch_has_a_row_for_each_student_and_no_other(batch: Batch) -> None:
    assert set(batch.rows) == set(ROWS)


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("right", "10 of 10 points"),
        ("wrong", "Each group sees its own channels only."),
        ("wrong", "Each pair was counted twice."),
        ("partly", "expected int 8192, got int 64"),
        ("hardcoded", "the hidden check, with other inputs, did not agree"),
        ("untouched", "no answer"),
        ("endless", f"question 2 took longer than {TIMEOUT} s"),
        ("endless", f"question 2, check (0 of 1): it took longer than {TIMEOUT} s"),
        ("exiting", "question 3, check (0 of 1): it ended the kernel"),
        ("undefined", "the code raises SyntaxError"),
        ("missing", "question 4: no answer cell"),
        ("old", "this is version 1 of exercise 3, version 2 was asked for"),
        ("strange", "exercise &#x27;99_elsewhere&#x27; is not known"),
        ("broken", "not a notebook: line 1"),
        ("leaving", "exit() or quit(), which was ignored"),
        ("wrong", "Count on your fingers."),
    ],
)
def test_feedback_says_what_happened(batch: Batch, student: str, words: str) -> None:
    assert words in batch.page(student)


def test_feedback_shows_nothing_of_hidden_checks(batch: Batch) -> None:
    secrets = ["draw", "BEGIN HIDDEN", "6.5", "float 5.16667", "sealed 1169"]
    pages = [batch.page(name) for name in ("wrong", "partly", "hardcoded", "untouched", "right")]
    assert not [secret for secret in secrets[:4] for page in pages if secret in page]
    assert secrets[4] not in batch.page("wrong")


def test_table_gives_the_reason_of_a_rejection(batch: Batch) -> None:
    assert "REJECT: not a notebook: line 1" in batch.said


def test_tampering_is_named(batch: Batch) -> None:
    assert "the check cell q2-check was edited" in batch.page("edited")
    assert batch.rows["skipping"]["note"] == "cell q4 tells nbval to look away"


def test_same_file_handed_in_twice_is_flagged(batch: Batch) -> None:
    assert {name for name, row in batch.rows.items() if "similar" in row["flags"]} == {
        "right",
        "'=1+1",
    }


def test_everything_else_lies_beside_the_gradebook(batch: Batch) -> None:
    assert sorted(path.name for path in batch.folder.iterdir()) == [
        *("exports", "feedback", "grades.csv", "overrides.csv", "overview.html", "records"),
    ]
