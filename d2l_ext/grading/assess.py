"""From what came of a submission's cells to what it earned."""

import dataclasses
from datetime import datetime, timedelta

from d2l_ext.grading import asserted, late
from d2l_ext.grading.appraisal import Finding, findings
from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.exercise import Exercise, Question
from d2l_ext.grading.late import Policy
from d2l_ext.grading.records import Judged
from d2l_ext.grading.results import INFRA, OK, REJECT, TAMPER, Mark, Result
from d2l_ext.grading.solutions import Assignment
from d2l_ext.grading.submissions import Submission
from d2l_ext.grading.texts import first_of, printable
from d2l_ext.grading.values import NO_ANSWER
from d2l_ext.grading.verdict import Verdict

# The record that the plugin makes where processes outlived their kernel, and what is said of it.
LEFT_BEHIND, CHILD_LEFT = "processes", "child process left"
# Of what was changed in a notebook, so many sentences; whoever looks at it sees the rest.
CHANGES_NAMED = 5
ERROR_LIMIT = 500
VERSION_LIMIT = 20


def rejection(submission: Submission, exercise: Exercise | None) -> str:
    """Why a submission cannot be graded; empty if it can be."""
    if exercise is None or submission.rejected:
        return submission.rejected
    if submission.version in (None, exercise.version):
        return ""
    return (
        f"this is version {printable(str(submission.version), VERSION_LIMIT)} of {exercise.label}, "
        f"version {exercise.version} was asked for"
    )


def rejected(submission: Submission, reason: str) -> Result:
    """The result of a submission that cannot be graded."""
    return dataclasses.replace(_blank(submission, REJECT), note=reason)


def failed(submission: Submission, error: BaseException) -> Result:
    """The result where the grader itself failed; there is no score."""
    kind, said = type(error).__name__, printable(str(error), ERROR_LIMIT)
    # These say in words what is wrong; what others say is nothing without their names.
    worded = isinstance(error, InfrastructureError | OSError)
    note = said if said and worded else f"{kind}: {said}".removesuffix(": ")
    return dataclasses.replace(_blank(submission, INFRA), note=note)


def assess(
    submission: Submission, assignment: Assignment, judged: Judged, timeout: float
) -> Result:
    """What a submission earned.

    Args:
        submission: as it was read.
        assignment: the exercise that it answers.
        judged: what came of its cells.
        timeout: seconds that a cell could take.

    Returns:
        The result. An answer that is as it was handed out earns nothing, whatever its checks say.
    """
    marks = [
        _mark(question, assignment, submission, judged, timeout)
        for question in assignment.exercise.questions
    ]
    status = next((mark.status for mark in marks if mark.status != OK), OK)
    notes = first_of(submission.tampered, CHANGES_NAMED)
    if all(found.verdict.words == NO_ANSWER for mark in marks for found in mark.findings):
        notes.append("no answer")
    flags = list(submission.flags)
    if assignment.asserted:
        flags.append(asserted.FLAG)
    if LEFT_BEHIND in judged.records:
        flags.append(CHILD_LEFT)
    blank = _blank(submission, TAMPER if submission.tampered else status)
    return dataclasses.replace(
        blank,
        marks=marks,
        note="; ".join(notes),
        flags=tuple(flags),
        seconds=judged.seconds,
    )


def with_deduction(
    result: Result, submission: Submission, due: datetime | None, policy: Policy | None
) -> Result:
    """Takes off what coming late costs, and flags it.

    Args:
        result: with its points final but for this.
        submission: says when it came.
        due: when it should have come.
        policy: None takes nothing off.

    Returns:
        The result.
    """
    lateness = late.lateness(submission.submitted, due, submission.owner.late)
    if lateness <= timedelta(0):
        return result
    points = result.total or 0.0
    deduction = points - policy(points, result.possible, lateness) if policy else 0.0
    flags = (*result.flags, late.phrase(lateness))
    return dataclasses.replace(result, flags=flags, deduction=deduction)


def _blank(submission: Submission, status: str) -> Result:
    return Result(
        submission.student,
        submission.exercise,
        status,
        identifier=submission.owner.identifier,
        flags=submission.flags,
    )


def _mark(
    question: Question,
    assignment: Assignment,
    submission: Submission,
    judged: Judged,
    timeout: float,
) -> Mark:
    answer = submission.answers.get(question.key)
    if answer is None:
        return Mark(question, note="no answer cell")
    if answer.split() == assignment.stub(question).split():
        unanswered = Verdict(False, NO_ANSWER)
        return Mark(question, answer, [Finding(check, unanswered) for check in question.checks])
    return Mark(question, answer, findings(question, answer, judged.records, timeout))
