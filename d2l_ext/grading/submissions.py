"""Reading what students handed in; nothing in these files is trusted."""

import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from d2l_ext.grading import intake, layouts
from d2l_ext.grading.archives import Item
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise
from d2l_ext.grading.layouts import HandIn, Owner
from d2l_ext.grading.notebook import Cell
from d2l_ext.grading.reading import NotANotebook, read_content
from d2l_ext.grading.tamper import grade_id, strays, tampering
from d2l_ext.grading.texts import encodable, printable

UNSAFE_ARCHIVE, UNSAFE_FILE = "unsafe archive", "unsafe file"
SEVERAL = "several hand-ins"
NAME_LIMIT = 200
REASON_LIMIT = 500
# More from one student are not looked at.
NOTEBOOK_LIMIT = 20
# Possessive, so that a megabyte of white space takes no longer than one of code.
EXITING = re.compile(
    r"^[ \t]*+(?:exit|quit)[ \t]*+(?:\([ \t]*+\)[ \t]*+)?+$",
    re.MULTILINE,
)
SEARCHING = re.compile(
    r"solutions?/|submissions?/|gradebook|grades\.csv|/etc/(?:passwd|shadow)|/proc/|(?:\.\./){2}"
)


@dataclass(frozen=True)
class Submission:
    """A notebook that was handed in, reduced to what grading uses.

    Attributes:
        owner: the student.
        name: of the file.
        exercise: which one it answers; empty where that is not known.
        version: of the exercise, as the notebook states it.
        answers: sources of the answer cells, by question; the last counts where there are two.
        rejected: why it cannot be graded, if so.
        tampered: what was changed that was not the student's to change.
        flags: what a person should know.
        submitted: when, if anything says so.
        sha256: of the file's bytes.
    """

    owner: Owner
    name: str = ""
    exercise: str = ""
    version: float | str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    rejected: str = ""
    tampered: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    submitted: datetime | None = None
    sha256: str = ""

    @property
    def student(self) -> str:
        """The student's name, as the table has it."""
        return self.owner.student


def read_submissions(
    source: Path, exercises: Mapping[str, Exercise], without: Path | None = None
) -> list[Submission]:
    """Reads what a class handed in.

    Args:
        source: a folder or a zip that holds a notebook, a folder or a zip for each student, in the
            form that Canvas, Moodle, Gradescope or nbgrader gives it, or simply named after them;
            or a folder of such zips.
        exercises: those that can be graded, by their names.
        without: a folder in it that is left out.

    Returns:
        One for each student and exercise, in the order of their names; the latest, where
        nbgrader's exchange kept several.

    Raises:
        UserError: if there is nothing to grade, or the zip of the class cannot be read.
    """
    submissions: list[Submission] = []
    with ExitStack() as open_files:
        items = list(intake.class_items(source, open_files, without))
        handed_in = layouts.hand_ins(items)
        if others := layouts.passed_over(items):
            named = f"{', '.join(others)[:NAME_LIMIT]} ({len(others)} in all)"
            print(f"passed over, neither notebook, folder nor zip: {named}", file=sys.stderr)
        for hand_in in tqdm(handed_in, desc="reading", unit="student", disable=None, leave=False):
            submissions += _survived(hand_in, exercises)
    if not submissions:
        raise UserError(f"{source}: there is no notebook to grade")
    listed = sorted(_latest(submissions), key=_order)
    return _distinct([replace(s, rejected=printable(s.rejected, REASON_LIMIT)) for s in listed])


def read_hand_in(hand_in: HandIn, exercises: Mapping[str, Exercise]) -> list[Submission]:
    """Reads what one student handed in: one submission for each exercise, at least one in all."""
    owner = hand_in.owner
    with ExitStack() as open_files:
        items, complaints = intake.unpacked(hand_in.items, open_files)
        times = layouts.times(hand_in)
        notebooks = [i for i in items if i.suffix == ".ipynb" and not i.name.startswith(".")]
        beside = tuple(dict.fromkeys(strays(items)))
        read = []
        for item in notebooks[:NOTEBOOK_LIMIT]:
            submission = _read(owner, item, exercises)
            time = owner.submitted or times.get(item.parts[0])
            tampered = (*submission.tampered, *beside)
            read.append(replace(submission, submitted=time, tampered=tampered))
    chosen = _one_for_each_exercise(read)
    closed = [i for i in items if i.is_folder and i.unsafe]
    if any(not submission.rejected for submission in chosen):
        reasons = ((UNSAFE_ARCHIVE, complaints), (UNSAFE_FILE, closed))
        flags = tuple(flag for flag, found in reasons if found)
        return [replace(s, flags=(*s.flags, *flags)) for s in chosen if s.exercise]
    if chosen:
        return chosen
    if complaints:
        name, reason = complaints[0]
        return [Submission(owner, name, rejected=f"{name}: {reason}", flags=(UNSAFE_ARCHIVE,))]
    if closed:
        reason = f"{printable(closed[0].name, NAME_LIMIT)}: {closed[0].unsafe}"
        return [Submission(owner, rejected=reason, flags=(UNSAFE_FILE,))]
    others = ", ".join(item.name for item in items if not item.is_folder)[:NAME_LIMIT]
    reason = f"there is no notebook, only {others}" if others else "there is no notebook"
    return [Submission(owner, rejected=reason)]


