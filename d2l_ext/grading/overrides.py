"""Points that a person gave: `overrides.csv`, which grading applies and never changes."""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from d2l_ext.grading import files
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise
from d2l_ext.grading.results import Mark, Override, Result

COLUMNS = ("student", "exercise", "question", "points", "comment")
FLAG = "overridden"

# By student, exercise and question.
Overrides = dict[tuple[str, str, str], Override]


def read(path: Path) -> Overrides:
    """Reads the file; where there is none, one with the columns' names alone is written.

    Raises:
        UserError: if a line cannot be understood; the message names it.
        OSError: if the file cannot be opened.
    """
    if not path.exists():
        files.write_text(path, ",".join(COLUMNS) + "\n")
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _read(path, csv.DictReader(file, strict=True))
    except (UnicodeError, csv.Error) as error:
        raise UserError(f"{path}: it cannot be read ({error}); save it as CSV UTF-8") from error


def _read(path: Path, reader: "csv.DictReader[str]") -> Overrides:
    if missing := [name for name in COLUMNS[:4] if name not in (reader.fieldnames or ())]:
        columns = ", ".join(missing)
        raise UserError(f"{path}: there is no column {columns}; are they separated by commas?")
    found = {}
    for row in reader:
        texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
        if not any(texts.values()):
            continue
        try:
            override = Override(float(texts["points"]), texts["comment"])
        except ValueError:
            raise UserError(
                f"{path}, line {reader.line_num}: {texts['points']!r} is no number of points"
            ) from None
        # A name that looks like a formula stands behind an apostrophe in grades.csv.
        student = texts["student"].removeprefix("'")
        found[student, texts["exercise"], texts["question"]] = override
    return found


def unused(results: Sequence[Result], overrides: Overrides) -> list[str]:
    """Students and exercises with an override that are not among the results: slips of the pen."""
    known = {(result.student, result.exercise) for result in results}
    lost = (named[:2] for named in overrides if named[:2] not in known)
    return [", ".join(named) for named in dict.fromkeys(lost)]


def apply(
    results: Sequence[Result], overrides: Overrides, exercises: Mapping[str, Exercise]
) -> list[Result]:
    """Puts a person's points in the place of those that were found.

    Args:
        results: of a batch.
        overrides: those for students and exercises that are not in the batch are passed over.
        exercises: for the questions of submissions that could not be graded.

    Returns:
        The results, those that changed with a flag.

    Raises:
        UserError: if a question does not exist, or cannot give so many points.
    """
    changed = []
    for result in results:
        own = {
            question: override
            for (student, exercise, question), override in overrides.items()
            if (student, exercise) == (result.student, result.exercise)
        }
        changed.append(_changed(result, own, exercises) if own else result)
    return changed


def _changed(
    result: Result, own: Mapping[str, Override], exercises: Mapping[str, Exercise]
) -> Result:
    if not result.marks and result.exercise not in exercises:
        raise UserError(f"overrides.csv: {result.student}: it is not known which exercise this is")
    marks = result.marks or [
        Mark(question, note=result.note) for question in exercises[result.exercise].questions
    ]
    possible = {mark.question.key: mark.question.points for mark in marks}
    for question, override in own.items():
        who = f"overrides.csv: {result.student}, {result.exercise}"
        if question not in possible:
            raise UserError(f"{who}: there is no question {question!r}")
        if not 0 <= override.points <= possible[question]:
            raise UserError(f"{who}: {question} gives 0 to {possible[question]} points")
    marks = [dataclasses.replace(m, override=own.get(m.question.key, m.override)) for m in marks]
    return dataclasses.replace(result, marks=marks, flags=(*result.flags, FLAG))
