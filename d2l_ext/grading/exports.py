"""Grades in the forms that Canvas, Moodle and Gradescope import."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from d2l_ext.grading.gradebook import harmless_csv
from d2l_ext.grading.results import Mark, Result, points_text

CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
    *("Grade can be changed", "Last modified (grade)", "Feedback comments"),
)


def canvas_csv(results: Sequence[Result]) -> str:
    """Canvas's gradebook: a row for each student, a column for each exercise.

    Canvas finds a student by the number in its own file names; it is empty where the
    submissions were not Canvas's. A column takes the name of an assignment that exists, or makes
    one.
    """
    exercises = sorted({result.exercise for result in results if result.marks})
    possible = {result.exercise: points_text(result.possible) for result in results if result.marks}
    points = ["    Points Possible", *[""] * (len(CANVAS_COLUMNS) - 1)]
    rows = [[*CANVAS_COLUMNS, *exercises], [*points, *(possible[name] for name in exercises)]]
    for student, identifier in dict.fromkeys((r.student, r.identifier) for r in results):
        totals = {r.exercise: points_text(r.total) for r in results if r.student == student}
        empty = [""] * (len(CANVAS_COLUMNS) - 2)
        rows.append([student, identifier, *empty, *(totals.get(name, "") for name in exercises)])
    return harmless_csv(rows)


def moodle_csv(results: Sequence[Result], emails: dict[str, str]) -> str:
    """Moodle's offline grading worksheet for one exercise.

    Args:
        results: of that exercise.
        emails: by student, as far as they are known.

    Returns:
        The worksheet; Moodle finds a student by the number in its own folder names.
    """
    possible = next((points_text(result.possible) for result in results if result.marks), "")
    rows = [list(MOODLE_COLUMNS)]
    for r in results:
        identifier = f"Participant {r.identifier}" if r.identifier else ""
        rows.append(
            [
                *(identifier, r.student, emails.get(r.student, ""), ""),
                *(points_text(r.total), possible, "Yes", "-", "; ".join(_comments(r))),
            ]
        )
    return harmless_csv(rows)


def gradescope_json(result: Result) -> str:
    """What Gradescope expects of an autograder as `results.json`, for one submission.

    Nothing of the hidden checks is in it but whether they were met.
    """
    content: dict[str, Any] = {
        "score": result.total,
        "execution_time": round(result.seconds),
        "output": "; ".join(filter(None, [result.status, result.note])),
        "stdout_visibility": "hidden",
        "tests": [test for mark in result.marks for test in _tests(mark)],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _tests(mark: Mark) -> Iterator[dict[str, Any]]:
    name = f"Question {mark.question.number}: {mark.question.title}"
    if mark.override or not mark.findings:
        said = mark.override.comment if mark.override else mark.note
        yield _test(name, mark.points, mark.question.points, said)
        return
    for found in mark.findings:
        kind = "hidden check" if found.check.hidden else "check"
        earned = found.check.points if found.verdict.right else 0
        yield _test(f"{name}, {kind}", earned, found.check.points, found.verdict.words)


def _test(name: str, score: float, possible: float, output: str) -> dict[str, Any]:
    return {"name": name, "score": score, "max_score": possible, "output": output}


def _comments(result: Result) -> Iterator[str]:
    """One line for each question that lost points."""
    if result.note:
        yield result.note
    for mark in result.marks:
        words = [mark.override.comment] if mark.override else [mark.note]
        words += (
            [] if mark.override else [f.verdict.words for f in mark.findings if not f.verdict.right]
        )
        if said := next(filter(None, words), ""):
            yield f"question {mark.question.number}: {said}"
