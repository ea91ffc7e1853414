"""What somebody changed in a notebook that was not theirs to change.

It never moves a point, since nothing of it is used; it is for a person to look at.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from d2l_ext.grading.archives import Item
from d2l_ext.grading.exercise import Check, Exercise
from d2l_ext.grading.notebook import Cell
from d2l_ext.grading.texts import printable

# What makes nbval skip a cell, ignore what it prints or welcome its error.
MARKER = r"(?:PYTEST_VALIDATE_IGNORE_OUTPUT|NBVAL_(?:IGNORE_OUTPUT|RAISES_EXCEPTION|SKIP))"
MARKER_COMMENT = re.compile(rf"^[ \t]*+#++[ \t]*+{MARKER}[ \t]*+$", re.MULTILINE)
MARKER_TAGS = {
    "nbval-ignore-output",
    "nbval-raises-exception",
    "nbval-skip",
    "pytest-validate-ignore-output",
    "raises-exception",
}
HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS.*?^[ \t]*### END HIDDEN TESTS[^\n]*", re.DOTALL | re.MULTILINE
)
# Files that a test run, or Python itself, would take up where it finds them.
CONFIGURATIONS = {
    *("conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"),
    *("sitecustomize.py", "usercustomize.py", "ipython_config.py", "kernel.json"),
}
MODULES = {
    *("torch", "torchvision", "numpy", "matplotlib", "d2l", "d2l_ext", "pandas", "scipy", "PIL"),
    *("nbval", "pytest", "IPython", "ipykernel", "nbformat", "jupyter_client", "tqdm"),
    *sys.stdlib_module_names,
}
# A source much longer than the one that it stands for is another one, and not worth parsing.
LONGER = 10
# Of a name that a student chose.
NAME_LIMIT = 40


def tampering(cells: Iterable[Cell], exercise: Exercise) -> Iterator[str]:
    """Compares a notebook with the exercise that it is an answer to.

    Args:
        cells: of the submission, in the forms that `submissions.sound_cells` lets through.
        exercise: from the notebook with the solutions.

    Yields:
        A sentence for each thing that was changed: check cells, their marks, tags or comments that
        make nbval look away. White space and comments in a check cell may differ.
    """
    listed = list(cells)
    graded: dict[str, list[Cell]] = {}
    for cell in listed:
        graded.setdefault(grade_id(cell), []).append(cell)
    for question in exercise.questions:
        for cell in graded.get(question.key, []):
            marks = nbgrader_marks(cell)
            if marks.get("grade") or marks.get("solution") is not True:
                yield f"the marks of cell {question.key} were changed"
        for check in question.checks:
            if check.id not in graded:
                yield f"the check cell {check.id} was deleted"
            yield from dict.fromkeys(
                change for cell in graded.get(check.id, []) for change in _changes(cell, check)
            )
    given = [*exercise.shared, *(cell for q in exercise.questions for cell in q.given)]
    own = {cell["source"] for cell in given}
    for place, cell in enumerate(listed, start=1):
        tags = cell["metadata"].get("tags")
        marked = isinstance(tags, list) and any(str(tag) in MARKER_TAGS for tag in tags)
        if (marked or MARKER_COMMENT.search(cell["source"])) and cell["source"] not in own:
            name = printable(grade_id(cell), NAME_LIMIT)
            yield f"cell {name or place} tells nbval to look away"


def strays(items: Iterable[Item]) -> Iterator[str]:
    """Names the files beside a notebook that a test run or an import would take up."""
    for item in items:
        name = item.parts[0] if item.parts else ""
        module = PurePath(name).suffix == ".py" or len(item.parts) > 1
        if item.name in CONFIGURATIONS or item.suffix == ".pth":
            yield f"{printable(item.name, NAME_LIMIT)} lay beside the notebook"
        elif module and PurePath(name).stem in MODULES and item.suffix in (".py", ".so", ".pyd"):
            path = printable("/".join(item.parts), NAME_LIMIT)
            yield f"{path} lay beside the notebook"


def grade_id(cell: Cell) -> str:
    """The name by which nbgrader's marks call a cell, or nothing."""
    name = nbgrader_marks(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def nbgrader_marks(cell: Cell) -> dict[str, Any]:
    """What nbgrader's metadata say of a cell."""
    marks = cell["metadata"].get("nbgrader")
    return marks if isinstance(marks, dict) else {}


def _changes(cell: Cell, check: Check) -> Iterator[str]:
    marks, own = nbgrader_marks(cell), cell["metadata"].get("d2l_ext")
    # Of a hidden check students get nothing, or what stands outside nbgrader's markers.
    released = ("", HIDDEN.sub("", check.source)) if check.hidden else (check.source,)
    same = any(_same_code(cell["source"], form) for form in released)
    if cell["cell_type"] != "code" or not same:
        yield f"the check cell {check.id} was edited"
    if marks.get("points", 0) != check.points:
        yield f"the points of the check cell {check.id} were changed"
    if not marks.get("grade") or marks.get("solution"):
        yield f"the marks of cell {check.id} were changed"
    if isinstance(own, dict) and not check.hidden:
        stated = own.get("expected", check.expected), own.get("tolerance")
        if stated != (check.expected, check.tolerance):
            yield f"what the check cell {check.id} expects was changed"


def _same_code(source: str, released: str) -> bool:
    if source.strip() == released.strip():
        return True
    if len(source) > LONGER * (len(released) + 100):
        return False
    try:
        return ast.dump(ast.parse(source)) == ast.dump(ast.parse(released))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
