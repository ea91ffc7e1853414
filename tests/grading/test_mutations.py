"""Notebooks changed at random: always read or rejected, and never points for an untouched answer."""

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from d2l_ext.grading.archives import Item
from d2l_ext.grading.assess import assess
from d2l_ext.grading.layouts import HandIn, Owner
from d2l_ext.grading.records import Judged
from d2l_ext.grading.runner import Record
from d2l_ext.grading.submissions import Submission, read_hand_in
from tests.grading import assignment
from tests.grading.class_of import ASSIGNMENT, EXERCISE
from tests.grading.conftest import RIGHT, Course

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


def read(data: bytes) -> Submission:
    item = Item(("03_tiny.ipynb",), lambda: io.BytesIO(data))
    (submission,) = read_hand_in(HandIn(Owner("ada"), [item]), {assignment.NAME: EXERCISE})
    return submission


def everything_passes(submission: Submission) -> Judged:
    """What a student could make of the kernel at the very worst."""
    cells = [c["id"] for g in ASSIGNMENT.paper(submission.answers).groups.values() for c in g]
    return Judged({cell: Record(cell, "passed") for cell in cells}, 1.0)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    found = [here] if here else []
    for key, inner in entries:
        nested = isinstance(inner, (dict, list))
        found += paths(inner, (*here, key)) if nested else [(*here, key)]
    return found


@st.composite
def mutated(draw: Callable[..., Any], notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook with some of its values replaced by junk, deleted, doubled or swapped."""
    changed = copy.deepcopy(notebook)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(paths(changed)))
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        how = draw(st.sampled_from(["junk", "delete", "double", "swap"]))
        if how == "delete":
            del holder[path[-1]]
        elif how == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        elif how == "swap" and isinstance(holder, list):
            holder.reverse()
        else:
            holder[path[-1]] = draw(JUNK)
        if not paths(changed):
            break
    return changed


def plain(course: Course) -> dict[str, Any]:
    return json.loads(course.exercise.read_text())


SETTINGS = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(data=st.data())
def test_mutated_notebook_is_read_and_untouched_answers_earn_nothing(
    course: Course, data: st.DataObject
) -> None:
    notebook = data.draw(mutated(plain(course)))
    submission = read(json.dumps(notebook).encode("utf-8", "surrogatepass"))
    if submission.rejected:
        return
    result = assess(submission, ASSIGNMENT, everything_passes(submission), 20)
    released = {q.key: ASSIGNMENT.stub(q) for q in EXERCISE.questions}
    for mark in result.marks:
        answer = submission.answers.get(mark.question.key)
        if answer is None or answer.split() == released[mark.question.key].split():
            assert mark.points == 0
    json.dumps(submission.answers).encode()
    "".join([*submission.answers.values(), *submission.tampered]).encode()


@SETTINGS
@given(data=st.data())
def test_damaged_bytes_are_read_or_rejected(course: Course, data: st.DataObject) -> None:
    raw = bytearray(course.exercise.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 50))] = data.draw(st.binary(max_size=10))
    submission = read(bytes(raw))
    assert submission.rejected or submission.exercise == assignment.NAME


@pytest.mark.parametrize("key", [*(f"q{i}-check" for i in (1, 2, 3, 4)), "q2-hidden", "q3-hidden"])
@pytest.mark.parametrize("how", ["delete", "source", "points", "type", "grade"])
def test_check_cell_that_was_changed_is_seen(course: Course, key: str, how: str) -> None:
    notebook = nbformat.reads(course.exercise.read_text(), as_version=4)
    assert not read(nbformat.writes(notebook).encode()).tampered
    cell = assignment.cell_named(notebook, key)
    if how == "delete":
        notebook.cells.remove(cell)
    elif how == "source":
        cell.source += "\nprint('int 5')"
    elif how == "points":
        cell.metadata.nbgrader.points = 10
    elif how == "type":
        cell.cell_type = "raw"
    else:
        cell.metadata.nbgrader.grade = False
    assert any(key in words for words in read(json.dumps(notebook).encode()).tampered)


def test_white_space_in_a_check_cell_is_no_tampering(course: Course, tmp_path: Path) -> None:
    notebook = nbformat.from_dict(
        assignment.with_answers(nbformat.read(course.exercise, as_version=4), **RIGHT)
    )
    assignment.cell_named(notebook, "q2-check").source += "  # my note\n\n"
    assert not read(nbformat.writes(notebook).encode()).tampered
