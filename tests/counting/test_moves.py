"""Slices, chunks and padding in a `forward`: closed forms, against torch."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2l_ext import counting
from d2l_ext.counting.rules import RULES
from tests.counting.test_receptive_field import support, without_cancelling

few = settings(max_examples=40, deadline=None)
ends = st.none() | st.integers(-12, 12)
slices = st.builds(slice, ends, ends, st.none() | st.integers(1, 3))


class Function(nn.Module):
    """A function between two convolutions."""

    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.function = function
        self.before = nn.Conv2d(3, 5, 3, bias=False)
        self.after = nn.Identity()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.after(self.function(self.before(X)))


def assert_closed_and_right(function: Callable, size: int = 12) -> counting.Summary:
    net = Function(function)
    expected = net(torch.zeros(1, 3, size, size))
    summary = counting.summarize(net, (3, size, size))
    assert {layer.kind for layer in summary.layers} <= set(RULES)
    assert summary.output_shape == expected.shape[1:]
    return summary


@given(channels=slices, rows=slices, columns=slices)
@few
def test_slices_of_any_ends_and_steps_have_torchs_shapes(channels, rows, columns) -> None:
    X = torch.zeros(1, 5, 10, 10)
    if 0 in X[:, channels, rows, columns].shape[2:]:
        with pytest.raises(counting.ShapeError, match="leaves none of 10"):
            counting.summarize(Function(lambda X: X[:, channels, rows, columns]), (3, 12, 12))
    else:
        assert_closed_and_right(lambda X: X[:, channels, rows, columns])


@given(parts=st.integers(1, 7), widths=st.lists(st.integers(1, 4), min_size=1, max_size=3))
@few
def test_chunks_and_splits_have_torchs_shapes(parts: int, widths: list[int]) -> None:
    shapes = [tuple(x.shape[1:]) for x in torch.zeros(1, 5, 10, 10).chunk(parts, 1)]
    summary = assert_closed_and_right(lambda X: torch.cat(X.chunk(parts, dim=1)[::-1], dim=1))
    assert [x.output_shape for x in summary.layers if x.kind == "chunk"] == shapes
    assert_closed_and_right(lambda X: torch.split(X, widths[0], dim=1)[-1])
    sizes = [*widths, 5]
    exact = [w for i, w in enumerate(sizes) if sum(sizes[: i + 1]) <= 5]
    exact += [5 - sum(exact)] if sum(exact) < 5 else []
    assert_closed_and_right(lambda X: X.split(exact, dim=1)[-1])


@given(padding=st.lists(st.integers(-3, 3), min_size=4, max_size=4))
@few
def test_padding_and_cropping_have_torchs_shapes(padding: list[int]) -> None:
    assert_closed_and_right(lambda X: F.pad(X, padding))


@pytest.mark.parametrize(
    "function",
    [
        lambda X: F.pad(X, (1, 1, 2, 1))[:, :, 1:-2, 2:],
        lambda X: F.pad(X[:, 1:3, 3::2, :-1], (0, 0, 0, 0, 3, 0)),
        lambda X: torch.cat(F.pad(X, (1, 1, 1, 1)).chunk(2, dim=1), dim=1)[..., 1:-1],
        lambda X: X[:, :, :-2] + X[:, :, 2:],
        lambda X: torch.cat((X[:, :0, 4:], X[:, :, :-4]), dim=1),
    ],
)
def test_the_receptive_field_is_the_support_of_the_gradient(function: Callable) -> None:
    net = nn.Sequential(Function(function), nn.Conv2d(5, 2, 3, padding=1))
    field = counting.summarize(net, (3, 40, 40)).layers[-1].receptive_field
    pair = field if isinstance(field, tuple) else (field, field)
    assert support(without_cancelling(net), net[1], 40) == pair


@pytest.mark.parametrize(
    "function",
    [
        lambda X: X[:, 0],
        lambda X: X[:, [0, 2]],
        lambda X: F.pad(X, (1, 1, 1, 1), mode="reflect"),
        lambda X: F.pad(X, (1, 0, 0, 0, 1, 0)),
        lambda X: X.chunk(2, dim=2)[0],
    ],
)
def test_what_no_closed_form_covers_is_still_measured(function: Callable) -> None:
    net = Function(function)
    expected = net(torch.zeros(1, 3, 8, 8)).shape[1:]
    assert counting.summarize(net, (3, 8, 8)).output_shape == expected
