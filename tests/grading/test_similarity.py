"""Answers that resemble each other: by structure, not by names, and not for being right."""

import time

import pytest

from d2l_ext.grading.similarity import resemblances, tokens
from d2l_ext.grading.submissions import Submission
from tests.grading import assignment
from tests.grading.class_of import ASSIGNMENT, EXERCISE, submission
from tests.grading.conftest import RIGHT

LONG = """def weights(c_in, c_out, groups):
    table = {}
    for channel in range(c_in):
        table.setdefault(channel % groups, []).append(channel)
    if any(len(own) != c_in // groups for own in table.values()) or c_out % groups:
        raise ValueError("no")
    return sum(len(table[g]) * (c_out // groups) for g in sorted(table))
"""
RENAMED = '''def weights(a, b, n):
    """How many."""
    found = {}
    for i in range(a):  # each of them
        found.setdefault(i % n, []).append(i)
    if any(len(x) != a // n for x in found.values()) or b % n:
        raise ValueError("these groups do not divide")
    return sum(len(found[k]) * (b // n) for k in sorted(found))
'''


def found(*submissions: Submission) -> list[tuple[tuple[str, ...], bool]]:
    alike = resemblances(submissions, {assignment.NAME: ASSIGNMENT})
    return [(r.students, r.identical) for r in alike]


def test_renamed_copy_is_found_and_the_honest_are_not() -> None:
    others = [submission(f"s{i}", **RIGHT | {"q1": f"answer_1 = {i} * 2"}) for i in range(5)]
    alike = found(submission("ada", q2=LONG), submission("eve", q2=RENAMED), *others)
    assert (("ada", "eve"), False) in alike
    assert not [
        names
        for names, _ in alike
        if {"ada", "eve"} & set(names) and len(set(names) - {"ada", "eve"})
    ]


def test_identical_files_are_one_group_unless_handed_in_together() -> None:
    assert found(*(submission(name, q2=LONG) for name in "abc")) == [(("a", "b", "c"), True)]
    assert found(*(submission(name, "pair", q2=LONG) for name in "ab")) == []


def test_what_was_handed_out_does_not_count() -> None:
    stubs = {q.key: ASSIGNMENT.stub(q) for q in EXERCISE.questions}
    assert found(submission("a", **stubs), submission("b", **stubs)) == []


@pytest.mark.parametrize("code", ["", "def (", "'''", '"\\', "\x00é∑", "f'{", "#" * 9])
def test_code_of_any_kind_has_tokens(code: str) -> None:
    list(tokens(code))
    assert found(submission("a", q2=code), submission("b", q2=code + " x")) == []


@pytest.mark.parametrize(
    "code", ["'\\" * 10**6, " " * 10**6, "a" + ". " * 10**6, "x = 1\n" * 10**6]
)
def test_code_of_any_length_takes_no_time(code: str) -> None:
    begun = time.process_time()
    found(submission("a", q2=code), submission("b", q2=code + " x"))
    assert time.process_time() - begun < 5
