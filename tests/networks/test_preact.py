"""Pre-activation, its rivals in the paper's two tables, highways, stochastic depth, growing."""

import copy

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2l_ext import counting, networks
from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.growing import grow
from d2l_ext.networks.highway import Gate, HighwayBlock
from d2l_ext.networks.layers import initialise
from d2l_ext.networks.preact import CifarPreActResNet, PreActBasicBlock, PreActBottleneck
from d2l_ext.networks.preact_orders import (
    BatchNormAfterAddition,
    BottleneckBatchNormAfterAddition,
    BottleneckReLUBeforeAddition,
    BottleneckReLUOnlyPreActivation,
    ReLUBeforeAddition,
    ReLUOnlyPreActivation,
)
from d2l_ext.networks.preact_shortcuts import (
    ConstantScaling,
    ConvolutionalShortcut,
    DropoutShortcut,
    ExclusiveGating,
    HalfShortcut,
    ShortcutOnlyGating,
)
from d2l_ext.networks.resnet import BasicBlock, Bottleneck
from d2l_ext.networks.resnext import ResNeXtBlock
from d2l_ext.networks.senet import SEBottleneck
from d2l_ext.networks.senet_positions import SEPostBottleneck
from d2l_ext.networks.stochastic_depth import StochasticBlock, StochasticDepthResNet
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# ---------------------------------------------------------------- full pre-activation


def test_cifar_networks_have_the_published_parameters() -> None:
    assert parameters(on_meta("cifar_preact_resnet164")) == 1_703_258
    assert parameters(on_meta("cifar_preact_resnet1001")) == pytest.approx(10.2e6, rel=0.02)


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_state_dicts_have_timms_names_and_shapes(depth: int) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(f"resnetv2_{depth}")
    ours = on_meta(f"resnetv2_{depth}")
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    converted = networks.to_timm(ours.state_dict())
    assert {key: value.shape for key, value in converted.items()} == shapes


