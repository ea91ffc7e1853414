"""The command `d2l-ext check`: tells a student, question by question, what is right so far."""

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from d2l_ext.grading.appraisal import findings
from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.exercise import Exercise, Question, load
from d2l_ext.grading.judge import judge
from d2l_ext.grading.paper import question_paper
from d2l_ext.grading.runner import Runner
from d2l_ext.grading.verdict import Verdict

NO_ANSWER_CELL = "there is no answer cell; take it from a fresh copy of the exercise"
NO_CHECK_CELL = "there is no check cell; take it from a fresh copy of the exercise"


@dataclass(frozen=True)
class Answer:
    """What a student is told about one question."""

    question: Question
    verdict: Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument(
        "--timeout", type=float, default=20.0, metavar="SECONDS", help="for each cell (20)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks notebooks; the status is 0 if all of their questions are right."""
    all_right = True
    for path in arguments.notebooks:
        answers = check(path, arguments.timeout)
        print(path)
        for answer in answers:
            print(f"  question {answer.question.number}: {answer.verdict.words}")
        right = sum(answer.verdict.right for answer in answers)
        print(f"  {right} of {len(answers)} right")
        all_right &= right == len(answers)
    return 0 if all_right else 1


def check(path: Path, timeout: float) -> list[Answer]:
    """Runs the answers of a notebook against what its own check cells expect.

    Args:
        path: a released exercise as a student has edited it, or a notebook with solutions, whose
            hidden checks are run too.
        timeout: seconds that a cell may take; a question that takes longer loses itself only.

    Returns:
        One answer for each question.

    Raises:
        UserError: if the file holds no exercise.
        InfrastructureError: if the set-up cell fails, or no kernel starts.
    """
    exercise = with_known_checks(load(path)[0])
    sources = {q.key: q.answer for q in exercise.questions if q.answer is not None and q.checks}
    expected = {c.id: c.expected or "" for q in exercise.questions for c in q.checks}
    try:
        records = judge(question_paper(exercise, sources, expected), Runner(timeout, unsafe=True))
    except InfrastructureError as error:
        raise InfrastructureError(f"{path}: {error}") from error
    answers = []
    for question in exercise.questions:
        verdict = without_cells(question)
        if verdict is None:
            found = findings(question, sources[question.key], records, timeout)
            verdicts = [finding.verdict for finding in found]
            verdict = next((v for v in verdicts if not v.right), verdicts[0])
        answers.append(Answer(question, verdict))
    return answers


def with_known_checks(exercise: Exercise) -> Exercise:
    """The exercise without the checks of which the notebook does not hold what they expect."""
    questions = [
        dataclasses.replace(q, checks=[c for c in q.checks if c.expected is not None])
        for q in exercise.questions
    ]
    return dataclasses.replace(exercise, questions=questions)


def without_cells(question: Question) -> Verdict | None:
    """What to say about a question that lacks a cell; None if it has all it needs."""
    if question.answer is None:
        return Verdict(False, NO_ANSWER_CELL)
    return None if question.checks else Verdict(False, NO_CHECK_CELL)
