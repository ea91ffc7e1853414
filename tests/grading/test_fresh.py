"""`fresh` draws inputs from the grader's seed alone."""

import random

import pytest

from d2l_ext.grading import fresh


def draw(rng: random.Random) -> tuple[int, int]:
    return rng.randrange(10**6), rng.randrange(10**6)


def test_same_seed_draws_the_same_inputs_whatever_came_before() -> None:
    first = fresh(draw, 3)
    random.seed(5)
    assert fresh(draw, 4)[:3] == first


def test_another_seed_draws_other_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fresh(draw, 3)
    monkeypatch.setenv("D2L_EXT_SEED", "7")
    assert not set(first) & set(fresh(draw, 3))


def test_draw_that_returns_no_tuple_is_an_error() -> None:
    with pytest.raises(TypeError, match="tuple of arguments"):
        fresh(lambda rng: rng.random(), 1)  # type: ignore[arg-type, return-value]
