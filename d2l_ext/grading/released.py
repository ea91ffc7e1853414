"""The notebook that students get, made from the one that holds the solutions."""

import copy
from dataclasses import asdict
from typing import Any

from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import GRADE_ID, Exercise, Question
from d2l_ext.grading.key import AnswerKey
from d2l_ext.grading.markers import has_marker
from d2l_ext.grading.notebook import Cell, Notebook, dump, store_printed

HIDDEN_NOTE = "# Other inputs are tried here when the exercise is graded."
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def released_text(notebook: Notebook, exercise: Exercise, key: AnswerKey) -> str:
    """A released exercise as the text of its file, the same bytes each time.

    Args:
        notebook: with the solutions; it is left as it is.
        exercise: the same, as it was parsed.
        key: what the checks print.

    Returns:
        The notebook without solutions, hidden checks, wrong answers and outputs; what the visible
        checks should print is in their metadata and outputs.

    Raises:
        UserError: if a marker is left over, since what it hides would be shown.
    """
    questions = {question.key: question for question in exercise.questions}
    released = copy.deepcopy(notebook)
    released["metadata"] = {
        "d2l_ext": {"exercise": exercise.name, "version": exercise.version},
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
    }
    for place, cell in enumerate(c for c in released["cells"] if c["cell_type"] == "code"):
        cell["outputs"], cell["execution_count"] = [], None
        cell["metadata"].pop("execution", None)
        grade_id = GRADE_ID.match(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
        if grade_id is None:
            continue
        question = questions[grade_id["question"]]
        if grade_id["check"] is None:
            cell["source"] = question.answered_with(question.stub)
            cell["metadata"].pop("d2l_ext", None)
        elif grade_id["check"] == "hidden":
            cell["source"] = HIDDEN_NOTE
            cell["metadata"] = {"nbgrader": cell["metadata"]["nbgrader"]}
        else:
            _show_expected(cell, question, key, place + 1)
    if leftover := next((c for c in released["cells"] if has_marker(c["source"])), None):
        raise UserError(f"{exercise.name}, {leftover['id']}: a marker stands outside its cell")
    return dump(released)


def _show_expected(cell: Cell, question: Question, key: AnswerKey, count: int) -> None:
    check = question.visible
    assert check is not None and check.expected is not None, "the exercise was found sound"
    own: dict[str, Any] = {
        "expected": check.expected,
        "wrong": [asdict(wrong) for wrong in key.recognised(question.key)],
    }
    if check.tolerance is not None:
        own["tolerance"] = check.tolerance
    cell["metadata"]["d2l_ext"] = own
    store_printed(cell, check.expected, count)
