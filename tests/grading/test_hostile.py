"""Hostile answers, each alone: it loses its own question at most, and the reason is said.

`test_batch` has them all in one batch; here one can be looked at by itself, such as `-k "fork bomb"`.
"""

import pytest

from d2l_ext.grading.appraisal import findings
from d2l_ext.grading.exercise import Exercise, load
from d2l_ext.grading.judge import judge
from d2l_ext.grading.paper import question_paper
from d2l_ext.grading.plugin import LEFT_BEHIND
from d2l_ext.grading.runner import Runner
from d2l_ext.sandbox import layers
from tests.grading import hostile
from tests.grading.conftest import Course

STATUS = {"timeout": "TIMEOUT", "died": "CRASH", "limit": "LIMIT", "tamper": "TAMPER", "": "OK"}
TIMEOUT = 5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not layers.find().enough, reason="this machine has no sandbox to run hostile code in"
    ),
]


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner(TIMEOUT, memory="1G")


@pytest.fixture(scope="module")
def exercise(course: Course) -> Exercise:
    return load(course.solution)[0]


@pytest.mark.parametrize("case", hostile.CASES, ids=lambda case: case.name)
def test_case_comes_to_what_it_must(case: hostile.Case, exercise: Exercise, runner: Runner) -> None:
    expected = {c.id: c.expected or "" for q in exercise.questions for c in q.checks}
    records = judge(question_paper(exercise, case.answers, expected), runner)
    points, faults, words = {}, set(), []
    for question in exercise.questions:
        found = findings(question, case.answers[question.key], records, TIMEOUT)
        points[question.key] = sum(f.check.points for f in found if f.verdict.right)
        faults |= {f.fault for f in found}
        words += [f.verdict.words for f in found if not f.verdict.right]
    assert points == case.points, words
    assert STATUS[max(faults)] == case.status
    assert any(case.words in text for text in words) or not case.words
    left = records[LEFT_BEHIND].error if LEFT_BEHIND in records else "0"
    assert int(left.split()[0]) == case.left
