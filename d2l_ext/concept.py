"""What a class learned between the two forms of the concept test, read from a gradebook.

python -m d2l_ext.concept grades/grades.csv
"""

import csv
import re
import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FORMS = ("concept_test_a", "concept_test_b")
QUESTION = re.compile(r"q\d+")


@dataclass(frozen=True)
class Pair:
    """The points of one student, question by question, in form A and in form B."""

    student: str
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True)
class Gain:
    """What a class gained.

    Attributes:
        students: who did both forms.
        questions: points to be had.
        before: mean points in form A.
        after: mean points in form B.
        error: standard error of `after - before`; None for fewer than two students.
        shares: for each question the share of its points that the class got, before and after.
    """

    students: int
    questions: int
    before: float
    after: float
    error: float | None
    shares: tuple[tuple[float, float], ...]

    @property
    def normalised(self) -> float | None:
        """The part of what was missing before that is there after; None if nothing was missing."""
        missing = self.questions - self.before
        return (self.after - self.before) / missing if missing else None


def pairs(rows: Iterable[Mapping[str, str]]) -> list[Pair]:
    """The students who did both forms.

    Args:
        rows: of a gradebook of `d2l-ext grade`. Other exercises, and rows without a total, are
            left out; of several rows of a student for one form the last one counts.

    Returns:
        One pair for each student, by name.
    """
    found: dict[tuple[str, str], tuple[float, ...]] = {}
    for row in rows:
        if row["exercise"] in FORMS and row["total"]:
            points = (row[name] for name in row if QUESTION.fullmatch(name))
            found[row["student"], row["exercise"]] = tuple(float(p) for p in points if p)
    both = sorted(
        {s for s, _ in found if all((s, form) in found and found[s, form] for form in FORMS)}
    )
    return [Pair(student, *(found[student, form] for form in FORMS)) for student in both]


def gain(found: list[Pair]) -> Gain:
    """What the class of these pairs gained.

    Raises:
        ValueError: Nobody did both forms, or the forms have different numbers of questions.

    Example:
        >>> gain([Pair("Ada", (1, 0, 0, 0), (1, 1, 0, 0))]).normalised
        0.3333333333333333

    Source:
        R. R. Hake (1998), Interactive-engagement versus traditional methods, American Journal of
        Physics 66: the normalised gain of a class is taken of its mean scores.
    """
    if not found:
        raise ValueError(f"nobody has a score for both {FORMS[0]} and {FORMS[1]}")
    lengths = {len(points) for pair in found for points in (pair.before, pair.after)}
    if len(lengths) > 1:
        raise ValueError(f"the forms have different numbers of questions: {sorted(lengths)}")
    before, after = ([sum(points) for points in side] for side in _sides(found))
    differences = [b - a for a, b in zip(before, after, strict=True)]
    error = statistics.stdev(differences) / len(found) ** 0.5 if len(found) > 1 else None
    shares = [[statistics.mean(column) for column in zip(*s, strict=True)] for s in _sides(found)]
    return Gain(
        len(found),
        lengths.pop(),
        statistics.mean(before),
        statistics.mean(after),
        error,
        tuple(zip(*shares, strict=True)),
    )


def _sides(found: list[Pair]) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    return [pair.before for pair in found], [pair.after for pair in found]


def report(found: Gain) -> str:
    """The gain in words, and a line for each question."""
    error = "" if found.error is None else f" ± {found.error:.1f}"
    normalised = found.normalised
    lines = [
        f"{found.students} student{'s' * (found.students != 1)} did both forms",
        f"mean before {found.before:.1f}, after {found.after:.1f} of {found.questions} points",
        f"difference  {found.after - found.before:+.1f}{error} (standard error)",
        "normalised gain: "
        + ("none, all was right before" if normalised is None else f"{normalised:.2f}"),
        "",
        "question  before  after",
    ]
    lines += [f"{i:8} {a:7.0%} {b:6.0%}" for i, (a, b) in enumerate(found.shares, start=1)]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """The command line; see the top of this file."""
    if len(arguments) != 1:
        print("usage: python -m d2l_ext.concept GRADES.CSV", file=sys.stderr)
        return 2
    try:
        with Path(arguments[0]).open(encoding="utf-8", newline="") as file:
            print(report(gain(pairs(csv.DictReader(file)))))
    except (OSError, KeyError, ValueError) as error:
        reason = f"there is no column {error}" if isinstance(error, KeyError) else error
        print(f"{arguments[0]}: {reason}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