def _survived(hand_in: HandIn, exercises: Mapping[str, Exercise]) -> list[Submission]:
    """What one student handed in; whatever that does to the grader, it ends with this student."""
    try:
        return read_hand_in(hand_in, exercises)
    except Exception as error:
        for line in traceback.format_exc().splitlines():
            print(printable(line), file=sys.stderr)
        reason = f"it cannot be read: {type(error).__name__}: {error}"
        return [Submission(hand_in.owner, rejected=reason, flags=(UNSAFE_FILE,))]


def _read(owner: Owner, item: Item, exercises: Mapping[str, Exercise]) -> Submission:
    by_name = next((name for name in exercises for part in item.parts[::-1] if name in part), "")
    blank = Submission(owner, item.name[:NAME_LIMIT], by_name)
    if item.unsafe or item.is_folder:
        reason = f"not a notebook: {item.unsafe or 'a folder'}"
        return replace(blank, rejected=reason, flags=(UNSAFE_FILE,) if item.unsafe else ())
    try:
        with item.open() as stream:
            content = read_content(stream)
    except NotANotebook as error:
        return replace(blank, rejected=str(error))
    except Exception as error:  # of many kinds, when a file or a zip's member will not open
        return replace(blank, rejected=f"it cannot be read: {error}")
    own = content.notebook.get("metadata")
    own = own.get("d2l_ext") if isinstance(own, dict) else None
    own = own if isinstance(own, dict) else {}
    named = own.get("exercise") or by_name
    if not isinstance(named, str) or named not in exercises:
        reason = "it does not say which exercise it is"
        if named:
            reason = f"exercise {str(named)[:100]!r} is not known"
        return replace(blank, exercise="", rejected=reason, sha256=content.sha256)
    cells = list(sound_cells(content.notebook["cells"]))
    keys = {question.key for question in exercises[named].questions}
    answers = {
        name: cell["source"]
        for cell in cells
        if cell["cell_type"] == "code" and (name := grade_id(cell)) in keys
    }
    return replace(
        blank,
        exercise=named,
        version=_version(own.get("version")),
        answers=answers,
        tampered=tuple(tampering(cells, exercises[named])),
        flags=tuple(_flags(cells, answers)),
        sha256=content.sha256,
    )


def _version(stated: Any) -> float | str | None:
    """What a notebook says of its version, which may be anything that JSON holds."""
    number = stated is None or isinstance(stated, int | float)
    return stated if number else str(stated)[:NAME_LIMIT]


def sound_cells(cells: Iterable[Any]) -> Iterator[Cell]:
    """The cells that have the form of one: type, source and metadata; the others are passed over."""
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        metadata, source = cell.get("metadata"), cell.get("source")
        if isinstance(source, list):
            source = "".join(map(str, source))
        if isinstance(source, str):
            yield {
                "id": cell.get("id"),
                "cell_type": cell.get("cell_type"),
                # A lone half of a surrogate pair is no text, and could not be written down again.
                "source": encodable(source),
                "metadata": metadata if isinstance(metadata, dict) else {},
            }


def _flags(cells: list[Cell], answers: Mapping[str, str]) -> Iterator[str]:
    ids = [cell["id"] for cell in cells if isinstance(cell["id"], str)]
    names = [name for cell in cells if (name := grade_id(cell))]
    if len(set(ids)) < len(ids) or len(set(names)) < len(names):
        yield "duplicate ids"
    if any(EXITING.search(source) for source in answers.values()):
        yield "exit() ignored"
    if any(SEARCHING.search(source) for source in answers.values()):
        yield "looks for files"


def _one_for_each_exercise(read: list[Submission]) -> list[Submission]:
    """Of several notebooks for one exercise, one that can be graded; of these the last by name."""
    chosen: dict[str, Submission] = {}
    count: dict[str, int] = {}
    for submission in sorted(read, key=lambda s: (not s.rejected, _is_original(s), s.name)):
        chosen[submission.exercise] = submission
        count[submission.exercise] = count.get(submission.exercise, 0) + 1
    return [
        replace(s, flags=(*s.flags, "several notebooks")) if count[s.exercise] > 1 else s
        for s in chosen.values()
    ]


def _is_original(submission: Submission) -> bool:
    return submission.name == f"{submission.exercise}.ipynb"


def _latest(submissions: list[Submission]) -> list[Submission]:
    """Of several hand-ins by one student for one exercise, each with a time of its own, the last."""
    chosen: dict[tuple[str, ...], Submission] = {}
    several: set[tuple[str, ...]] = set()
    for s in sorted(submissions, key=lambda s: s.submitted or datetime.min.replace(tzinfo=UTC)):
        key = (s.student, s.owner.identifier, s.owner.group, s.exercise)
        if key in chosen:
            several.add(key)
        chosen[key] = s
    return [
        replace(s, flags=(*s.flags, SEVERAL)) if key in several else s for key, s in chosen.items()
    ]


def _order(submission: Submission) -> tuple[str, ...]:
    return submission.student, submission.owner.identifier, submission.exercise


def _distinct(submissions: list[Submission]) -> list[Submission]:
    """Gives students who share a name another one each, by what the platform calls them."""
    identifiers: dict[str, set[str]] = {}
    for s in submissions:
        identifiers.setdefault(s.student, set()).add(s.owner.identifier)
    return [
        replace(s, owner=replace(s.owner, student=f"{s.student} ({s.owner.identifier})"))
        if len(identifiers[s.student]) > 1 and s.owner.identifier
        else s
        for s in submissions
    ]
