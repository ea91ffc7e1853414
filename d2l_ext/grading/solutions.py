"""The instructor's notebooks, made ready to grade with: what each check must print is worked out."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from d2l_ext.grading import asserted
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise, Question, load
from d2l_ext.grading.guard import GUARD
from d2l_ext.grading.key import AnswerKey, make_key
from d2l_ext.grading.markers import has_marker
from d2l_ext.grading.paper import Paper, question_paper
from d2l_ext.grading.release import solution_paths
from d2l_ext.grading.runner import Runner


class Solutions(Mapping[str, Exercise]):
    """The exercises of a folder by their names, each read when it is first asked for.

    Args:
        folder: of notebooks with solutions.

    Raises:
        UserError: if it holds none.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in solution_paths(folder, [])}
        self._load = cache(_load)

    def __getitem__(self, name: str) -> Exercise:
        return self._load(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@dataclass(frozen=True)
class Assignment:
    """An exercise whose checks hold what its solution prints, for one seed.

    Attributes:
        exercise: without anything expected, if it is only asserted.
        asserted: its checks print nothing to compare; they pass where they raise no error.
    """

    exercise: Exercise
    asserted: bool = False

    def paper(self, answers: Mapping[str, str]) -> Paper:
        """What is run for someone's answers."""
        checks = (c for q in self.exercise.questions for c in q.checks)
        expected = {c.id: c.expected for c in checks if c.expected is not None}
        return question_paper(self.exercise, answers, expected)

    def stub(self, question: Question) -> str:
        """The answer cell of a question as students got it."""
        if self.asserted:
            return question.stub
        return question.answered_with(question.stub)

    @property
    def digest(self) -> str:
        """A hash of all that decides over what a check gives; points and texts do not."""
        paper = self.paper({question.key: "" for question in self.exercise.questions})
        # A guard differs each time, and decides over nothing that is kept.
        groups = {
            name: [cell for cell in cells if not cell["id"].endswith(GUARD)]
            for name, cells in paper.groups.items()
        }
        content = [paper.shared, groups]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def prepare(exercise: Exercise, runner: Runner) -> Assignment:
    """Runs the solution of an exercise.

    Args:
        exercise: with its solution.
        runner: its seed decides on the inputs of the hidden checks.

    Returns:
        The exercise, ready to grade with.

    Raises:
        UserError: if it has no solution, or that fails.
    """
    if asserted.is_asserted(exercise):
        asserted.demand_sound(exercise, runner)
        return Assignment(exercise, asserted=True)
    if not any(has_marker(question.answer or "") for question in exercise.questions):
        raise UserError(
            f"{exercise.name}: its answers mark no solution; "
            "is --solutions the folder of the released exercises?"
        )
    key = make_key(exercise, runner)
    questions = [_with_key(question, key) for question in exercise.questions]
    return Assignment(dataclasses.replace(exercise, questions=questions))


def _load(path: Path) -> Exercise:
    try:
        return load(path)[0]
    except UserError:
        if found := asserted.load(path):
            return found
        raise


def _with_key(question: Question, key: AnswerKey) -> Question:
    checks = [
        dataclasses.replace(
            check,
            expected=key.expected[check.id],
            recognised=() if check.hidden else key.recognised(question.key),
        )
        for check in question.checks
    ]
    return dataclasses.replace(question, checks=checks)
