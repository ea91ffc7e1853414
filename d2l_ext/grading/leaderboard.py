"""The leaderboard of an exercise that ends in a design: what each submission's network reached.

A check joins in by what it expects of the solution: one line `dict {'accuracy': ..., 'macs': ...,
'parameters': ...}`, all floats, judged with a tolerance so wide that any sensible network meets it. The
numbers were computed in the student's kernel, so they are worth what the judge's comparison is worth:
form and range are sure, the digits are a claim. No points depend on them.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.results import Result

NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
ENTRY = re.compile(
    rf"^dict \{{'accuracy': {NUMBER}, 'macs': {NUMBER}, 'parameters': {NUMBER}\}}$", re.ASCII
)
# What no honest number is longer than; the pattern is never run on more.
LONGEST = 200


@dataclass(frozen=True)
class Entry:
    """A line of the leaderboard.

    Attributes:
        student: the name.
        accuracy: from 0 to 1, as the student's kernel printed it.
        parameters: of the network, as printed.
        macs: for one image, as printed.
        met: whether the check agreed with what is expected, the budget included.
    """

    student: str
    accuracy: float
    parameters: int
    macs: int
    met: bool


def leaderboard(results: Sequence[Result]) -> list[Entry]:
    """The submissions to one exercise that printed an entry.

    Args:
        results: of one exercise.

    Returns:
        Those whose check was met, the most accurate first and the cheaper of equals before the other,
        then those whose was not, by name. Empty where no check of the exercise asks for an entry.
    """
    entries = [entry for result in results if (entry := _entry_of(result))]
    return sorted(
        entries,
        key=lambda e: (
            not e.met,
            *((-e.accuracy, e.macs, e.parameters) if e.met else ()),
            e.student,
        ),
    )


def read(printed: str) -> tuple[float, int, int] | None:
    """Accuracy, parameters and MACs, where exactly one line of a text holds them and they can be."""
    lines = [line for line in printed.splitlines() if len(line) <= LONGEST]
    found = [match for line in lines if (match := ENTRY.match(line.rstrip()))]
    if len(found) != 1:
        return None
    accuracy, macs, parameters = map(float, found[0].groups())
    if not (accuracy <= 1 and math.isfinite(macs) and math.isfinite(parameters)):
        return None
    return accuracy, round(parameters), round(macs)


def _entry_of(result: Result) -> Entry | None:
    """The entry of a submission, from the first check that asks for one and got one."""
    for finding in (found for mark in result.marks for found in mark.findings):
        if _asks(finding) and (numbers := read(finding.printed)):
            return Entry(result.student, *numbers, met=finding.verdict.right)
    return None


def _asks(finding: Finding) -> bool:
    return read(finding.check.expected or "") is not None
