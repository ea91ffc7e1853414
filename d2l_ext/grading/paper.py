"""What is put before a kernel: the shared cells, then groups of cells that do not need each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from d2l_ext.grading.exercise import Check, Exercise, Question
from d2l_ext.grading.guard import guard_cell
from d2l_ext.grading.notebook import Cell, Notebook, code_cell, new_notebook, store_printed

AGAIN = "again-"
CHECK_TAG = "nbval-check-output"


@dataclass
class Paper:
    """Shared cells and named groups of cells; a group that fails takes no other with it."""

    shared: list[Cell]
    groups: dict[str, list[Cell]] = field(default_factory=dict)

    def notebook(self, groups: Iterable[str], before: Iterable[str] = ()) -> Notebook:
        """The shared cells and some groups, as a notebook.

        Args:
            groups: by name.
            before: groups of which all but the checks is run first, under other ids.
        """
        earlier = [
            {**cell, "id": f"{AGAIN}{cell['id']}"}
            for name in before
            for cell in self.groups[name]
            if not cell["metadata"].get("nbgrader", {}).get("grade")
        ]
        return new_notebook(
            [*self.shared, *earlier, *(c for name in groups for c in self.groups[name])]
        )


def question_paper(
    exercise: Exercise, answers: Mapping[str, str], expected: Mapping[str, str]
) -> Paper:
    """The exercise with someone's answers: one group for each question that has one.

    Args:
        exercise: where everything but the answers comes from.
        answers: sources of answer cells, by the question's key.
        expected: what must be printed, by the check's id. A check without an entry passes whatever
            it prints.

    Returns:
        The paper.
    """
    return Paper(
        shared_cells(exercise),
        {
            question.key: question_cells(question, answers[question.key], expected)
            for question in exercise.questions
            if question.key in answers
        },
    )


def shared_cells(exercise: Exercise) -> list[Cell]:
    """The cells before the first question."""
    return [code_cell(f"shared-{i}", cell["source"]) for i, cell in enumerate(exercise.shared)]


def question_cells(question: Question, answer: str, expected: Mapping[str, str]) -> list[Cell]:
    """What is given, an answer, its guard, and the checks of a question."""
    given = [
        code_cell(f"{question.key}-given-{i}", cell["source"])
        for i, cell in enumerate(question.given)
    ]
    checks = [check_cell(check, expected.get(check.id)) for check in question.checks]
    return [*given, answer_cell(question.key, answer), guard_cell(question.key), *checks]


def answer_cell(cell_id: str, source: str) -> Cell:
    """An answer; nbval heeds no comment in it."""
    return code_cell(cell_id, source, nbgrader={"grade": False, "solution": True})


def check_cell(check: Check, expected: str | None, cell_id: str | None = None) -> Cell:
    """A check that compares with what is expected, or only prints where that is None."""
    cell = code_cell(
        cell_id or check.id,
        check.source,
        nbgrader={"grade": True, "solution": False},
        d2l_ext={"tolerance": check.tolerance},
        tags=[CHECK_TAG],
    )
    if expected is not None:
        store_printed(cell, expected)
    return cell
