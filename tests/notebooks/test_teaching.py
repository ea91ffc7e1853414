"""What makes the course teach: old ideas come back, bugs are hunted, one can test oneself and play."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from d2l_ext.grading.exercise import Check, Exercise, Question, load
from tools import notebooks

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
LESSONS = [path for path in CHAPTERS if not path.stem.startswith("00")]
EXERCISES = sorted((ROOT / "solutions").glob("[0-9]*.ipynb"))
REVISITED = re.compile(r"\*Revisits ([\d., ]+)\.\*")


def number(path: Path) -> int:
    return int(path.stem[:2])


def numbered(paths: list[Path], first: int) -> pytest.MarkDecorator:
    """From a chapter's number on."""
    chosen = [pytest.param(p, id=p.stem) for p in paths if number(p) >= first]
    return pytest.mark.parametrize("path", chosen)


@cache
def source(path: Path) -> str:
    return "\n\n".join(cell.source for cell in notebooks.read(path).cells)


@numbered(EXERCISES, 3)
def test_an_exercise_asks_for_an_idea_at_least_two_chapters_old(path: Path) -> None:
    stated = {
        objective
        for chapter in LESSONS
        for objective in re.findall(r"^- \*\*(\d+\.\d+)\*\*", source(chapter), re.MULTILINE)
    }
    questions = load(path)[0].questions
    found = [name for q in questions for m in REVISITED.findall(q.text) for name in m.split(", ")]
    assert found, "write *Revisits 2.1.* behind the objective of a question"
    assert set(found) <= stated
    assert min(int(name.split(".")[0]) for name in found) <= number(path) - 2


def hunts(path: Path) -> list[Question]:
    return [q for q in load(path)[0].questions if "bug hunt" in q.title]


@numbered(EXERCISES, 2)
def test_an_exercise_has_a_bug_hunt_with_right_and_wrong_candidates(path: Path) -> None:
    (hunt,) = hunts(path)
    for check in hunt.checks:
        printed = (check.expected or "").split()
        assert printed.count("True") >= 1 and printed.count("False") >= 3, check.id
    given = "\n".join(cell["source"] for cell in hunt.given)
    names = re.findall(r"^(?:def|class) ([cC]andidate_?\d)", given, re.MULTILINE)
    assert len(names) >= 4, "candidates for the student to see"


@numbered(EXERCISES, 2)
def test_names_of_candidates_do_not_tell_right_from_wrong(path: Path) -> None:
    exercise, _ = load(path)
    (hunt,) = hunts(path)
    candidates = {check.id: candidates_of(exercise, hunt, check) for check in hunt.checks}
    everybody = [candidate for shown in candidates.values() for candidate in shown]
    assert len({candidate.__name__ for candidate in everybody}) == len(everybody)
    forms = {form_of(candidate) for candidate in everybody}
    assert len(forms) == 1 and re.search(r"\b[cC]andidate_?N\b", *forms), forms
    for check in hunt.checks:
        lines = (check.expected or "").splitlines()
        pairs = zip(candidates[check.id], lines, strict=True)
        in_order = [line for _, line in sorted(pairs, key=lambda pair: number_of(pair[0]))]
        if check.hidden:
            assert in_order[0] == in_order[-1] == "bool False", "a limit on the numbers tells"


def candidates_of(exercise: Exercise, hunt: Question, check: Check) -> list[Any]:
    """What a check of a bug hunt hands to the answer, in this order."""
    shown: list[Any] = []
    space: dict[str, Any] = {"__name__": "__main__"}
    sources = [cell["source"] for cell in [*exercise.shared, *hunt.given]]
    for code in [*sources, hunt.answer or ""]:
        exec(re.sub(r"^%.*", "", code, flags=re.MULTILINE), space)
    space["show"] = lambda answer, *candidates: shown.extend(candidates)
    exec(check.source, space)
    return shown


def number_of(candidate: Any) -> int:
    return int(re.sub(r"\D", "", candidate.__name__))


def form_of(candidate: Any) -> str:
    """All that a class or function tells of its name and home, with `N` for numbers."""
    code = getattr(candidate, "__code__", None)
    said = [
        re.sub(r" at 0x\w+", "", repr(candidate)),
        candidate.__module__,
        candidate.__name__,
        candidate.__qualname__,
        code.co_name if code else "",
    ]
    return re.sub(r"\d+", "N", " ".join(said))


@numbered(LESSONS, 1)
def test_a_chapter_has_recall_questions_with_folded_answers(path: Path) -> None:
    recall = re.split(r"^## ", source(path), flags=re.MULTILINE)[-2]
    assert recall.startswith("Recall")
    folded = re.findall(r"<details><summary>Answer</summary>(.+?)</details>", recall, re.DOTALL)
    assert len(folded) >= 5
    assert all(len(answer.strip()) > 10 for answer in folded)


@numbered(LESSONS, 1)
def test_a_chapter_has_something_to_play_with(path: Path) -> None:
    shown = [
        output
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "explorers." in "".join(output.get("data", {}).get("text/plain", ""))
    ]
    assert shown, "no explorer"


@numbered(LESSONS, 1)
def test_a_chapter_asks_for_predictions(path: Path) -> None:
    assert len(re.findall(r"\*\*Predict\b", source(path))) >= 5


@pytest.mark.parametrize("exercise", [1, 2, 3, 4, 5])
def test_the_exercises_of_the_book_are_worked(exercise: int) -> None:
    """Of its section 8.6; the chapters say so where they do it."""
    ordinal = ("first", "second", "third", "fourth", "fifth")[exercise - 1]
    said = re.compile(
        rf"book's (?:exercise {exercise}|{ordinal} exercise)\b|exercise {exercise} of the book's"
    )
    assert any(said.search(" ".join(source(path).split())) for path in LESSONS)
