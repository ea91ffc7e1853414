"""Shift: a depthwise convolution of ones and zeros, without its cost; the paper's sizes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2l_ext.networks.shift import CifarShiftResNet, Shift, ShiftBlock
from tests.networks.reference import million_macs, on_meta, parameters


@given(
    channels=st.integers(1, 60),
    kernel_size=st.sampled_from([1, 3, 5]),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
)
@settings(max_examples=30, deadline=None)
def test_the_shift_equals_a_depthwise_convolution_of_ones_and_zeros(
    channels: int, kernel_size: int, height: int, width: int
) -> None:
    shift = Shift(channels, kernel_size)
    X = torch.randn(2, channels, height, width)
    kernels = shift.as_kernels()
    assert torch.equal(kernels.sum((1, 2, 3)), torch.ones(channels))
    assert torch.equal(shift(X), F.conv2d(X, kernels, padding=kernel_size // 2, groups=channels))


def test_each_direction_has_its_channel_and_the_rest_stays() -> None:
    pixel = torch.zeros(1, 11, 3, 3)
    pixel[:, :, 1, 1] = 1
    places = Shift(11)(pixel).flatten(2).argmax(2)[0].tolist()
    # A window that starts further up or left moves the map down or right.
    assert places == [8, 7, 6, 5, 4, 4, 4, 3, 2, 1, 0]


def test_the_shift_has_no_parameters_and_costs_nothing() -> None:
    net = nn.Sequential(Shift(16))
    assert parameters(net) == 0
    with torch.device("meta"):
        one_by_ones = nn.Sequential(nn.Conv2d(3, 8, 1), Shift(8))
    assert million_macs(one_by_ones, 10) == 3 * 8 * 100 / 1e6


def test_between_two_1x1_convolutions_a_pixel_sees_its_eight_neighbours() -> None:
    block = ShiftBlock(4, 4, expansion=9).eval()
    X = torch.rand(1, 4, 7, 7, requires_grad=True)
    block(X)[0, :, 3, 3].sum().backward()
    assert X.grad is not None
    seen = X.grad.abs().sum((0, 1)) > 0
    assert not seen[[0, 1, 5, 6]].any() and not seen[:, [0, 1, 5, 6]].any()
    assert seen[2:5, 2:5].all()


@pytest.mark.parametrize(("expansion", "millions"), [(1, 0.03), (3, 0.10), (6, 0.19), (9, 0.28)])
def test_the_networks_have_the_papers_sizes(expansion: int, millions: float) -> None:
    net = on_meta(f"cifar_shiftresnet20_e{expansion}")
    assert round(parameters(net) / 1e6, 2) == millions


def test_deeper_networks_have_the_papers_sizes_too() -> None:
    with torch.device("meta"):
        assert round(parameters(CifarShiftResNet(56, 6)) / 1e6, 2) == 0.58
        assert round(parameters(CifarShiftResNet(110, 9)) / 1e6, 2) == 1.76


def test_impossible_settings_name_the_nearest_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"kernel_size = 4 .*3 and 5"):
        Shift(16, kernel_size=4)
    with pytest.raises(ValueError, match=r"kernel_size = 0 .*nearest: 1"):
        Shift(16, kernel_size=0)
    with pytest.raises(ValueError, match=r"expansion = 0 must be at least 1"):
        ShiftBlock(16, 16, expansion=0)
    with pytest.raises(ValueError, match=r"depth = 21 .*20 and 26"):
        CifarShiftResNet(21, 1)
