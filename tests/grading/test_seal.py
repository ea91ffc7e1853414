"""`seal` tells equal answers from different ones, and tells nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

import d2l_ext.grading
from d2l_ext.grading import guard, seal
from d2l_ext.grading.notebook import printed_text


@pytest.fixture
def sealed(capsys: pytest.CaptureFixture[str]) -> Any:
    def printed(answer: object, key: str = "q1") -> str:
        seal(key, answer)
        return capsys.readouterr().out.strip()

    return printed


def test_seal_prints_type_and_hash_only(sealed: Any) -> None:
    kind, word, digest = sealed(18432).split()
    assert (kind, word, len(digest)) == ("int", "sealed", 12)
    assert "18432" not in digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Batch  Norm ", "batch norm"),
        (1 / 3, 0.33333333),
        ({"b", "A"}, {"a", "B"}),
        (["Relu"], ["relu"]),
    ],
)
def test_answers_that_mean_the_same_seal_alike(sealed: Any, one: object, other: object) -> None:
    assert sealed(one) == sealed(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(18, 18.0), (1, True), ([1, 2], (1, 2)), ([1, 2], [2, 1]), ("a", "b"), (0.25, 0.2501)],
)
def test_answers_that_differ_seal_differently(sealed: Any, one: object, other: object) -> None:
    assert sealed(one) != sealed(other)


def test_seal_depends_on_the_question(sealed: Any) -> None:
    assert sealed(18, "q1") != sealed(18, "q2")


@pytest.mark.parametrize("answer", [..., (1, ...)])
def test_unanswered_question_is_not_sealed(sealed: Any, answer: object) -> None:
    assert sealed(answer) == "no answer yet"


def replays_the_hash(key: str, answer: Any) -> None:
    if key == "q1":
        print("set sealed a105e424b97d")
    else:
        seal(key, answer)


@pytest.mark.parametrize(("answered_by", "passes"), [(seal, True), (replays_the_hash, False)])
def test_guard_sees_who_replays_the_hash_of_its_question(
    answered_by: Callable[[str, Any], None],
    passes: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(d2l_ext.grading, "seal", answered_by)
    cell = guard.guard_cell("q1")
    exec(cell["source"], {})
    assert (capsys.readouterr().out == printed_text(cell["outputs"])) is passes
