"""Every listed network, fused, gives what it gave."""

import pytest
import torch

from d2l_ext import fusion, networks
from tests.fusion.equality import assert_equal, settled

# One of each family and of each order of layers.
REPRESENTATIVES = [
    "book_resnet18",
    "resnet50_stride1x1",
    "cifar_resnet20",
    "cifar_preact_resnet20",
    "resnetv2_50",
    "resnext50_32x4d",
    "seresnet18",
    "seresnet50_pre",
    "densenet121",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "regnety_002",
    "shufflenet_v1_g3",
    "shufflenet_v2_x0_5",
    "cifar_shiftresnet20_e1",
    "cifar_resnet110_half_both",
    "cifar_resnet110_bn_after_addition",
    "cifar_resnet110_stochastic_depth",
]


def check(name: str) -> None:
    channels = 1 if name.startswith("book") else 3
    net = networks.get_network(name, in_channels=channels, num_classes=10, width_mult=0.125)
    X = torch.randn(4, channels, 64, 64)
    fused = assert_equal(settled(net, X), X)
    assert fused.report.operations_after < fused.report.operations_before
    assert not any("cannot be traced" in left.reason for left in fused.report.left)


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_gives_the_same(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in networks.list_networks() if n not in REPRESENTATIVES])
def test_every_other_gives_the_same(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "googlenet", "mobilenet_v2"])
def test_no_batch_norm_is_left_where_each_follows_a_convolution(name: str) -> None:
    fused = fusion.fuse(networks.get_network(name, width_mult=0.125))
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in fused.modules())
    assert fused.report.left == ()


def test_pre_activation_keeps_the_batch_norms_that_read_a_sum() -> None:
    """ResNet-v2: the first batch norm of each block, and the last one; those within fold."""
    report = fusion.fuse(networks.get_network("resnetv2_50", width_mult=0.125)).report
    blocks = 3 + 4 + 6 + 3
    assert report.count()["batch norm into the layer before"] == 2 * blocks
    assert len(report.left) == blocks + 1
    assert all("ReLU stands behind it" in left.reason for left in report.left)
    assert {left.name.rsplit(".", 1)[-1] for left in report.left} == {"bn1", "bn"}


def test_a_stride_in_the_first_1x1_moves_into_the_3x3_of_the_block_before() -> None:
    fused = fusion.fuse(networks.get_network("resnet50_stride1x1", width_mult=0.125))
    last = fused.get_submodule("layer1.2")
    first = fused.get_submodule("layer2.0")
    assert last.conv2.stride == (2, 2)
    assert first.conv1.stride == (1, 1)
    assert fused.get_submodule("layer2.0.shortcut.0").stride == (1, 1)


def test_inception_reads_its_input_once_for_three_1x1s() -> None:
    fused = fusion.fuse(networks.get_network("googlenet", width_mult=0.125))
    assert fused.report.count()["parallel convolutions into one"] == 9
    wide = fused.get_submodule("inception3a.branch1.conv_and_2_more")
    assert wide.out_channels == 8 + 12 + 2  # an eighth of 64 + 96 + 16


def test_squeeze_and_excitation_ends_in_a_multiply_add() -> None:
    report = fusion.fuse(networks.get_network("seresnet50", width_mult=0.125)).report
    identity_shortcuts = 2 + 3 + 5 + 2
    assert report.count()["scale + sum as one multiply-add"] == identity_shortcuts
