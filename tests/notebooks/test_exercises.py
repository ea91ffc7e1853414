"""Every question of every exercise: the solution is accepted, any other answer is rejected."""

from functools import cache
from pathlib import Path

import pytest

from d2l_ext.grading.exercise import Exercise, Question, load
from d2l_ext.grading.key import AnswerKey, make_key
from d2l_ext.grading.released import released_text
from d2l_ext.grading.runner import Runner
from d2l_ext.grading.soundness import flaws_of_answers, flaws_of_form
from d2l_ext.grading.values import NO_ANSWER
from d2l_ext.grading.verdict import Verdict, appraise

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "solutions").glob("*.ipynb"))
# The others are the two forms of the concept test, which has twelve short questions and no hints.
NUMBERED = [path for path in PATHS if path.stem[0].isdigit()]


def each_question_of(paths: list[Path]) -> pytest.MarkDecorator:
    questions = [
        pytest.param(path, question.key, id=f"{path.stem}-{question.key}")
        for path in paths
        for question in load(path)[0].questions
    ]
    return pytest.mark.parametrize(("path", "key"), questions)


each_exercise = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
each_question = each_question_of(PATHS)


@cache
def key_of(path: Path) -> AnswerKey:
    """What all answers of an exercise print, from one kernel."""
    return make_key(load(path)[0], Runner(timeout=60))


def released(path: Path) -> Exercise:
    """The exercise as students have it."""
    return load(ROOT / "exercises" / path.name)[0]


def question_of(exercise: Exercise, key: str) -> Question:
    return next(question for question in exercise.questions if question.key == key)


def student_is_told(path: Path, key: str, printed: str, error: str = "") -> Verdict:
    """The verdict of the check that students have."""
    check = question_of(released(path), key).visible
    assert check is not None
    return appraise(check, printed, error)


def test_there_are_exercises() -> None:
    assert PATHS


@each_exercise
def test_exercise_is_sound(path: Path) -> None:
    exercise, _ = load(path)
    assert flaws_of_form(exercise, path.stem) == []
    assert flaws_of_answers(exercise, key_of(path)) == []


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_exercise_has_four_to_six_questions_in_order(path: Path) -> None:
    exercise, _ = load(path)
    numbers = [question.number for question in exercise.questions]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 4 <= len(numbers) <= 6


@each_exercise
def test_release_is_up_to_date(path: Path) -> None:
    exercise, notebook = load(path)
    text = released_text(notebook, exercise, key_of(path))
    assert (ROOT / "exercises" / path.name).read_text(encoding="utf-8") == text


def test_no_exercise_is_without_solutions() -> None:
    names = {path.name for path in (ROOT / "exercises").glob("*.ipynb")}
    assert names == {path.name for path in PATHS}


@each_question_of(NUMBERED)
def test_question_has_a_folded_hint(path: Path, key: str) -> None:
    text = question_of(load(path)[0], key).text
    assert "<details><summary>Hint</summary>" in text
    assert "</details>" in text


@each_question
def test_question_names_at_least_two_wrong_answers(path: Path, key: str) -> None:
    assert len(question_of(load(path)[0], key).wrong) >= 2


@each_question
def test_question_accepts_its_solution(path: Path, key: str) -> None:
    check = question_of(load(path)[0], key).visible
    assert check is not None
    assert student_is_told(path, key, key_of(path).expected[check.id]).right


@each_question
def test_question_rejects_the_empty_answer(path: Path, key: str) -> None:
    record = key_of(path).empty[key]
    assert student_is_told(path, key, record.printed, record.error).words == NO_ANSWER


@each_question
def test_question_rejects_each_wrong_answer_with_its_sentence(path: Path, key: str) -> None:
    for attempt in key_of(path).attempts[key]:
        record = attempt.record
        verdict = student_is_told(path, key, record.printed, record.error)
        assert (verdict.right, verdict.words) == (False, attempt.wrong.sentence)
