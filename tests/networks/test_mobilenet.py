"""MobileNet: a separable convolution and its factors, counts, the outputs of timm and torchvision."""

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from d2l_ext import networks
from d2l_ext.networks.mobilenet import InvertedResidual, SeparableConv
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# parameters, million MACs; 1000 classes, 3 x 224 x 224
EXPECTED = {"mobilenet_v1": (4_231_976, 568.7), "mobilenet_v2": (3_504_872, 300.8)}


def reference(name: str, **settings: object) -> torch.nn.Module:
    if name == "mobilenet_v1":
        return timm.create_model("mobilenetv1_100", **settings)
    return torchvision.models.mobilenet_v2(**settings)


@pytest.mark.parametrize("name", EXPECTED)
def test_parameters_and_macs_are_the_expected_ones(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == EXPECTED[name][0]
    assert million_macs(net) == pytest.approx(EXPECTED[name][1], abs=0.1)


@pytest.mark.parametrize("name", EXPECTED)
def test_outputs_equal_the_references_in_both_directions(name: str) -> None:
    theirs = reference(name, num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(theirs.state_dict())
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(ours.state_dict())


@pytest.mark.parametrize("width_mult", [0.35, 0.5, 0.75, 1.3, 1.4])
def test_v2_rounds_other_widths_as_torchvision_does(width_mult: float) -> None:
    with torch.device("meta"):
        theirs = torchvision.models.mobilenet_v2(width_mult=width_mult)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    ours = on_meta("mobilenet_v2", width_mult=width_mult)
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes


@given(
    in_channels=st.integers(1, 6), out_channels=st.integers(1, 6), stride=st.sampled_from([1, 2])
)
@settings(max_examples=20, deadline=None)
def test_without_what_stands_between_them_the_factors_are_one_dense_convolution(
    in_channels: int, out_channels: int, stride: int
) -> None:
    separable = SeparableConv(in_channels, out_channels, stride)
    X = torch.randn(2, in_channels, 6, 5)
    # Weight (o, i) of the dense 3x3 is depthwise kernel i, scaled by weight (o, i) of the 1x1.
    dense = separable.conv_pw.weight * separable.conv_dw.weight.squeeze(1)
    expected = F.conv2d(X, dense, stride=stride, padding=1)
    factors = separable.conv_pw(separable.conv_dw(X))
    torch.testing.assert_close(factors, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("stride", "out_channels"), [(1, 8), (2, 8), (1, 12)])
def test_the_inverted_residual_has_a_shortcut_where_shapes_agree(
    stride: int, out_channels: int
) -> None:
    block = InvertedResidual(8, out_channels, stride, expansion=6)
    torch.nn.init.zeros_(block.conv[-1].weight)  # the branch gives zeros
    X = torch.randn(2, 8, 6, 6)
    expected = X if (stride, out_channels) == (1, 8) else torch.zeros_like(block(X))
    assert torch.equal(block(X), expected)


def test_the_narrow_end_of_an_inverted_residual_is_linear() -> None:
    block = InvertedResidual(8, 8, stride=1, expansion=6)
    assert block(torch.randn(2, 8, 6, 6)).min() < 0


def test_a_width_that_is_not_positive_is_named() -> None:
    with pytest.raises(ValueError, match=r"width_mult = -0.5 "):
        networks.get_network("mobilenet_v2", width_mult=-0.5)