@pytest.mark.parametrize("name", ["resnetv2_18", "resnetv2_50"])
def test_outputs_equal_timms_in_both_directions(name: str) -> None:
    theirs = timm.create_model(name, num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(networks.from_timm(theirs.state_dict()))
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(networks.to_timm(ours.state_dict()))


@pytest.mark.parametrize(("depth", "block"), [(20, PreActBasicBlock), (164, PreActBottleneck)])
def test_signals_pass_from_the_first_block_of_a_stage_to_the_last(depth: int, block) -> None:
    """With all residuals at zero a stage behind its first block is the identity, on any sign."""
    net = CifarPreActResNet(block, depth, width_mult=0.25).eval()
    X = torch.randn(2, block.expansion * 4, 8, 8)
    for each in net.layer1[1:]:
        nn.init.zeros_(getattr(each, f"conv{block.layers}").weight)
    assert torch.equal(net.layer1[1:](X), X)


def test_the_shortcut_that_changes_shape_reads_the_activated_input() -> None:
    block = PreActBasicBlock(4, 6, stride=2).eval()
    randomise_batch_norm(block)
    nn.init.zeros_(block.conv2.weight)
    X = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(block(X), block.shortcut(F.relu(block.bn1(X))))


@pytest.mark.parametrize(
    ("block", "depth", "message"),
    [(PreActBasicBlock, 21, r"6n \+ 2 .*20 and 26"), (PreActBottleneck, 0, r"9n \+ 2 .*11 and 20")],
)
def test_a_depth_that_does_not_fit_names_the_nearest(block, depth: int, message: str) -> None:
    with pytest.raises(ValueError, match=f"depth = {depth} is not {message}"):
        CifarPreActResNet(block, depth)


# ---------------------------------------------------------------- orders, Table 2


def block_and_parts(kind: type, **settings) -> tuple[nn.Module, torch.Tensor, nn.Module, nn.Module]:
    """A block in eval mode, an input of both signs, and its two convolutions with batch norm."""
    block = kind(4, 4, **settings).eval()
    randomise_batch_norm(block)
    first = nn.Sequential(block.conv1, block.bn1)
    second = nn.Sequential(block.conv2, block.bn2)
    return block, torch.randn(2, 4, 6, 6), first, second


@torch.no_grad()
def test_orders_are_those_of_the_papers_figure_4() -> None:
    block, X, first, second = block_and_parts(BatchNormAfterAddition)
    expected = F.relu(block.bn2(block.conv2(F.relu(first(X))) + X))
    torch.testing.assert_close(block(X), expected)

    block, X, first, second = block_and_parts(ReLUBeforeAddition)
    torch.testing.assert_close(block(X), F.relu(second(F.relu(first(X)))) + X)
    assert (block(X) >= X).all()

    block, X, first, second = block_and_parts(ReLUOnlyPreActivation)
    torch.testing.assert_close(block(X), second(F.relu(first(F.relu(X)))) + X)


@torch.no_grad()
def test_bottlenecks_have_the_same_orders() -> None:
    def bottleneck(kind: type) -> tuple[nn.Module, torch.Tensor, list[nn.Module]]:
        block = kind(8, 2).eval()
        randomise_batch_norm(block)
        pairs = [
            nn.Sequential(getattr(block, f"conv{i}"), getattr(block, f"bn{i}")) for i in (1, 2, 3)
        ]
        return block, torch.randn(2, 8, 6, 6), pairs

    block, X, (first, second, _) = bottleneck(BottleneckBatchNormAfterAddition)
    residual = block.conv3(F.relu(second(F.relu(first(X)))))
    torch.testing.assert_close(block(X), F.relu(block.bn3(residual + X)))

    block, X, (first, second, third) = bottleneck(BottleneckReLUBeforeAddition)
    torch.testing.assert_close(block(X), F.relu(third(F.relu(second(F.relu(first(X)))))) + X)

    block, X, (first, second, third) = bottleneck(BottleneckReLUOnlyPreActivation)
    torch.testing.assert_close(block(X), third(F.relu(second(F.relu(first(F.relu(X)))))) + X)


@pytest.mark.parametrize("depth", [110, 164])
def test_orders_before_full_preactivation_have_the_layers_of_the_original(depth: int) -> None:
    original = on_meta(f"cifar_resnet{depth}").state_dict()
    for order in ("bn_after_addition", "relu_before_addition", "relu_only_preact"):
        other = on_meta(f"cifar_resnet{depth}_{order}").state_dict()
        assert {k: v.shape for k, v in other.items()} == {k: v.shape for k, v in original.items()}


def test_the_relu_only_network_keeps_the_sign_until_its_last_block() -> None:
    net = networks.get_network("cifar_resnet110_relu_only_preact", width_mult=0.125).eval()
    seen: dict[str, torch.Tensor] = {}
    net.layer1[0].register_forward_pre_hook(lambda module, args: seen.update(first=args[0]))
    net.avgpool.register_forward_pre_hook(lambda module, args: seen.update(last=args[0]))
    net(torch.randn(1, 3, 16, 16))
    assert (seen["first"] < 0).any()
    assert (seen["last"] >= 0).all()


# ---------------------------------------------------------------- shortcuts, Table 1


def residual_of(block: nn.Module, X: torch.Tensor) -> torch.Tensor:
    return block.bn2(block.conv2(F.relu(block.bn1(block.conv1(X)))))


@torch.no_grad()
@pytest.mark.parametrize(
    ("kind", "scales"), [(HalfShortcut, (1, 0.5)), (ConstantScaling, (0.5, 0.5))]
)
def test_constant_scaling_scales_residual_and_shortcut(kind, scales) -> None:
    block, X, *_ = block_and_parts(kind)
    expected = F.relu(scales[0] * residual_of(block, X) + scales[1] * X)
    torch.testing.assert_close(block(X), expected)


@torch.no_grad()
def test_gates_that_are_closed_carry_the_input_and_open_ones_do_not() -> None:
    for kind in (ExclusiveGating, ShortcutOnlyGating):
        block, X, *_ = block_and_parts(kind)
        nn.init.zeros_(block.gate.conv.weight)
        residual = residual_of(block, X)
        block.gate.start = -1000.0
        carried = X if kind is ExclusiveGating else X + residual
        torch.testing.assert_close(block(X), F.relu(carried))
        block.gate.start = 1000.0
        torch.testing.assert_close(block(X), F.relu(residual))


def test_where_gates_start_survives_the_networks_initialisation() -> None:
    net = networks.get_network("cifar_resnet110_exclusive_gating", width_mult=0.125)
    gates = [m for m in net.modules() if isinstance(m, Gate)]
    assert len(gates) == 54
    no_image = torch.zeros(1, gates[0].conv.in_channels, 1, 1)
    torch.testing.assert_close(gates[0](no_image), torch.full((1, 2, 1, 1), -6.0).sigmoid())


def test_a_subclass_of_one_line_changes_where_gates_start() -> None:
    class Closed(ExclusiveGating):
        gate_start = -7.0

    assert CifarResNet(Closed, 8).layer2[0].gate.start == -7


@torch.no_grad()
def test_option_c_has_a_convolution_in_each_shortcut() -> None:
    block, X, *_ = block_and_parts(ConvolutionalShortcut)
    torch.testing.assert_close(block(X), F.relu(residual_of(block, X) + block.shortcut(X)))
    shortcuts = [
        m.shortcut
        for m in CifarResNet(ConvolutionalShortcut, 20).modules()
        if hasattr(m, "shortcut")
    ]
    assert [type(shortcut[0]) for shortcut in shortcuts] == [nn.Conv2d] * 9


@torch.no_grad()
def test_dropout_on_the_shortcut_acts_in_training_alone() -> None:
    block, X, *_ = block_and_parts(DropoutShortcut, stride=2)
    plain = PaddedBlock(4, 4, stride=2).eval()
    plain.load_state_dict(block.state_dict())
    assert torch.equal(block(X), plain(X))
    dropped = block.train().shortcut(torch.ones(8, 4, 8, 8))
    assert dropped.unique().tolist() == [0, 2]


@settings(max_examples=8, deadline=None)
@given(
    kind=st.sampled_from(
        [HalfShortcut, ExclusiveGating, ShortcutOnlyGating, ConvolutionalShortcut, DropoutShortcut]
    ),
    in_channels=st.integers(1, 4),
    new_channels=st.integers(0, 4),
    stride=st.integers(1, 2),
    size=st.integers(1, 7),
)
def test_every_shortcut_can_change_shape(kind, in_channels, new_channels, stride, size) -> None:
    block = kind(in_channels, in_channels + new_channels, stride).eval()
    rounded_up = -(-size // stride)
    expected = (2, in_channels + new_channels, rounded_up, rounded_up)
    assert block(torch.randn(2, in_channels, size, size)).shape == expected


# ---------------------------------------------------------------- highways


def test_highway_gates_that_are_closed_carry_the_input_and_open_ones_replace_it() -> None:
    block = HighwayBlock(4)
    X = torch.randn(2, 4, 5, 6)
    block.gate.start = -1000.0
    assert torch.equal(block(X), X)
    block.gate.start = 1000.0
    assert torch.equal(block(X), F.relu(block.change(X)))


def test_highway_blocks_carry_most_of_their_input_at_the_start_even_when_initialised() -> None:
    block = HighwayBlock(16)
    initialise(block)
    assert block.gate(torch.zeros(1, 16, 4, 4)).mean().item() == pytest.approx(0.119, abs=1e-3)


# ---------------------------------------------------------------- stochastic depth


def test_in_eval_mode_stochastic_depth_is_the_plain_network() -> None:
    net = StochasticDepthResNet(20, width_mult=0.25).eval()
    plain = CifarResNet(PaddedBlock, 20, width_mult=0.25).eval()
    plain.load_state_dict(net.state_dict())
    X = torch.randn(2, 3, 16, 16)
    assert torch.equal(net(X), plain(X))


def test_survival_falls_linearly_from_the_stem_to_the_last_block() -> None:
    net = StochasticDepthResNet(20, last_survival=0.1, width_mult=0.25)
    survival = [m.survival for m in net.modules() if isinstance(m, StochasticBlock)]
    assert survival == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


@torch.no_grad()
def test_residuals_are_kept_image_by_image_and_in_expectation_whole() -> None:
    block = StochasticBlock(2, 2).train()
    block.survival = 0.25
    nn.init.zeros_(block.bn2.weight)
    nn.init.ones_(block.bn2.bias)  # a residual of 1
    Y = block(torch.zeros(4000, 2, 1, 1))
    assert Y.unique().tolist() == [0, 4]
    assert torch.equal(Y[:, 0], Y[:, 1])
    assert Y.mean().item() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("last_survival", [0, -0.5, 1.5])
def test_a_survival_that_is_no_probability_is_refused(last_survival: float) -> None:
    with pytest.raises(ValueError, match=f"last_survival = {last_survival} "):
        StochasticDepthResNet(20, last_survival=last_survival)


# ---------------------------------------------------------------- growing

GROWN = {
    "cifar_resnet20": lambda: PaddedBlock(8, 8),
    "resnet50": lambda: Bottleneck(128, 32),
    "resnext50_32x4d": lambda: ResNeXtBlock(128, 128, cardinality=32, group_width=1),
    "seresnet50": lambda: SEBottleneck(128, 32),
    "cifar_preact_resnet20": lambda: PreActBasicBlock(8, 8),
    "cifar_preact_resnet164": lambda: PreActBottleneck(32, 8),
}


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", GROWN)
def test_growing_leaves_outputs_unchanged_to_the_last_bit(name: str, train: bool) -> None:
    net = networks.get_network(name, num_classes=5, width_mult=0.25).train(train)
    randomise_batch_norm(net)
    X = torch.randn(3, 3, 24, 24)
    blocks = len(net.layer2)
    expected = copy.deepcopy(net)(X)
    grow(net.layer2, 1, GROWN[name]())
    grow(net.layer2, blocks + 1, GROWN[name]())
    assert len(net.layer2) == blocks + 2
    assert torch.equal(net(X), expected)


@pytest.mark.parametrize("name", ["cifar_resnet20", "cifar_preact_resnet20"])
def test_a_block_that_starts_as_the_identity_learns_all_of_itself_within_two_steps(name) -> None:
    net = networks.get_network(name, width_mult=0.25).double()  # steps may be small
    block = GROWN[name]()
    grow(net.layer2, 1, block)
    start = copy.deepcopy(block)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(2):
        optimiser.zero_grad()
        net(torch.randn(4, 3, 16, 16, dtype=torch.float64)).square().mean().backward()
        optimiser.step()
    pairs = zip(block.parameters(), start.parameters(), strict=True)
    assert all(now.isfinite().all() and not torch.equal(now, before) for now, before in pairs)


def test_a_grown_block_takes_on_the_stages_type_and_mode() -> None:
    net = networks.get_network("cifar_resnet20", width_mult=0.25).double().eval()
    grow(net.layer1, 2, BasicBlock(4, 4))
    assert net.layer1[2].conv1.weight.dtype == torch.float64
    assert not net.layer1[2].training


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("cifar_resnet20", lambda: ConstantScaling(8, 8)),
        ("cifar_resnet20", lambda: BatchNormAfterAddition(8, 8)),
        ("cifar_resnet20", lambda: nn.Conv2d(8, 8, 3, padding=1)),
        ("cifar_preact_resnet20", lambda: PaddedBlock(8, 8)),  # its last ReLU cuts off the sign
        ("resnet50", lambda: SEPostBottleneck(128, 32)),
        ("cifar_resnet20", lambda: PaddedBlock(8, 8, stride=2)),
    ],
)
def test_what_is_not_the_identity_is_refused_and_leaves_the_stage_alone(name, block) -> None:
    net = networks.get_network(name, width_mult=0.25)
    blocks = len(net.layer2)
    with pytest.raises(ValueError, match="does not start as the identity"):
        grow(net.layer2, 1, block())
    assert len(net.layer2) == blocks


