"""What grading found: the points for each question, and the status of each submission."""

from dataclasses import dataclass, field

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.exercise import Question

OK, TIMEOUT, CRASH, REJECT, INFRA = "OK", "TIMEOUT", "CRASH", "REJECT", "INFRA"
FAULT_STATUS = {"timeout": TIMEOUT, "died": CRASH}


@dataclass(frozen=True)
class Mark:
    """What a question earned. Without an answer there are no findings, and `note` says why."""

    question: Question
    answer: str = ""
    findings: list[Finding] = field(default_factory=list)
    note: str = ""

    @property
    def points(self) -> float:
        """The points of the checks that were met."""
        return sum(found.check.points for found in self.findings if found.verdict.right)

    @property
    def status(self) -> str:
        """OK, or the fault that the answer led to."""
        return next((FAULT_STATUS[f.fault] for f in self.findings if f.fault), OK)


@dataclass(frozen=True)
class Result:
    """What a submission earned. `note` gives the reason where it was not graded."""

    student: str
    exercise: str
    status: str
    marks: list[Mark] = field(default_factory=list)
    note: str = ""

    @property
    def total(self) -> float | None:
        """The points; None where the fault was the grader's, and there is no score."""
        return None if self.status == INFRA else sum(mark.points for mark in self.marks)


def points_text(points: float | None) -> str:
    """Points as people write them: `3`, `2.5`, or nothing."""
    return "" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")
