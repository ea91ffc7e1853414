"""Parameters that no layer of torch holds, but a part of the network itself."""

import torch
from torch import nn
from torch.nn import functional as F

from d2l_ext import counting
from tests.counting.test_closed_form import assert_agree


class Scaled(nn.Module):
    """Learned numbers of every kind, beside a layer, used in ways that leave no trace of whose."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.gain = nn.Parameter(torch.ones(4, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.shift = nn.Parameter(torch.zeros(4))
        self.others = nn.ParameterList([torch.ones(2, 4), torch.ones(2)])

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X = self.gain * self.conv(X) * self.log_scale.exp() + self.shift.view(1, -1, 1, 1)
        return F.linear(X.mean((2, 3)), self.others[0], self.others[1])


def test_are_counted_once_in_a_row_of_their_own() -> None:
    net = nn.Sequential(Scaled(), nn.Linear(2, 1))
    summary = counting.summarize(net, (3, 8, 8))
    assert summary.parameters == sum(p.numel() for p in net.parameters())
    rows = {row.name: row.parameters for row in summary.layers if row.kind == "parameter"}
    names = ("gain", "log_scale", "shift", "others.0", "others.1")
    assert rows == dict(zip((f"0.{name}" for name in names), (4, 1, 4, 8, 2), strict=True))


def test_a_part_that_runs_twice_has_its_parameters_once() -> None:
    part = Scaled()
    part.forward = lambda X: part.gain * X  # type: ignore[method-assign]
    summary = counting.summarize(nn.Sequential(nn.Conv2d(3, 4, 1), part, part), (3, 8, 8))
    assert summary.parameters == 16 + 4 + 1 + 4 + 8 + 2


def test_a_scale_for_each_channel_keeps_the_receptive_field() -> None:
    net = Scaled()
    fields = {x.name: x.receptive_field for x in counting.summarize(net, (3, 8, 8)).layers}
    assert fields["conv"] == fields["scale"] == 3


def test_a_tensor_that_differs_from_pixel_to_pixel_is_no_scale() -> None:
    class Position(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.map = nn.Parameter(torch.zeros(3, 8, 8))

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return X + self.map

    summary = counting.summarize(Position(), (3, 8, 8))
    assert (summary.parameters, summary.layers[-1].kind) == (
        192,
        "add function",
    )


def test_measuring_counts_them_as_well() -> None:
    class Gained(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.gain = nn.Parameter(torch.ones(4, 1, 1))

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return self.gain * self.conv(X)

    assert_agree(nn.Sequential(Gained(), nn.Conv2d(4, 2, 1)), (3, 8, 8))
