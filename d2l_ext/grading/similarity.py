"""Answers that resemble each other in their structure, by winnowing.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting" (2003): of
each window of hashes of k-grams the least one is kept. Names that a student chose, comments, white
space and the values of literals do not count, nor does what the exercise itself holds or what many
have in common: short answers to one question look alike when they are right.
"""

import keyword
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from d2l_ext.grading.solutions import Assignment
from d2l_ext.grading.submissions import Submission

K, WINDOW = 6, 4
# Fewer common fingerprints than this are chance.
SHARED_LEAST = 8
SHARE_LEAST = 0.6
# What more than this part of a class has, and more than so many, is the natural way to write it.
COMMON_SHARE, COMMON_LEAST = 0.1, 3

# Nobody's answer is as long; the rest of one that is could take minutes.
SOURCE_LIMIT = 50_000

# Without a way back: whatever is looked through twice would be so for each of a million quotes.
TOKEN = re.compile(
    r"(?P<string>\b[rbuf]{0,2}(?:'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\")"
    r"|[rbuf]{0,2}(?:'(?:\\.|[^'\\\n])*+'?|\"(?:\\.|[^\"\\\n])*+\"?))"
    r"|(?P<comment>#[^\n]*)|(?P<name>(?:\.\s*+)?[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<sign>\S)"
)


@dataclass(frozen=True)
class Resemblance:
    """Students whose answers to an exercise resemble each other, and how much of the shorter."""

    exercise: str
    students: tuple[str, ...]
    share: float
    identical: bool = False


def resemblances(
    submissions: Sequence[Submission], assignments: Mapping[str, Assignment]
) -> list[Resemblance]:
    """Finds submissions that are the same file, and pairs that are built the same way.

    Args:
        submissions: of a class; those that were rejected, left untouched, or handed in by one
            group together do not count.
        assignments: by exercise.

    Returns:
        Groups with identical files first, then pairs, the most alike first.
    """
    by_exercise: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        assignment = assignments.get(submission.exercise)
        if assignment and not submission.rejected and _own(submission, assignment):
            by_exercise[submission.exercise].append(submission)
    found: list[Resemblance] = []
    for name, several in sorted(by_exercise.items()):
        found += _identical(name, several)
        found += _alike(name, several, assignments[name])
    return sorted(found, key=lambda r: (not r.identical, -r.share))


def fingerprints(sources: Iterable[str]) -> set[int]:
    """The fingerprints of some pieces of code, together."""
    return {least for source in sources for least in _winnow(list(tokens(source)))}


def tokens(source: str) -> Iterator[str]:
    """The tokens of code, whether it can be compiled or not, without what a student chose freely."""
    for match in TOKEN.finditer(source[:SOURCE_LIMIT]):
        text = match.group()
        if match.lastgroup == "name":
            # An attribute's name is somebody else's, and stays.
            yield text if text.startswith(".") or keyword.iskeyword(text) else "N"
        elif match.lastgroup in ("string", "number"):
            yield match.lastgroup
        elif match.lastgroup == "sign":
            yield text


def _winnow(found: list[str]) -> Iterator[int]:
    grams = [zlib.crc32(" ".join(found[i : i + K]).encode()) for i in range(len(found) - K + 1)]
    for i in range(max(len(grams) - WINDOW + 1, 0)):
        yield min(grams[i : i + WINDOW])


def _own(submission: Submission, assignment: Assignment) -> dict[str, str]:
    """The answers that are not as they were handed out."""
    return {
        question.key: answer
        for question in assignment.exercise.questions
        if (answer := submission.answers.get(question.key))
        and answer.split() != assignment.stub(question).split()
    }


def _identical(exercise: str, submissions: Sequence[Submission]) -> Iterator[Resemblance]:
    files: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        files[submission.sha256].append(submission)
    for several in files.values():
        if len({s.owner.group or s.student for s in several}) > 1:
            yield Resemblance(exercise, tuple(s.student for s in several), 1.0, identical=True)


def _alike(
    exercise: str, submissions: Sequence[Submission], assignment: Assignment
) -> Iterator[Resemblance]:
    # One of each identical file is enough.
    distinct = list({s.sha256: s for s in submissions}.values())
    given = [cell["source"] for cell in assignment.exercise.shared]
    for question in assignment.exercise.questions:
        given += [assignment.stub(question), *(cell["source"] for cell in question.given)]
    released = fingerprints(given)
    prints = [fingerprints(_own(s, assignment).values()) - released for s in distinct]
    held = Counter(mark for marks in prints for mark in marks)
    limit = max(COMMON_LEAST, COMMON_SHARE * len(distinct))
    rare = [{mark for mark in marks if held[mark] <= limit} for marks in prints]
    for (one, a), (other, b) in combinations(zip(distinct, rare, strict=True), 2):
        shared = len(a & b)
        together = one.owner.group and one.owner.group == other.owner.group
        if shared >= SHARED_LEAST and not together:
            share = shared / min(len(a), len(b))
            if share >= SHARE_LEAST and one.student != other.student:
                yield Resemblance(exercise, (one.student, other.student), share)
