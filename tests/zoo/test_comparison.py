"""Two models compared image by image."""

import dataclasses
import re

import pytest
import torch

from d2l_ext import data, zoo
from d2l_ext.zoo import files
from d2l_ext.zoo.comparison import Comparison
from d2l_ext.zoo.model_card import to_json
from d2l_ext.zoo.stored_predictions import pack


@pytest.fixture
def other(tiny: str) -> str:
    """A second model that errs on the first 100 images and on every tenth of the others."""
    labels = data.FashionMNIST().val.labels
    wrong = torch.arange(10_000) % 10 == 0
    wrong[:100] = True
    classes = torch.where(wrong, (labels + 1) % 10, labels)
    card = zoo.card(tiny)
    run = dataclasses.replace(card.runs[0], right=int((classes == labels).sum()))
    card = dataclasses.replace(card, name="other_fmnist", runs=(run,))
    files.predictions_file(card.name).write_bytes(pack(classes))
    files.card_file(card.name).write_text(to_json(card))
    return card.name


def test_images_are_counted_by_who_is_right(tiny: str, other: str) -> None:
    labels = data.FashionMNIST().val.labels
    pairs = zip(
        (zoo.predictions(tiny) == labels).tolist(),
        (zoo.predictions(other) == labels).tolist(),
        strict=True,
    )
    pairs = list(pairs)
    result = zoo.compare(tiny, other)
    counts = [pairs.count(p) for p in ((True, True), (True, False), (False, True), (False, False))]
    assert [result.both, result.only_a, result.only_b, result.neither] == counts
    assert sum(counts) == 10_000
    a, b = zoo.card(tiny), zoo.card(other)
    assert result.difference == pytest.approx(a.accuracy - b.accuracy)
    apiece = torch.tensor([float(x) - float(y) for x, y in pairs], dtype=torch.float64)
    assert result.standard_error == pytest.approx(apiece.std(correction=0).item() / 100)
    assert zoo.compare(other, tiny).p_value == result.p_value


@pytest.mark.parametrize(
    ("only_a", "only_b"), [(0, 0), (1, 0), (5, 5), (2, 10), (60, 85), (310, 250), (4000, 3900)]
)
def test_the_p_value_is_that_of_an_exact_binomial_test(only_a: int, only_b: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy comes with d2l")
    n = only_a + only_b
    expected = stats.binomtest(only_a, n).pvalue if n else 1.0
    result = Comparison("a", "b", 10_000 - n, only_a, only_b, 0)
    assert result.p_value == pytest.approx(expected, rel=1e-9)


def test_a_hopeless_model_gives_a_tiny_p_value_and_no_overflow() -> None:
    assert Comparison("a", "b", 0, 10_000, 0, 0).p_value == 0.0


def test_the_comparison_is_shown_as_a_table_and_a_sentence() -> None:
    result = Comparison("first", "second<b>", 9_000, 300, 200, 500)
    assert "first is right on 100 more of 10,000 images than second<b>: 1.00% ±" in repr(result)
    cells = re.findall(r"<td[^>]*>([\d,]+)</td>", result._repr_html_())
    assert cells == ["9,000", "300", "200", "500"]
    assert "<b>" not in result._repr_html_()
    turned = Comparison("first", "second", 9_000, 200, 300, 500)
    assert "second is right on 100 more" in repr(turned)


def test_models_of_different_data_are_not_compared(tiny: str, other: str) -> None:
    card = dataclasses.replace(zoo.card(other), data="CIFAR-10, JPEG copy")
    files.card_file(other).write_text(to_json(card))
    with pytest.raises(zoo.ZooError, match="on Fashion-MNIST and other_fmnist on CIFAR-10, JPEG"):
        zoo.compare(tiny, other)
