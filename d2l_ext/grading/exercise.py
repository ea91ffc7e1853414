"""An exercise as a notebook holds it: questions, answers, checks and points."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from d2l_ext.grading import markers, notebook
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.notebook import Cell, Notebook, printed_text

HEADING = re.compile(
    r"^#{2,4} Question (?P<number>\d+): (?P<title>.+?) "
    r"\((?P<points>\d+) points?, (?P<minutes>\d+) minutes?, (?P<difficulty>easy|medium|hard)\)\s*$",
    re.MULTILINE,
)
# An answer cell is called q2, its checks q2-check and q2-hidden.
GRADE_ID = re.compile(r"^(?P<question>q\d+)(?:-(?P<check>check|hidden))?$")
EMPTY_ANSWER = "raise NotImplementedError"
# Of an exercise whose metadata say nothing else.
TOTAL_POINTS = 10


@dataclass(frozen=True)
class WrongAnswer:
    """A named wrong answer: the code in place of the solution, and the sentence that helps."""

    name: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Recognised:
    """What a wrong answer prints for the visible check, as a hash, and the sentence that helps."""

    name: str
    sha256: str
    sentence: str


@dataclass(frozen=True)
class Check:
    """A check cell. `expected` is None where the notebook does not hold what must be printed."""

    id: str
    source: str
    points: float
    hidden: bool
    expected: str | None
    tolerance: float | None = None
    recognised: tuple[Recognised, ...] = ()


@dataclass
class Question:
    """A question: its heading's data, the cells that are given, the answer cell and the checks."""

    key: str
    number: int = 0
    title: str = ""
    points: int = 0
    minutes: int = 0
    difficulty: str = ""
    text: str = ""
    given: list[Cell] = field(default_factory=list)
    answer: str | None = None
    stub: str = EMPTY_ANSWER
    wrong: list[WrongAnswer] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def visible(self) -> Check | None:
        """The check cell that the student sees."""
        return next((check for check in self.checks if not check.hidden), None)

    def answered_with(self, code: str) -> str:
        """The answer cell with other code in place of the solution.

        Raises:
            MarkerError: if the cell does not mark one solution.
        """
        return markers.replace_region(self.answer or "", markers.SOLUTION, code)


@dataclass
class Exercise:
    """An exercise: the cells that all questions share, and the questions in their order.

    `total` is the number of points that its questions must give together.
    """

    name: str
    version: int
    shared: list[Cell]
    questions: list[Question]
    total: int = TOTAL_POINTS

    @property
    def label(self) -> str:
        """`exercise 3` for `03_resnet`, the whole name where there is no number."""
        number = re.match(r"\d+", self.name)
        return f"exercise {int(number.group()) if number else self.name}"


def load(path: Path) -> tuple[Exercise, Notebook]:
    """Reads an exercise, released or with its solutions, from a file that can be trusted.

    Args:
        path: a notebook.

    Returns:
        The exercise and the notebook that it was read from.

    Raises:
        UserError: if there is no such file, it is not a notebook, or not one of an exercise.
    """
    try:
        content = notebook.read(path)
        return parse(content, path.stem), content
    except (AttributeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: its cells are damaged ({error})") from error


def parse(content: Notebook, default_name: str) -> Exercise:
    """Finds the questions of a notebook.

    Cells with a grade id go to the question that it names; other code goes to the question in
    whose section it stands, or, before the first heading, is shared by all. Cells that call
    `%check` are for reading alone and belong to nobody.

    Args:
        content: the notebook.
        default_name: the exercise's name, should the metadata not hold it.

    Returns:
        The exercise; nothing is demanded of it here.

    Raises:
        UserError: if the notebook has no question.
    """
    own = content["metadata"].get("d2l_ext", {})
    name, version = own.get("exercise", default_name), own.get("version", 1)
    exercise = Exercise(name, version, [], [], own.get("points", TOTAL_POINTS))
    questions = {question.key: question for question in _headings(content)}
    if not questions:
        raise UserError(
            f"{default_name}: no question was found; a heading reads "
            "'### Question 1: the title (2 points, 5 minutes, easy)'"
        )
    section: Question | None = None
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            section = next((q for q in questions.values() if q.text == cell["source"]), section)
        elif cell["cell_type"] == "code":
            grade_id = GRADE_ID.match(_grade_id(cell))
            if grade_id and grade_id["question"] in questions:
                _add_graded(questions[grade_id["question"]], cell, grade_id)
            elif not cell["source"].lstrip().startswith("%check"):
                (section.given if section else exercise.shared).append(cell)
    exercise.questions = list(questions.values())
    return exercise


def _headings(content: Notebook) -> Iterator[Question]:
    for cell in content["cells"]:
        heading = HEADING.search(cell["source"]) if cell["cell_type"] == "markdown" else None
        if heading:
            yield Question(
                key=f"q{heading['number']}",
                number=int(heading["number"]),
                title=heading["title"],
                points=int(heading["points"]),
                minutes=int(heading["minutes"]),
                difficulty=heading["difficulty"],
                text=cell["source"],
            )


def _grade_id(cell: Cell) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _add_graded(question: Question, cell: Cell, grade_id: re.Match[str]) -> None:
    own = cell["metadata"].get("d2l_ext", {})
    if grade_id["check"]:
        stored = printed_text(cell["outputs"]) if cell["execution_count"] is not None else None
        question.checks.append(
            Check(
                id=grade_id.string,
                source=cell["source"],
                points=cell["metadata"]["nbgrader"].get("points", 0),
                hidden=grade_id["check"] == "hidden",
                expected=own.get("expected", stored),
                tolerance=own.get("tolerance"),
                recognised=tuple(Recognised(**wrong) for wrong in own.get("wrong", [])),
            )
        )
    else:
        question.answer = cell["source"]
        question.stub = own.get("stub", EMPTY_ANSWER)
        question.wrong = [WrongAnswer(**wrong) for wrong in own.get("wrong", [])]
