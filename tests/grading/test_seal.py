"""`seal` tells equal answers from different ones, and tells nothing else."""

from typing import Any

import pytest

from d2l_ext.grading import seal


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