def test_positions_and_channels_that_do_not_fit_are_refused() -> None:
    net = networks.get_network("cifar_resnet20", width_mult=0.25)
    with pytest.raises(ValueError, match=r"position = 0 must be from 1 .*nearest is 1"):
        grow(net.layer2, 0, PaddedBlock(8, 8))
    with pytest.raises(ValueError, match=r"position = 4 must be .* to 3 .*nearest is 3"):
        grow(net.layer2, 4, PaddedBlock(8, 8))
    with pytest.raises(ValueError, match="PaddedBlock cannot take the 8 channels"):
        grow(net.layer2, 1, PaddedBlock(16, 16))


def test_a_block_of_ones_own_that_is_the_identity_is_inserted() -> None:
    net = networks.get_network("cifar_resnet20", width_mult=0.25)
    grow(net.layer3, 3, nn.Identity())
    grow(net.layer3, 4, PaddedBlock(16, 16))
    assert len(net.layer3) == 5


# ---------------------------------------------------------------- counts


def test_gates_and_scales_are_counted() -> None:
    gated = counting.summarize(on_meta("cifar_resnet110_shortcut_gating"), (3, 32, 32))
    original = counting.summarize(on_meta("cifar_resnet110"), (3, 32, 32))
    gates = [row for row in gated.layers if ".gate.conv" in row.name]
    assert gated.macs - original.macs == sum(row.macs for row in gates) > 0
    assert gated.parameters == parameters(on_meta("cifar_resnet110_shortcut_gating"))


def test_the_stride_of_a_bottleneck_is_in_its_3x3() -> None:
    block = PreActBottleneck(4, 4, stride=2)
    assert (block.conv1.stride, block.conv2.stride) == ((1, 1), (2, 2))
    assert million_macs(on_meta("resnetv2_50")) > 4000
