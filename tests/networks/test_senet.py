"""SE networks: counts, timm's outputs, equal forms of the block, its places, the lecture's variant."""

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.networks.resnet import Bottleneck
from d2l_ext.networks.senet import (
    LinearSqueezeExcitation,
    SEBottleneck,
    SqueezeExcitation,
    from_convolutions,
    to_convolutions,
)
from d2l_ext.networks.senet_lecture import InnerProductExcitation
from d2l_ext.networks.senet_positions import (
    SEIdentityBottleneck,
    SEPostBottleneck,
    SEPreBottleneck,
)
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# parameters, million MACs; 1000 classes, 3 x 224 x 224
IMAGENET = {
    "seresnet50": (28_088_024, 4091.7),
    "seresnet101": (49_326_872, 7806.1),
    "seresnext50_32x4d": (27_559_896, 4233.0),
}
SIZES = [name for name in networks.list_networks() if name in timm.list_models("seresne*")]


@pytest.mark.parametrize("name", IMAGENET)
def test_parameters_and_macs_are_the_published_ones(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == IMAGENET[name][0]
    assert million_macs(net) == pytest.approx(IMAGENET[name][1], abs=0.1)


@pytest.mark.parametrize("name", SIZES)
def test_state_dicts_have_timms_names_and_shapes(name: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    converted = networks.to_timm(on_meta(name).state_dict())
    assert {key: value.shape for key, value in converted.items()} == shapes


def test_all_nine_sizes_of_timm_are_listed() -> None:
    assert len(SIZES) == 9


@pytest.mark.parametrize("name", ["seresnet18", "seresnet50", "seresnext50_32x4d"])
def test_outputs_equal_timms_in_both_directions(name: str) -> None:
    theirs = timm.create_model(name, num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(networks.from_timm(theirs.state_dict()))
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(networks.to_timm(ours.state_dict()))


@settings(max_examples=15, deadline=None)
@given(
    channels=st.integers(1, 40),
    ratio=st.integers(1, 32),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
)
def test_linear_layers_and_1x1_convolutions_are_equal(channels, ratio, height, width) -> None:
    convolutions = SqueezeExcitation(channels, ratio)
    linear = LinearSqueezeExcitation(channels, ratio)
    linear.load_state_dict(from_convolutions(convolutions.state_dict()))
    assert (
        relative_difference(linear, convolutions, torch.randn(2, channels, height, width)) <= 1e-5
    )
    again = to_convolutions(linear.state_dict())
    assert all(torch.equal(again[k], value) for k, value in convolutions.state_dict().items())


def test_a_subclass_of_one_line_changes_the_ratio() -> None:
    class Narrow(SEBottleneck):
        ratio = 32

    assert Narrow(256, 64).se.fc1.out_channels == 8
    assert SEBottleneck(256, 64).se.fc1.out_channels == 16


def test_the_excitation_of_a_stage_1_block_has_the_papers_weights() -> None:
    weights = sum(p.numel() for p in SqueezeExcitation(256).parameters() if p.dim() > 1)
    assert weights == 2 * 256**2 // 16 == 8_192


def test_gates_are_the_same_for_all_pixels_of_a_channel() -> None:
    X = torch.rand(2, 16, 5, 4) + 0.1
    gates = (SqueezeExcitation(16)(X) / X).detach()
    torch.testing.assert_close(gates, gates[:, :, :1, :1].expand_as(gates))
    assert ((gates > 0) & (gates < 1)).all()


def test_each_pixel_reads_the_whole_map() -> None:
    layer = counting.summarize(SqueezeExcitation(4), (4, 9, 7)).layers[-1]
    assert layer.kind == "multiply"
    X = torch.randn(1, 4, 9, 7, requires_grad=True)
    SqueezeExcitation(4)(X)[0, 0, 0, 0].backward()
    assert X.grad.ne(0).all()


@pytest.mark.parametrize("block", [SEBottleneck, SEPostBottleneck, SEIdentityBottleneck])
def test_places_after_the_residual_cost_the_same(block) -> None:
    assert parameters(block(16, 8)) == parameters(SEBottleneck(16, 8))


PLACES = [SEBottleneck, SEPreBottleneck, SEPostBottleneck, SEIdentityBottleneck]


def block_with_constant_gates(place: type, channels: int, bias: float) -> nn.Module:
    """A block in eval mode whose gates are all sigmoid(bias), whatever the image."""
    block = place(channels, channels // 4).eval()
    randomise_batch_norm(block)
    nn.init.zeros_(block.se.fc2.weight)
    nn.init.constant_(block.se.fc2.bias, bias)
    return block


def without_se(block: nn.Module) -> Bottleneck:
    channels = block.conv1.in_channels
    plain = Bottleneck(channels, channels // 4).eval()
    plain.load_state_dict({k: v for k, v in block.state_dict().items() if not k.startswith("se.")})
    return plain


class Zero(nn.Module):
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(X)


@pytest.mark.parametrize("place", PLACES)
def test_open_gates_leave_the_bottleneck_as_it_is(place) -> None:
    block = block_with_constant_gates(place, 16, bias=100.0)
    assert relative_difference(block, without_se(block), torch.randn(2, 16, 6, 6)) <= 1e-6


@torch.no_grad()
def test_closed_gates_shut_the_residual_in_the_standard_place() -> None:
    X = torch.rand(2, 16, 6, 6)
    assert torch.equal(block_with_constant_gates(SEBottleneck, 16, bias=-1000.0)(X), X)


@torch.no_grad()
def test_closed_gates_before_the_residual_make_it_blind_to_the_image() -> None:
    X = 100 + torch.rand(2, 16, 6, 6)  # so that the last ReLU passes everything
    residual = block_with_constant_gates(SEPreBottleneck, 16, bias=-1000.0)(X) - X
    torch.testing.assert_close(residual[0], residual[1], rtol=0, atol=1e-4)
    assert residual.abs().max() > 0.1


@torch.no_grad()
def test_closed_gates_after_the_addition_shut_everything() -> None:
    X = torch.rand(2, 16, 6, 6)
    assert not block_with_constant_gates(SEPostBottleneck, 16, bias=-1000.0)(X).any()


def test_closed_gates_on_the_shortcut_leave_the_residual_alone() -> None:
    block = block_with_constant_gates(SEIdentityBottleneck, 16, bias=-1000.0)
    plain = without_se(block)
    plain.shortcut = Zero()
    assert relative_difference(block, plain, torch.rand(2, 16, 6, 6)) <= 1e-6


@settings(max_examples=10, deadline=None)
@given(channels=st.integers(1, 6), height=st.integers(1, 6), width=st.integers(1, 6))
def test_the_lectures_inner_product_is_a_depthwise_convolution_as_large_as_the_map(
    channels, height, width
) -> None:
    layer = InnerProductExcitation(channels, height, width)
    conv = nn.Conv2d(channels, channels, (height, width), groups=channels, bias=False)
    conv.weight.data = layer.weight.detach()[:, None]
    X = torch.randn(2, channels, height, width)
    with torch.no_grad():
        torch.testing.assert_close(layer(X), X * conv(X).softmax(dim=1))


def test_the_lectures_gates_sum_to_one_over_the_channels() -> None:
    X = torch.rand(3, 8, 5, 4) + 0.1
    gates = InnerProductExcitation(8, 5, 4)(X) / X
    torch.testing.assert_close(gates.sum(dim=1), torch.ones(3, 5, 4))


def test_the_lectures_weights_over_resnet50_are_5_52_million() -> None:
    summary = counting.summarize(on_meta("resnet50"), (3, 224, 224))
    shapes = [r.output_shape for r in summary.layers if r.name.endswith(".add")]
    with torch.device("meta"):
        layers = [InnerProductExcitation(*shape) for shape in shapes]
    assert parameters(layers[0]) == 802_816
    assert sum(map(parameters, layers)) == pytest.approx(5.52e6, rel=1e-3)


def test_a_map_of_another_size_is_refused_by_the_lectures_variant() -> None:
    with pytest.raises(ValueError, match=r"\(8, 6, 4\) does not fit .*\(8, 5, 4\)"):
        InnerProductExcitation(8, 5, 4)(torch.rand(1, 8, 6, 4))


def test_a_ratio_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="ratio = 0 must be at least 1"):
        SqueezeExcitation(64, ratio=0)
