"""The gradebook: `grades.csv`, and the short table at the end of a run."""

import csv
import io
from collections.abc import Sequence

from d2l_ext.grading.results import Result, points_text

# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(results: Sequence[Result]) -> str:
    """The gradebook as CSV: student, exercise, q1 to qN, total, status.

    Args:
        results: one for each submission. N is the number of questions of the longest exercise.

    Returns:
        The text, with a line for each result in the order given.
    """
    width = max((len(result.marks) for result in results), default=0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    questions = [f"q{i}" for i in range(1, width + 1)]
    writer.writerow(["student", "exercise", *questions, "total", "status"])
    for result in results:
        points = [points_text(mark.points) for mark in result.marks]
        points += [""] * (width - len(points))
        row = [result.student, result.exercise, *points, points_text(result.total), result.status]
        writer.writerow(map(_harmless, row))
    return text.getvalue()


def table_text(results: Sequence[Result]) -> str:
    """The results as a table for a terminal, with the reason where there is one."""
    rows = [("student", "exercise", "total", "status")]
    for r in results:
        status = f"{r.status}: {r.note}" if r.note else r.status
        rows.append((r.student, r.exercise, points_text(r.total), status))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{student:<{widths[0]}}  {exercise:<{widths[1]}}  {total:>{widths[2]}}  {status}"
        for student, exercise, total, status in rows
    )


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
