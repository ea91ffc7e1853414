"""Exercises from elsewhere, in nbgrader's format: test cells that assert, and print nothing.

A check of theirs passes where it raises no error. That is the weaker judgement, since code that
shares the kernel with an assertion can disarm it; a result of this kind is flagged.
"""

import re
from pathlib import Path

from d2l_ext.grading import notebook
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Check, Exercise, Question
from d2l_ext.grading.judge import judge
from d2l_ext.grading.notebook import Cell
from d2l_ext.grading.paper import question_paper
from d2l_ext.grading.runner import Runner

# What nbgrader puts in the place of a solution.
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION.*?^[ \t]*### END SOLUTION[^\n]*",
    re.DOTALL | re.MULTILINE,
)
FLAG = "asserted only"


def load(path: Path) -> Exercise | None:
    """Reads a notebook in nbgrader's format, with its solutions.

    Args:
        path: the source version, whose answer cells hold `### BEGIN SOLUTION`.

    Returns:
        An exercise with a question for each answer cell and the test cells behind it; None if
        there are no such cells.
    """
    content = notebook.read(path)
    exercise = Exercise(path.stem, 1, [], [])
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            _add(exercise, cell)
    exercise.questions = [question for question in exercise.questions if question.checks]
    return exercise if exercise.questions else None


def is_asserted(exercise: Exercise) -> bool:
    """Whether an exercise is of this kind: no heading gives a question its number."""
    return all(question.text == "" for question in exercise.questions)


def demand_sound(exercise: Exercise, runner: Runner) -> None:
    """Runs the solution.

    Raises:
        UserError: if a cell of it fails.
    """
    answers = {question.key: question.answer or "" for question in exercise.questions}
    records = judge(question_paper(exercise, answers, {}), runner)
    for record in records.values():
        if record.outcome != "passed":
            reason = record.error or record.outcome
            raise UserError(f"{exercise.name}, {record.cell}: the solution fails: {reason}")


def _add(exercise: Exercise, cell: Cell) -> None:
    marks = cell["metadata"].get("nbgrader", {})
    name, points = str(marks.get("grade_id", "")), marks.get("points", 0)
    last = exercise.questions[-1] if exercise.questions else None
    if marks.get("solution") and not marks.get("grade"):
        number = len(exercise.questions) + 1
        question = Question(key=name, number=number, title=name, answer=cell["source"])
        stub, regions = SOLUTION.subn(_stub, cell["source"])
        question.stub = stub if regions else STUB
        exercise.questions.append(question)
    elif marks.get("grade") and not marks.get("solution") and last:
        hidden = "### BEGIN HIDDEN TESTS" in cell["source"]
        last.checks.append(Check(name, cell["source"], points, hidden, expected=None))
        last.points += points
    elif not marks.get("grade") and not marks.get("solution"):
        (last.given if last else exercise.shared).append(cell)


def _stub(solution: re.Match[str]) -> str:
    return "\n".join(solution["indent"] + line for line in STUB.splitlines())
