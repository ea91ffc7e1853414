"""What must hold before an exercise goes to students."""

from collections.abc import Iterator

from d2l_ext.grading.exercise import Exercise, Question
from d2l_ext.grading.key import AnswerKey
from d2l_ext.grading.markers import HIDDEN_TESTS, MarkerError, replace_region
from d2l_ext.grading.verdict import agree, explain, fingerprint


def flaws_of_form(exercise: Exercise, file_stem: str) -> list[str]:
    """What is wrong with an exercise as it is written: names, cells, markers, points."""
    flaws = []
    if exercise.name != file_stem:
        flaws.append(f"its metadata call it {exercise.name!r}, its file {file_stem!r}")
    for question in exercise.questions:
        flaws += [f"{question.key}: {flaw}" for flaw in _flaws_of_question(question)]
    total = sum(question.points for question in exercise.questions)
    if total != exercise.total:
        flaws.append(f"the questions give {total} points together, not {exercise.total}")
    return flaws


def flaws_of_answers(exercise: Exercise, key: AnswerKey) -> list[str]:
    """What is wrong with an exercise as it runs: stored outputs, answers that pass as right."""
    return [
        f"{question.key}: {flaw}"
        for question in exercise.questions
        for flaw in [*_stale_outputs(question, key), *_undetected(question, key)]
    ]


def _flaws_of_question(question: Question) -> Iterator[str]:
    if question.answer is None:
        yield "there is no answer cell"
    else:
        try:
            question.answered_with("")
        except MarkerError as error:
            yield f"in the answer cell, {error}"
    if question.visible is None:
        yield f"there is no check cell {question.key}-check"
    for check in question.checks:
        if check.hidden:
            try:
                replace_region(check.source, HIDDEN_TESTS, "")
            except MarkerError as error:
                yield f"in {check.id}, {error}"
    points = sum(check.points for check in question.checks)
    if points != question.points:
        yield f"the heading says {question.points} points, the checks give {points:g}"


def _stale_outputs(question: Question, key: AnswerKey) -> Iterator[str]:
    for check in question.checks:
        printed = key.expected[check.id]
        if check.expected is None:
            yield f"{check.id} holds no output; run the notebook"
        elif not agree(check.expected, printed, check.tolerance):
            difference = explain(check.expected, printed, check.tolerance)
            yield f"{check.id} holds another output than the solution gives; {difference}"


def _undetected(question: Question, key: AnswerKey) -> Iterator[str]:
    if question.visible is None:
        return
    expected, tolerance = key.expected[question.visible.id], question.visible.tolerance
    if agree(expected, key.empty[question.key].printed, tolerance):
        yield "the check accepts the empty answer"
    seen: dict[str, str] = {}
    for attempt in key.attempts[question.key]:
        name, printed = attempt.wrong.name, attempt.record.printed
        if not printed.strip():
            reason = attempt.record.error or attempt.record.outcome
            yield f"the wrong answer {name!r} prints nothing ({reason})"
        elif agree(expected, printed, tolerance):
            yield f"the check accepts the wrong answer {name!r}"
        elif other := seen.get(fingerprint(printed)):
            yield f"the check cannot tell the wrong answers {other!r} and {name!r} apart"
        seen[fingerprint(printed)] = name
