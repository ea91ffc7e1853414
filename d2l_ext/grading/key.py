"""The answer key: what the checks print for the solution, the empty answer and wrong answers."""

from dataclasses import dataclass

from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Exercise, Recognised, WrongAnswer
from d2l_ext.grading.judge import judge
from d2l_ext.grading.markers import MarkerError
from d2l_ext.grading.paper import Paper, answer_cell, check_cell, question_paper
from d2l_ext.grading.runner import Record, Runner
from d2l_ext.grading.verdict import fingerprint


@dataclass(frozen=True)
class Attempt:
    """A wrong answer and what came of the visible check with it."""

    wrong: WrongAnswer
    record: Record


@dataclass(frozen=True)
class AnswerKey:
    """What is printed for the solution, by check; for other answers, by question."""

    expected: dict[str, str]
    empty: dict[str, Record]
    attempts: dict[str, list[Attempt]]

    def recognised(self, question: str) -> tuple[Recognised, ...]:
        """The wrong answers of a question, as a check recognises them."""
        return tuple(
            Recognised(
                attempt.wrong.name, fingerprint(attempt.record.printed), attempt.wrong.sentence
            )
            for attempt in self.attempts[question]
        )


def make_key(exercise: Exercise, runner: Runner) -> AnswerKey:
    """Runs the solution, then each other answer with the visible check, all in one kernel.

    Args:
        exercise: with its solutions.
        runner: its seed decides on the inputs of the hidden checks.

    Returns:
        The key.

    Raises:
        UserError: if a cell of the solution fails, or an answer cell marks no solution.
    """
    try:
        paper = key_paper(exercise)
    except MarkerError as error:
        raise UserError(f"{exercise.name}: {error}") from error
    records = judge(paper, runner)
    expected = {}
    for question in exercise.questions:
        for cell in paper.groups[question.key]:
            record = records.get(cell["id"], Record(cell["id"], "not run"))
            if record.outcome != "passed":
                reason = record.error or record.outcome
                raise UserError(f"{exercise.name}, {cell['id']}: the solution fails: {reason}")
            expected[cell["id"]] = record.printed
    return AnswerKey(
        {c.id: expected[c.id] for q in exercise.questions for c in q.checks},
        {q.key: _outcome(records, f"{q.key}-empty") for q in exercise.questions},
        {
            q.key: [
                Attempt(wrong, _outcome(records, f"{q.key}-wrong-{i}"))
                for i, wrong in enumerate(q.wrong)
            ]
            for q in exercise.questions
        },
    )


def key_paper(exercise: Exercise) -> Paper:
    """The paper behind a key: the solution's groups, then one for each other answer.

    Raises:
        MarkerError: if an answer cell does not mark one solution.
    """
    solutions = {question.key: question.answer or "" for question in exercise.questions}
    paper = question_paper(exercise, solutions, expected={})
    for question in exercise.questions:
        codes = {f"{question.key}-wrong-{i}": wrong.code for i, wrong in enumerate(question.wrong)}
        codes[f"{question.key}-empty"] = question.stub
        for name, code in codes.items():
            cells = [answer_cell(name, question.answered_with(code))]
            if question.visible:
                cells.append(check_cell(question.visible, None, f"{name}-check"))
            paper.groups[name] = cells
    return paper


def _outcome(records: dict[str, Record], name: str) -> Record:
    """What came of the check; of the answer, if that failed.

    Behind an answer that failed the check would see the definition of the answer before.
    """
    answered = records[name]
    return records.get(f"{name}-check", answered) if answered.outcome == "passed" else answered
