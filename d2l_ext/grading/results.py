"""What grading found: the points for each question, and the status of each submission."""

from dataclasses import dataclass, field

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.exercise import Question

OK, REJECT, INFRA, TAMPER = "OK", "REJECT", "INFRA", "TAMPER"
TIMEOUT, LIMIT, CRASH = "TIMEOUT", "LIMIT", "CRASH"
FAULT_STATUS = {"timeout": TIMEOUT, "limit": LIMIT, "died": CRASH, "tamper": TAMPER}


@dataclass(frozen=True)
class Override:
    """The points that a person gave for a question, and why."""

    points: float
    comment: str = ""


@dataclass(frozen=True)
class Mark:
    """What a question earned. Without an answer there are no findings, and `note` says why."""

    question: Question
    answer: str = ""
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    override: Override | None = None

    @property
    def points(self) -> float:
        """The points of the checks that were met, or those that a person gave instead."""
        if self.override:
            return self.override.points
        return sum(found.check.points for found in self.findings if found.verdict.right)

    @property
    def status(self) -> str:
        """OK, or the fault that the answer led to."""
        return next((FAULT_STATUS[f.fault] for f in self.findings if f.fault), OK)


@dataclass(frozen=True)
class Result:
    """What a submission earned.

    Attributes:
        student: the name.
        exercise: its name; empty where it is not known.
        status: one of the constants of this module.
        marks: one for each question; none where it could not be graded.
        note: the reason where it was not graded, what was changed, or that there is no answer.
        identifier: what the learning platform calls the student.
        flags: what a person should look at, in a word or two each.
        deduction: points taken off because it came late.
        seconds: that grading it took.
    """

    student: str
    exercise: str
    status: str
    marks: list[Mark] = field(default_factory=list)
    note: str = ""
    identifier: str = ""
    flags: tuple[str, ...] = ()
    deduction: float = 0.0
    seconds: float = 0.0

    @property
    def total(self) -> float | None:
        """The points; None where the fault was the grader's, and there is no score."""
        if self.status == INFRA:
            return None
        return max(sum(mark.points for mark in self.marks) - self.deduction, 0.0)

    @property
    def possible(self) -> float:
        """The points of all questions."""
        return sum(mark.question.points for mark in self.marks)


def points_text(points: float | None) -> str:
    """Points as people write them: `3`, `2.5`, or nothing."""
    return "" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")
