"""ShuffleNet: the shuffle in three forms, what it is for, counts, torchvision's outputs."""

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2l_ext import networks
from d2l_ext.networks.shufflenet import (
    DownShuffleUnit,
    ShuffleBranch,
    ShuffleNetV1,
    ShuffleUnit,
    SplitUnit,
    channel_shuffle,
    inverse_channel_shuffle,
    shuffle_matrix,
    shuffle_permutation,
)
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# parameters, million MACs; 1000 classes, 3 x 224 x 224
V1 = {
    "shufflenet_v1_g1": (1_531_936, 143.1),
    "shufflenet_v1_g2": (1_733_848, 140.8),
    "shufflenet_v1_g3": (1_865_728, 137.5),
    "shufflenet_v1_g4": (1_968_344, 134.3),
}
V2 = ["shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"]
few = settings(max_examples=20, deadline=None)


@given(cardinality=st.integers(1, 6), channels_each=st.integers(1, 6))
@few
def test_the_three_forms_and_torchs_module_are_one_shuffle(
    cardinality: int, channels_each: int
) -> None:
    channels = cardinality * channels_each
    X = torch.randn(2, channels, 3, 4)
    Y = channel_shuffle(X, cardinality)
    assert torch.equal(X[:, shuffle_permutation(channels, cardinality)], Y)
    assert torch.equal(nn.ChannelShuffle(cardinality)(X), Y)
    matrix = shuffle_matrix(channels, cardinality)
    torch.testing.assert_close(F.conv2d(X, matrix[:, :, None, None]), Y, rtol=0, atol=0)


@given(cardinality=st.integers(1, 6), channels_each=st.integers(1, 6))
@few
def test_each_form_has_its_inverse(cardinality: int, channels_each: int) -> None:
    channels = cardinality * channels_each
    X = torch.randn(2, channels, 3, 4)
    assert torch.equal(inverse_channel_shuffle(channel_shuffle(X, cardinality), cardinality), X)
    permutation = shuffle_permutation(channels, cardinality)
    assert torch.equal(X[:, permutation][:, permutation.argsort()], X)
    matrix = shuffle_matrix(channels, cardinality)
    assert torch.equal(matrix.T @ matrix, torch.eye(channels))


def test_the_shuffle_deals_the_channels_of_each_group_to_all() -> None:
    assert shuffle_permutation(6, 3).tolist() == [0, 2, 4, 1, 3, 5]
    assert shuffle_permutation(6, 2).tolist() == [0, 3, 1, 4, 2, 5]


@given(cardinality=st.integers(1, 4), width=st.integers(1, 3), stride=st.integers(1, 2))
@few
def test_the_branch_equals_dense_block_diagonal_matrices_and_a_permutation(
    cardinality: int, width: int, stride: int
) -> None:
    channels = cardinality * width
    branch = ShuffleBranch(2 * channels, channels, 3 * channels, cardinality, stride).eval()
    randomise_batch_norm(branch)

    def dense(conv: nn.Conv2d) -> torch.Tensor:
        blocks = conv.weight.flatten(1).chunk(cardinality)
        return torch.block_diag(*blocks)[:, :, None, None]

    X = torch.randn(2, 2 * channels, 5, 6)
    Y = F.relu(branch.bn1(F.conv2d(X, dense(branch.conv1))))
    Y = F.conv2d(Y, shuffle_matrix(channels, cardinality)[:, :, None, None])
    Y = branch.bn2(branch.conv2(Y))
    Y = branch.bn3(F.conv2d(Y, dense(branch.conv3)))
    torch.testing.assert_close(branch(X), Y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("shuffle", "heard"), [(False, 1), (True, 3)])
def test_without_the_shuffle_a_group_hears_of_no_other(shuffle: bool, heard: int) -> None:
    net = nn.Sequential(*(ShuffleUnit(36, 3, shuffle) for _ in range(3))).eval()
    X = torch.rand(1, 36, 5, 5, requires_grad=True)
    net(X)[:, :12].sum().backward()
    assert X.grad is not None
    groups = X.grad.abs().sum((0, 2, 3)).reshape(3, 12).sum(1)
    assert (groups > 0).sum() == heard


def test_the_unit_of_stride_2_hands_its_pooled_input_on() -> None:
    X = torch.rand(2, 8, 7, 6)
    Y = DownShuffleUnit(8, 24, cardinality=2)(X)
    assert Y.shape == (2, 24, 4, 3)
    assert torch.equal(Y[:, :8], F.avg_pool2d(X, 3, stride=2, padding=1))


def test_the_split_unit_lets_half_of_the_channels_pass() -> None:
    X = torch.randn(2, 8, 5, 5)
    Y = inverse_channel_shuffle(SplitUnit(8)(X), 2)
    assert torch.equal(Y[:, :4], X[:, :4])


@pytest.mark.parametrize("name", V1)
def test_v1_has_the_expected_parameters_and_macs(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == V1[name][0]
    assert million_macs(net) == pytest.approx(V1[name][1], abs=0.1)


@pytest.mark.parametrize("name", ["shufflenet_v1_g3", "shufflenet_v1_g8"])
def test_the_shuffle_costs_nothing_and_can_be_left_out(name: str) -> None:
    shuffled, plain = on_meta(name), on_meta(name, shuffle=False)
    assert parameters(shuffled) == parameters(plain)
    assert million_macs(shuffled) == million_macs(plain)
    assert any(isinstance(module, nn.ChannelShuffle) for module in shuffled.modules())
    assert not any(isinstance(module, nn.ChannelShuffle) for module in plain.modules())


@pytest.mark.parametrize("name", V2)
def test_v2_has_torchvisions_names_shapes_and_macs(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    ours = on_meta(name)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes
    assert million_macs(ours) == pytest.approx(million_macs(theirs), abs=1e-6)


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "shufflenet_v2_x1_0"])
def test_v2_gives_torchvisions_outputs_in_both_directions(name: str) -> None:
    theirs = getattr(torchvision.models, name)(num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(theirs.state_dict())
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(ours.state_dict())


@pytest.mark.parametrize("cardinality", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("width_mult", [0.01, 0.3, 1.7])
def test_v1_can_be_scaled_to_any_width(cardinality: int, width_mult: float) -> None:
    with torch.device("meta"):
        net = ShuffleNetV1(cardinality, width_mult=width_mult).eval()
        assert net(torch.empty(1, 3, 32, 32)).shape == (1, 1000)


def test_impossible_settings_name_the_nearest_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"cardinality = 5 does not divide channels = 12.*4 and 6"):
        channel_shuffle(torch.randn(1, 12, 2, 2), 5)
    with pytest.raises(ValueError, match=r"cardinality = 0 .*nearest that do: 1"):
        shuffle_permutation(12, 0)
    with pytest.raises(ValueError, match=r"cardinality = 24 .*nearest that do: 12"):
        shuffle_matrix(12, 24)
    with pytest.raises(ValueError, match=r"cardinality = 6 .*the nearest are 4 and 8"):
        ShuffleNetV1(cardinality=6)
    with pytest.raises(ValueError, match="channels in between = 9"):
        ShuffleUnit(36, cardinality=2)
