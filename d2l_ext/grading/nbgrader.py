"""An exercise as a source for nbgrader 0.9, whose checks assert.

nbgrader gives full points to a test cell that raises no error, so one that only prints would be
worth its points to everybody. Its assertions share the kernel with the answers: whoever wants to
cheat can; `d2l-ext grade` is the stronger judge.
"""

import ast
import textwrap

from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Check, Exercise
from d2l_ext.grading.key import AnswerKey
from d2l_ext.grading.markers import HIDDEN_TESTS
from d2l_ext.grading.notebook import Notebook, dump
from d2l_ext.grading.released import HIDDEN_NOTE, KERNEL

IMPORT = "from d2l_ext.grading.prints import prints\n\n"
BEGIN, END = f"### BEGIN {HIDDEN_TESTS}", f"### END {HIDDEN_TESTS}"


def source_text(notebook: Notebook, exercise: Exercise, key: AnswerKey) -> str:
    """The source of an assignment, as `nbgrader generate_assignment` takes it.

    Args:
        notebook: with the solutions; it is left as it is.
        exercise: the same, as it was parsed.
        key: what the checks print.

    Returns:
        The notebook's text: the answers between nbgrader's markers, visible checks asserting what
        they print, hidden ones doing so between markers. Named wrong answers are left out, and
        `%check`, which needs what only the course's own release holds.

    Raises:
        UserError: if a check's code cannot stand in a block.
    """
    checks = {check.id: check for question in exercise.questions for check in question.checks}
    cells = []
    for cell in notebook["cells"]:
        if cell["source"].lstrip().startswith("%check"):
            continue
        own = {name: value for name, value in cell["metadata"].items() if name == "nbgrader"}
        copied = {**cell, "metadata": own}
        if cell["cell_type"] == "code":
            copied |= {"outputs": [], "execution_count": None}
            check = checks.get(own.get("nbgrader", {}).get("grade_id", ""))
            if check:
                copied["source"] = _asserting(check, key.expected[check.id])
        cells.append(copied)
    return dump({**notebook, "metadata": {"kernelspec": KERNEL}, "cells": cells})


def _asserting(check: Check, expected: str) -> str:
    lines = [line for line in check.source.splitlines() if line.strip() not in (BEGIN, END)]
    source = "\n".join(lines).strip("\n")
    arguments = repr(expected)
    if check.tolerance is not None:
        arguments += f", tolerance={check.tolerance!r}"
    block = f"with prints({arguments}):\n{textwrap.indent(source, '    ')}"
    if ast.dump(ast.Module(_body(block), [])) != ast.dump(ast.parse(source)):
        raise UserError(
            f"{check.id}: a text of several lines cannot be set in a block for nbgrader"
        )
    if check.hidden:
        return f"{HIDDEN_NOTE}\n{BEGIN}\n{IMPORT}{block}\n{END}"
    return IMPORT + block


def _body(block: str) -> list[ast.stmt]:
    statement = ast.parse(block).body[0]
    assert isinstance(statement, ast.With), "the block begins with `with`"
    return statement.body
