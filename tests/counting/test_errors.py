"""A network that cannot take its input says at which layer, and why."""

import numpy as np
import pytest
import torch
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.counting.graph import Node, propagate


def test_wrong_channels_are_named_at_the_first_convolution() -> None:
    with pytest.raises(counting.ShapeError, match=r"^conv1 .*expects 3 channels, got 1"):
        counting.summarize(networks.get_network("resnet18"), (1, 28, 28))


def test_a_map_that_is_too_small_is_named_where_it_happens() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3))
    with pytest.raises(counting.ShapeError, match=r"^1 \(conv.*kernel 3 is larger .* input 2"):
        counting.summarize(net, (1, 4, 4))


def test_shapes_that_do_not_add_up_are_named_at_the_addition() -> None:
    block = networks.get_network("resnet18").layer2[0]
    block.shortcut = nn.Identity()
    with pytest.raises(counting.ShapeError, match=r"^add .*do not add up.*\(128, 7, 7\)"):
        counting.summarize(block, (64, 14, 14))


def test_groups_that_do_not_divide_are_explained_with_the_nearest_that_do() -> None:
    attributes = {"out": 64, "kernel": (3, 3), "stride": (1, 1), "padding": (1, 1), "groups": 3}
    with pytest.raises(counting.ShapeError) as error:
        propagate([Node("conv", "conv", (-1,), attributes)], (64, 8, 8))
    assert str(error.value).endswith(
        "groups = 3 does not divide in_channels = 64 (64 = 3 x 21 + 1). Try 2 or 4."
    )


@pytest.mark.parametrize(
    "shape", [(224, 224), (1, 3, 224, 224), (3, 0, 224), (3, 2.5, 4), 32, (True, 8, 8), "abc", ()]
)
def test_an_input_shape_that_is_none_is_refused(shape: object) -> None:
    with pytest.raises(ValueError, match=r"input_shape = .*(channels, height, width|batch)"):
        counting.summarize(networks.get_network("cifar_resnet20"), shape)


@pytest.mark.parametrize("shape", [np.array([3, 32, 32]), torch.Size([3, 32, 32]), [3, 32, 32]])
def test_any_whole_numbers_make_an_input_shape(shape: object) -> None:
    net = nn.Conv2d(3, 2, 1)
    summary = counting.summarize(net, shape)
    assert summary.input_shape == counting.compare(net, net, shape).first.input_shape == (3, 32, 32)
    assert all(type(size) is int for size in summary.input_shape)


def test_an_image_that_the_networks_own_code_refuses_is_a_shape_error() -> None:
    net = networks.get_network("googlenet", width_mult=0.1)
    with pytest.raises(counting.ShapeError, match=r"after the input: .* 8 x 8 are too small"):
        counting.summarize(net, (3, 8, 8))


def test_a_lazy_network_says_that_it_must_see_an_input_first() -> None:
    net = nn.Sequential(nn.LazyConv2d(4, 3))
    with pytest.raises(ValueError, match="lazy"):
        counting.summarize(net, (3, 8, 8))
    net(torch.zeros(1, 3, 8, 8))
    assert counting.summarize(net, (3, 8, 8)).parameters == 112


def test_a_failing_forward_leaves_the_network_usable() -> None:
    net = networks.get_network("cifar_resnet20")
    with pytest.raises(counting.ShapeError):
        counting.summarize(net, (1, 32, 32))
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
