"""A small exercise without torch, built by code: what the tests release, check and grade."""

import contextlib
import io
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NAME = "03_tiny"

SETUP = "from d2l_ext.grading import fresh, seal, show"

MEAN = '''def mean(numbers):
    """The mean of some numbers."""
    ### BEGIN SOLUTION
    return sum(numbers) / len(numbers)
    ### END SOLUTION'''

WEIGHTS = '''def weights(c_in, c_out, groups):
    """Weights of a 1x1 convolution in so many groups."""
    ### BEGIN SOLUTION
    if c_in % groups or c_out % groups:
        raise ValueError("the groups do not divide the channels")
    return c_out * (c_in // groups)
    ### END SOLUTION'''

HIDDEN_WEIGHTS = """### BEGIN HIDDEN TESTS
def draw(rng):
    groups = rng.randint(2, 5)
    return 7 * groups, 3 * groups, groups


show(weights, *fresh(draw, 3), (5, 4, 2))
### END HIDDEN TESTS"""

HIDDEN_MEAN = """### BEGIN HIDDEN TESTS
show(mean, ([4, 5, 6.5],), ([-1.0],))
### END HIDDEN TESTS"""

ADD = """### BEGIN SOLUTION
def add(a, b):
    return a + b
### END SOLUTION"""


def heading(number: int, title: str, points: int) -> NotebookNode:
    text = f"### Question {number}: {title} ({points} points, 5 minutes, easy)\n\nDo it."
    hint = "<details><summary>Hint</summary>Count on your fingers.</details>"
    return new_markdown_cell(f"{text}\n\n{hint}", id=f"q{number}-text")


def answer(key: str, source: str, wrong: dict[str, tuple[str, str]], **own: Any) -> NotebookNode:
    named = [{"name": n, "code": code, "sentence": words} for n, (code, words) in wrong.items()]
    return new_code_cell(
        source,
        id=key,
        metadata={
            "nbgrader": _marks(key, grade=False, solution=True, locked=False),
            "d2l_ext": {"wrong": named, **own},
        },
    )


def check(key: str, source: str, points: int, **own: Any) -> NotebookNode:
    marks = _marks(key, grade=True, solution=False, locked=True) | {"points": points}
    metadata = {"nbgrader": marks, "tags": ["nbval-check-output"]}
    return new_code_cell(source, id=key, metadata=metadata | ({"d2l_ext": own} if own else {}))


def solution() -> NotebookNode:
    """The instructor's notebook, as if it had been run from top to bottom."""
    cells = [
        new_markdown_cell("# A tiny exercise", id="title"),
        new_code_cell(SETUP, id="setup"),
        heading(1, "how many", 2),
        answer(
            "q1",
            "### BEGIN SOLUTION\nanswer_1 = 18\n### END SOLUTION",
            {
                "doubled": ("answer_1 = 36", "Each pair was counted twice."),
                "halved": ("answer_1 = 9", "Half of them were left out."),
            },
            stub="answer_1 = ...  # an int",
        ),
        check("q1-check", 'seal("q1", answer_1)', 2),
        heading(2, "weights", 3),
        answer(
            "q2",
            WEIGHTS,
            {
                "all channels": ("return c_out * c_in", "Each group sees its own channels only."),
                "squared": ("return c_out * c_in // groups**2", "Divide by the groups once."),
            },
        ),
        check("q2-check", "show(weights, (64, 128, 1), (64, 128, 4))", 1),
        check("q2-hidden", HIDDEN_WEIGHTS, 2),
        heading(3, "a mean", 3),
        answer(
            "q3",
            MEAN,
            {
                "sum": ("return sum(numbers)", "That is the sum."),
                "whole": ("return sum(numbers) // len(numbers)", "Nothing is rounded here."),
            },
        ),
        check("q3-check", "show(mean, ([1, 2, 4],))", 1, tolerance=1e-4),
        check("q3-hidden", HIDDEN_MEAN, 2, tolerance=1e-4),
        heading(4, "a sum", 2),
        answer(
            "q4",
            ADD,
            {
                "product": ("def add(a, b):\n    return a * b", "That is the product."),
                "text": ("def add(a, b):\n    return f'{a}{b}'", "Numbers are asked for."),
            },
        ),
        check("q4-check", "show(add, (2, 3))", 2),
        new_code_cell("%check", id="check-all"),
    ]
    notebook = new_notebook(
        cells=cells,
        metadata={
            "d2l_ext": {"exercise": NAME, "version": 2},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
    )
    run_in_place(notebook)
    return notebook


def run_in_place(notebook: NotebookNode) -> None:
    """Fills the outputs in, without a kernel."""
    namespace: dict[str, Any] = {}
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        printed = io.StringIO()
        if not cell.source.startswith("%"):
            with contextlib.redirect_stdout(printed):
                exec(cell.source, namespace)
        cell.execution_count = count
        text = printed.getvalue()
        cell.outputs = [new_output("stream", name="stdout", text=text)] if text else []


def with_answers(released: NotebookNode, **answers: str) -> NotebookNode:
    """A student's copy of the exercise, with some answer cells filled in."""
    copy = nbformat.from_dict(released)
    for key, source in answers.items():
        cell_named(copy, key).source = source
    return copy


def cell_named(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


def _marks(key: str, **marks: bool) -> dict[str, Any]:
    return {"grade_id": key, "schema_version": 3, "task": False, **marks}
