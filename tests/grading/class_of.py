"""Submissions and results as objects, without running anything."""

from typing import Any

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.exercise import parse
from d2l_ext.grading.layouts import Owner
from d2l_ext.grading.results import Mark, Result
from d2l_ext.grading.solutions import Assignment
from d2l_ext.grading.submissions import Submission
from d2l_ext.grading.verdict import Verdict
from tests.grading import assignment

EXERCISE = parse(assignment.solution(), assignment.NAME)
ASSIGNMENT = Assignment(EXERCISE)
PRINTED = "int 5 & more"


def submission(student: str, group: str = "", **answers: str) -> Submission:
    digest = repr(sorted(answers.items()))
    return Submission(
        Owner(student, group=group), exercise=assignment.NAME, answers=answers, sha256=digest
    )


def result(student: str, wrong: tuple[str, ...] = (), **own: Any) -> Result:
    """A result with full points but for the questions named, which printed something else."""
    marks = []
    for question in EXERCISE.questions:
        verdict = Verdict(question.key not in wrong, "no" if question.key in wrong else "right")
        found = [Finding(check, verdict, PRINTED) for check in question.checks]
        marks.append(Mark(question, "an answer", found))
    return Result(student, assignment.NAME, own.pop("status", "OK"), marks, **own)
