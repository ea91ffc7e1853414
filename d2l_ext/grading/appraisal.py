"""From the records of a question's cells to a finding for each of its checks."""

from collections.abc import Mapping
from dataclasses import dataclass

from d2l_ext.grading.exercise import Check, Question
from d2l_ext.grading.paper import question_cells
from d2l_ext.grading.runner import FAULTS, Record
from d2l_ext.grading.surroundings import words_for
from d2l_ext.grading.values import NO_ANSWER
from d2l_ext.grading.verdict import Verdict, appraise

HIDDEN_DIFFERS = "the hidden check, with other inputs, did not agree"


@dataclass(frozen=True)
class Finding:
    """What came of one check; `fault` is one of `runner.FAULTS` or empty."""

    check: Check
    verdict: Verdict
    printed: str = ""
    fault: str = ""


def findings(
    question: Question, answer: str, records: Mapping[str, Record], timeout: float
) -> list[Finding]:
    """Judges the checks of a question by the records of its cells.

    A check is met when its record says that it passed. A cell of the question that hung or ended
    the kernel decides over itself and the checks behind it.

    Args:
        question: with its checks, in the order in which they ran.
        answer: the source of the answer cell that ran.
        records: by cell id.
        timeout: seconds that a cell could take, for the words.

    Returns:
        A finding for each check.
    """
    fault: Record | None = None
    failure = ""
    found = {}
    for cell in question_cells(question, answer, {}):
        record = records.get(cell["id"])
        if record and record.outcome in FAULTS:
            fault = record
        if record and cell["id"] == question.key and record.outcome == "error":
            failure = record.error
        found[cell["id"]] = (fault, record)
    return [_finding(check, *found[check.id], failure, timeout) for check in question.checks]


def _finding(
    check: Check, fault: Record | None, record: Record | None, failure: str, timeout: float
) -> Finding:
    if fault is not None:
        words = _fault_words(fault, timeout)
        return Finding(check, Verdict(False, words), fault=fault.outcome)
    if record is None:
        return Finding(check, Verdict(False, "the check did not run"))
    if record.outcome == "passed":
        return Finding(check, Verdict(True, "right"), record.printed)
    error = failure or record.error
    verdict = appraise(check, record.printed, error)
    if words := words_for(error):
        return Finding(check, Verdict(False, words), record.printed)
    if check.hidden and verdict.words != NO_ANSWER:
        verdict = Verdict(False, HIDDEN_DIFFERS)
    return Finding(check, verdict, record.printed)


def _fault_words(fault: Record, timeout: float) -> str:
    if fault.outcome == "timeout":
        return f"it took longer than {timeout:g} s"
    if fault.outcome == "limit":
        return f"it reached the {fault.error}"
    if fault.outcome == "tamper":
        return "it changed the functions with which the course checks answers"
    return "it ended the kernel that runs it"
