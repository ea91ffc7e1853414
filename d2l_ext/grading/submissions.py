"""Reading what students handed in; nothing in these files is trusted."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import GRADE_ID
from d2l_ext.grading.notebook import FORMAT

SIZE_LIMIT = 64 * 2**20
# In bytes; with `.html` behind it, still a file name everywhere.
NAME_LIMIT = 200


@dataclass(frozen=True)
class Submission:
    """A notebook that was handed in. `rejected` says why it cannot be graded, if so."""

    student: str
    path: Path
    exercise: str = ""
    version: Any = None
    answers: dict[str, str] = field(default_factory=dict)
    rejected: str = ""


class NotANotebook(ValueError):
    """A file cannot be read as a notebook; the message says why."""


def read_submissions(folder: Path, exercises: list[str]) -> list[Submission]:
    """Reads a folder that holds a notebook or a folder of notebooks for each student.

    Args:
        folder: entries that are hidden, and files that are not notebooks, are passed over.
        exercises: names that are known, for notebooks whose metadata do not say.

    Returns:
        The submissions in the order of students and files.

    Raises:
        UserError: if there is nothing to grade.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder")
    submissions = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            student = _printable(entry.name)
            notebooks = sorted(entry.glob("[!.]*.ipynb"))
            submissions += [_read(student, path, exercises) for path in notebooks]
            if not notebooks:
                reason = "there is no notebook in the folder"
                submissions.append(Submission(student, entry, rejected=reason))
        elif entry.suffix == ".ipynb":
            submissions.append(_read(_printable(entry.stem), entry, exercises))
    if not submissions:
        raise UserError(f"{folder}: there is no notebook to grade")
    return submissions


def _printable(name: str) -> str:
    """A file's name without bytes that are not text, and no longer than a page's name may be."""
    return name.encode("utf-8", "replace")[:NAME_LIMIT].decode("utf-8", "ignore")


def _read(student: str, path: Path, exercises: list[str]) -> Submission:
    by_name = next((name for name in exercises if name in path.stem), "")
    try:
        notebook = _notebook(path)
    except NotANotebook as error:
        return Submission(student, path, by_name, rejected=str(error))
    metadata = notebook.get("metadata")
    own = metadata.get("d2l_ext") if isinstance(metadata, dict) else None
    own = own if isinstance(own, dict) else {}
    named = own.get("exercise") or by_name
    if named not in exercises:
        reason = "it does not say which exercise it is"
        if named:
            reason = f"exercise {str(named)[:100]!r} is not known"
        return Submission(student, path, rejected=reason)
    return Submission(student, path, named, own.get("version"), _answers(notebook["cells"]))


def _notebook(path: Path) -> dict[str, Any]:
    if path.is_symlink() or not path.is_file():
        raise NotANotebook("not a notebook: a link or a folder, not a file")
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise NotANotebook(f"larger than {SIZE_LIMIT >> 20} MB: clear its outputs")
        data = path.read_bytes()
        notebook = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise NotANotebook(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotANotebook(f"not a notebook: line {line} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotANotebook(f"not a notebook: line {error.lineno}") from error
    except RecursionError as error:
        raise NotANotebook("not a notebook: line 1 is nested too deeply") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise NotANotebook("not a notebook: line 1 does not begin one")
    if notebook["nbformat"] < FORMAT["nbformat"]:
        notebook = _converted(notebook)
    if not isinstance(notebook.get("cells"), list):
        raise NotANotebook("not a notebook: it has no cells")
    return notebook


def _converted(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat  # slow, and seldom needed

    try:
        return nbformat.convert(nbformat.from_dict(notebook), FORMAT["nbformat"])
    except Exception as error:  # of many kinds, for whatever else JSON may hold
        raise NotANotebook("not a notebook: its old format cannot be read") from error


def _answers(cells: list[Any]) -> dict[str, str]:
    """The sources of the answer cells, by question; the last counts where there are two."""
    answers = {}
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        metadata, source = cell.get("metadata"), cell.get("source")
        marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        name = marks.get("grade_id") if isinstance(marks, dict) else None
        grade_id = GRADE_ID.match(name) if isinstance(name, str) else None
        if isinstance(source, list):
            source = "".join(map(str, source))
        if grade_id and not grade_id["check"] and isinstance(source, str):
            answers[grade_id["question"]] = source
    return answers
