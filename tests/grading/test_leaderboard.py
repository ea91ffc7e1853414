"""The leaderboard: read from what checks printed, whatever that is."""

import dataclasses

import pytest

from d2l_ext.grading import overview
from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.leaderboard import leaderboard, read
from d2l_ext.grading.results import Result
from d2l_ext.grading.verdict import Verdict
from tests.grading.class_of import result

EXPECTED = "bool True\ndict {'accuracy': 0.85, 'macs': 391608.0, 'parameters': 13514.0}\n"


def entry(accuracy: object, parameters: object = 9000.0, macs: object = 200000.0) -> str:
    return f"dict {{'accuracy': {accuracy}, 'macs': {macs}, 'parameters': {parameters}}}"


def of(student: str, printed: str, met: bool = True, expected: str = EXPECTED) -> Result:
    """A result whose last question asked for an entry and got some text."""
    plain = result(student)
    *others, last = plain.marks
    *checks, asking = last.findings
    check, verdict = dataclasses.replace(asking.check, expected=expected), Verdict(met, "")
    findings = [*checks, Finding(check, verdict, printed)]
    return dataclasses.replace(plain, marks=[*others, dataclasses.replace(last, findings=findings)])


def test_the_best_comes_first_the_cheaper_of_equals_before_and_those_that_failed_last() -> None:
    results = [
        of("Ada", entry(0.84)),
        of("Bob", entry(0.86, macs=300000.0)),
        of("Cyd", entry(0.86)),
        of("Dan", entry(0.99), met=False),
        of("Eve", "bool False"),
    ]
    entries = leaderboard(results)
    assert [(e.student, e.met) for e in entries] == [
        ("Cyd", True),
        ("Bob", True),
        ("Ada", True),
        ("Dan", False),
    ]
    assert (entries[0].accuracy, entries[0].parameters, entries[0].macs) == (0.86, 9000, 200_000)


@pytest.mark.parametrize(
    "printed",
    [
        entry("nan"),
        entry("inf"),
        entry("1e400"),
        entry(0.8, macs="1e999"),
        entry(1.01),
        entry(-0.5),
        entry("None"),
        entry("True"),
        entry("9" * 5000),
        entry("0.9e" + "9" * 400),
        entry("٠.٩"),
        entry(0.8) + " and more",
        "x" + entry(0.8),
        entry(0.8) + "\n" + entry(0.9),
        "",
    ],
)
def test_what_is_no_entry_is_left_out(printed: str) -> None:
    assert read(printed) is None
    assert leaderboard([of("Ada", printed)]) == []


def test_an_exercise_that_asks_for_none_has_no_leaderboard_whatever_students_print() -> None:
    claims = of("Ada", entry(0.99), expected="int 5")
    assert leaderboard([claims]) == []
    assert "Leaderboard" not in overview.page([claims], [], "none")


def test_the_page_shows_it_escaped_and_says_whose_numbers_these_are() -> None:
    page = overview.page([of("<b>Ada", entry(0.856)), of("Dan", entry(0.9), met=False)], [], "none")
    board = page[page.index("Leaderboard") :]
    assert "&lt;b&gt;Ada" in board
    assert "<b>" not in board
    assert "85.60%" in board
    assert "own kernel printed" in board
    assert board.index("Ada") < board.index("Dan")
