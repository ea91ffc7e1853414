"""ResNeXt: counts, torchvision's and timm's outputs, three forms that compute the same."""

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st

from d2l_ext import counting, networks
from d2l_ext.networks.resnext import CifarResNeXt, ResNeXt, ResNeXtBlock, equal_cost_width
from d2l_ext.networks.resnext_forms import EarlyConcatenation, ParallelPaths, convert
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# parameters, million MACs; 1000 classes, 3 x 224 x 224
IMAGENET = {
    "resnext50_32x4d": (25_028_904, 4230.5),
    "resnext101_32x4d": (44_177_704, 7970.0),
    "resnext101_32x8d": (88_791_336, 16414.0),
}
FORMS = (ParallelPaths, EarlyConcatenation, ResNeXtBlock)

blocks = st.fixed_dictionaries(
    {
        "in_channels": st.integers(1, 12),
        "out_channels": st.integers(1, 12),
        "cardinality": st.integers(1, 5),
        "group_width": st.integers(1, 4),
        "stride": st.integers(1, 2),
    }
)


@pytest.mark.parametrize("name", IMAGENET)
def test_parameters_and_macs_are_the_published_ones(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == IMAGENET[name][0]
    assert million_macs(net) == pytest.approx(IMAGENET[name][1], abs=0.1)


def test_cifar_networks_have_the_published_parameters() -> None:
    assert parameters(on_meta("cifar_resnext29_8x64d")) == 34_426_698
    assert parameters(on_meta("cifar_resnext29_16x64d")) == 68_155_210
    assert parameters(on_meta("cifar_resnext20_8x4d", in_channels=1)) < 500_000


@pytest.mark.parametrize("name", ["resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"])
def test_state_dicts_have_torchvisions_names_and_shapes(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    ours = on_meta(name)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    converted = networks.to_torchvision(ours.state_dict())
    assert {key: value.shape for key, value in converted.items()} == shapes
    assert million_macs(ours) == pytest.approx(million_macs(theirs), abs=1e-6)


@pytest.mark.parametrize(
    ("library", "convert_from", "convert_to"),
    [
        (torchvision.models, networks.from_torchvision, networks.to_torchvision),
        (timm.models, networks.from_timm, networks.to_timm),
    ],
)
def test_outputs_equal_the_references_in_both_directions(library, convert_from, convert_to) -> None:
    theirs = library.resnext50_32x4d(num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network("resnext50_32x4d", num_classes=10)
    ours.load_state_dict(convert_from(theirs.state_dict()))
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(convert_to(ours.state_dict()))


@settings(max_examples=25, deadline=None)
@given(setting=blocks, source=st.sampled_from(FORMS), form=st.sampled_from(FORMS))
def test_all_forms_have_equal_parameters_and_outputs(setting, source, form) -> None:
    block = source(**setting).double().eval()  # in float64 only the order of sums is left
    randomise_batch_norm(block)
    other = convert(block, form)
    assert type(other) is form
    assert parameters(other) == parameters(block)
    X = torch.randn(2, setting["in_channels"], 7, 6, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(other(X), block(X))


@settings(max_examples=10, deadline=None)
@given(setting=blocks, form=st.sampled_from(FORMS))
def test_a_block_converted_and_converted_back_has_the_same_weights(setting, form) -> None:
    block = ResNeXtBlock(**setting)
    block(torch.randn(2, setting["in_channels"], 7, 6))  # statistics and the count of batches move
    again = convert(convert(block, form), ResNeXtBlock)
    expected = block.state_dict()
    assert list(again.state_dict()) == list(expected)
    assert all(torch.equal(value, expected[key]) for key, value in again.state_dict().items())


def test_a_converted_block_keeps_type_and_mode() -> None:
    block = ResNeXtBlock(4, 8, cardinality=2, group_width=2).double().eval()
    other = convert(block, ParallelPaths)
    assert other.bn3.weight.dtype == torch.float64
    assert not other.training


def test_forms_cost_the_same_multiply_accumulates() -> None:
    setting = {"in_channels": 64, "out_channels": 64, "cardinality": 8, "group_width": 4}
    macs = {counting.summarize(form(**setting), (64, 14, 14)).macs for form in FORMS}
    assert len(macs) == 1


@settings(max_examples=10, deadline=None)
@given(cardinality=st.integers(1, 5), width=st.integers(1, 4), stride=st.integers(1, 2))
def test_a_grouped_convolution_is_a_block_diagonal_dense_one(cardinality, width, stride) -> None:
    conv = ResNeXtBlock(4, 4, cardinality, width, stride).conv2
    kernel = conv.weight.detach()
    dense = torch.zeros(cardinality * width, cardinality * width, 3, 3)
    for i, group in enumerate(kernel.chunk(cardinality)):
        dense[i * width : (i + 1) * width, i * width : (i + 1) * width] = group
    X = torch.randn(2, cardinality * width, 6, 5)
    expected = torch.nn.functional.conv2d(X, dense, stride=stride, padding=1)
    torch.testing.assert_close(conv(X).detach(), expected, rtol=1e-4, atol=1e-5)


def test_one_path_as_wide_as_the_bottleneck_is_resnet() -> None:
    one_path = on_meta("resnet50").state_dict()
    with torch.device("meta"):
        ours = ResNeXt((3, 4, 6, 3), cardinality=1, group_width=64).state_dict()
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in one_path.items()}


def test_equal_cost_widths_are_those_of_the_papers_table_2() -> None:
    widths = {C: equal_cost_width(C) for C in (1, 2, 4, 8, 32)}
    assert widths == {1: 64, 2: 40, 4: 24, 8: 14, 32: 4}


@pytest.mark.parametrize("name", ["2x40d", "4x24d", "8x14d", "32x4d"])
def test_networks_of_equal_cost_have_resnet50s_parameters_within_two_percent(name: str) -> None:
    ratio = parameters(on_meta(f"resnext50_{name}")) / parameters(on_meta("resnet50"))
    assert ratio == pytest.approx(1, abs=0.025)


def test_more_paths_than_the_budget_holds_are_refused_with_the_most_that_it_does() -> None:
    with pytest.raises(ValueError, match=r"cardinality = 1000 .* at most (\d+)") as refusal:
        equal_cost_width(1000)
    most = int(str(refusal.value).split("at most ")[1].split()[0])
    assert equal_cost_width(most) == 1
    with pytest.raises(ValueError, match="too many"):
        equal_cost_width(most + 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("setting", [(0, 4), (4, 0)])
def test_fewer_than_one_path_or_channel_is_refused(form, setting) -> None:
    with pytest.raises(ValueError, match="= 0 must be at least 1"):
        form(8, 8, *setting)


def test_a_depth_that_is_not_9n_plus_2_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"depth = 28 is not 9n \+ 2 .*20 and 29"):
        CifarResNeXt(28, cardinality=8, group_width=64)
