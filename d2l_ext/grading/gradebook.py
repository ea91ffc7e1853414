"""The gradebook: `grades.csv`, and the short table at the end of a run."""

import csv
import io
from collections.abc import Iterable, Sequence

from d2l_ext.columns import aligned
from d2l_ext.grading.results import Result, points_text

# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(results: Sequence[Result]) -> str:
    """The gradebook as CSV: student, exercise, q1 to qN, total, status, flags, note.

    Args:
        results: one for each submission. N is the number of questions of the longest exercise.

    Returns:
        The text, with a line for each result in the order given.
    """
    width = max((len(result.marks) for result in results), default=0)
    questions = [f"q{i}" for i in range(1, width + 1)]
    rows = [["student", "exercise", *questions, "total", "status", "flags", "note"]]
    for result in results:
        points = [points_text(mark.points) for mark in result.marks]
        points += [""] * (width - len(points))
        said = [result.status, "; ".join(result.flags), result.note]
        rows.append([result.student, result.exercise, *points, points_text(result.total), *said])
    return harmless_csv(rows)


def harmless_csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV in which no cell is a formula: an apostrophe stands before what would be one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{c}" if c.startswith(FORMULA_STARTS) and c != "-" else c for c in row])
    return text.getvalue()


def table_text(results: Sequence[Result]) -> str:
    """The results as a table for a terminal, with the reason where there is one."""
    rows = [("student", "exercise", "total", "status")]
    for r in results:
        said = " ".join(f"{r.status}: {r.note}".split()) if r.note else r.status
        rows.append((r.student, r.exercise, points_text(r.total), said))
    return "\n".join(aligned(rows, left=(0, 1, 3)))
