"""The forms for small images: they take Fashion-MNIST as it is, and an epoch of them is short."""

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.networks.cifar_resnet import CifarResNet
from d2l_ext.networks.resnext import CifarResNeXt
from tests.networks.reference import on_meta

# The smallest of each family, and the first map that its blocks read.
SMALLEST = {
    "cifar_resnet20": "bn1",
    "cifar_preact_resnet20": "conv1",
    "cifar_resnext20_8x4d": "bn1",
    "cifar_seresnet20": "bn1",
    "cifar_seresnext20_8x4d": "bn1",
    "cifar_densenet_bc40_k12": "features.conv0",
    "cifar_googlenet": "conv1.bn",
    "cifar_shufflenet_v1_g1": "maxpool",
    "cifar_shufflenet_v1_g2": "maxpool",
    "cifar_shufflenet_v1_g3": "maxpool",
    "cifar_shufflenet_v1_g4": "maxpool",
    "cifar_shufflenet_v1_g8": "maxpool",
    "cifar_shufflenet_v2": "maxpool",
    "cifar_mobilenet_v1": "bn1",
    "cifar_mobilenet_v2": "features.0.1",
    "cifar_regnetx": "bn1",
    "cifar_regnety": "bn1",
    "cifar_shiftresnet20_e1": "bn1",
}


@pytest.mark.parametrize("name", SMALLEST)
@pytest.mark.parametrize("size", [28, 32])
def test_the_stem_is_a_3x3_that_keeps_the_size_and_the_whole_is_small(name: str, size: int) -> None:
    net = on_meta(name, in_channels=1, num_classes=10)
    summary = counting.summarize(net, (1, size, size))
    stem = {layer.name: layer for layer in summary.layers}[SMALLEST[name]]
    assert (stem.output_shape[1:], stem.receptive_field) == ((size, size), 3)
    assert summary.parameters <= 500_000
    assert summary.output_shape == (10,)


@pytest.mark.parametrize("name", SMALLEST)
def test_without_being_told_they_are_for_three_channels_and_ten_classes(name: str) -> None:
    assert counting.summarize(on_meta(name), (3, 32, 32)).output_shape == (10,)


@pytest.mark.parametrize("name", SMALLEST)
def test_they_take_the_smallest_images_that_they_say(name: str) -> None:
    net = networks.get_network(name, width_mult=0.25).eval()
    smallest = getattr(net, "smallest", 1)
    assert net(torch.randn(1, 3, smallest, smallest)).shape == (1, 10)
    if smallest > 1:
        with pytest.raises(ValueError, match=f"must be at least {smallest}"):
            net(torch.randn(1, 3, smallest, smallest - 1))


def test_shufflenets_of_all_cardinalities_cost_the_same_within_a_tenth() -> None:
    nets = [on_meta(f"cifar_shufflenet_v1_g{g}", in_channels=1) for g in (1, 2, 3, 4, 8)]
    macs = [counting.summarize(net, (1, 28, 28)).macs for net in nets]
    assert max(macs) < 1.1 * min(macs)


@pytest.mark.parametrize("cardinality", [2, 3, 4, 8])
def test_the_shuffle_can_be_left_out(cardinality: int) -> None:
    name = f"cifar_shufflenet_v1_g{cardinality}"
    shuffles = [
        sum(isinstance(module, nn.ChannelShuffle) for module in net.modules())
        for net in (on_meta(name), on_meta(name, shuffle=False))
    ]
    assert shuffles == [16, 0]


def test_one_class_builds_all_residual_networks_for_small_images() -> None:
    families = ("cifar_preact_resnet20", "cifar_resnext20_8x4d", "cifar_shiftresnet20_e1")
    assert all(isinstance(on_meta(name), CifarResNet) for name in families)
    with pytest.raises(ValueError, match=r"depth = 21 is not 9n \+ 2 .*20 and 29"):
        CifarResNeXt(21, cardinality=2, group_width=2)
