"""Writes all that a batch leaves behind: the gradebook, pages, and files to import."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from d2l_ext.grading import exports, feedback, files, gradebook, overview
from d2l_ext.grading.results import Result
from d2l_ext.grading.similarity import resemblances
from d2l_ext.grading.solutions import Assignment
from d2l_ext.grading.submissions import Submission

SIMILAR = "similar"


def write(
    results: Sequence[Result],
    submissions: Sequence[Submission],
    assignments: Mapping[str, Assignment],
    out: Path,
    sandbox: str,
) -> None:
    """Writes everything; `grades.csv` last, so that what it says is there.

    Args:
        results: in the order of students and exercises.
        submissions: what they are of.
        assignments: by exercise.
        out: the folder; other files in it are left alone.
        sandbox: in words.
    """
    alike = resemblances(submissions, assignments)
    flagged = {(r.exercise, student) for r in alike for student in r.students}
    results = [
        replace(r, flags=(*r.flags, SIMILAR)) if (r.exercise, r.student) in flagged else r
        for r in results
    ]
    emails = {s.student: s.owner.email for s in submissions}
    for student, own in groupby(results, lambda result: result.student):
        name, listed = files.safe_name(student), list(own)
        files.write_text(out / "feedback" / f"{name}.html", feedback.page(student, listed))
        for result in (result for result in listed if result.total is not None):
            folder = out / "exports" / "gradescope" / name / (result.exercise or "unknown")
            files.write_text(folder / "results.json", exports.gradescope_json(result))
    for exercise in sorted({result.exercise for result in results if result.exercise}):
        own_results = [result for result in results if result.exercise == exercise]
        text = exports.moodle_csv(own_results, emails)
        files.write_text(out / "exports" / f"moodle-{exercise}.csv", text)
    files.write_text(out / "exports" / "canvas.csv", exports.canvas_csv(results))
    files.write_text(out / "overview.html", overview.page(results, alike, sandbox))
    files.write_text(out / "grades.csv", gradebook.csv_text(results))
