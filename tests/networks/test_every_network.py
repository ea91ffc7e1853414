"""What holds for each listed network: built, run both ways, saved, copied, refused in words."""

import copy

import pytest
import torch
from torch import nn

from d2l_ext import networks

SMALL = {"width_mult": 0.125}


@pytest.mark.parametrize("name", networks.list_networks())
def test_runs_forward_and_backward_and_reaches_every_parameter(name: str) -> None:
    net = networks.get_network(name, in_channels=3, num_classes=7, **SMALL)
    scores = net.train()(torch.randn(2, 3, 32, 32))
    assert scores.shape == (2, 7)
    scores.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert net.eval()(torch.randn(1, 3, 32, 32)).shape == (1, 7)


@torch.no_grad()
def see(net: nn.Module, X: torch.Tensor) -> None:
    """Let batch norm learn the statistics of these images, so that there is something to keep.

    Without them signals double from block to block, and in a thousand blocks they overflow.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    net.train()(X)
    net.eval()


@pytest.mark.parametrize("name", networks.list_networks())
@torch.no_grad()
def test_survives_saving_and_copying(name: str) -> None:
    net = networks.get_network(name, in_channels=2, num_classes=3, **SMALL).eval()
    again = networks.get_network(name, in_channels=2, num_classes=3, **SMALL).eval()
    X = torch.randn(2, 2, 32, 32)
    see(net, X)
    again.load_state_dict(net.state_dict())
    assert net(X).isfinite().all()
    assert torch.equal(again(X), net(X))
    assert torch.equal(copy.deepcopy(net)(X), net(X))


def test_an_unknown_name_suggests_close_ones() -> None:
    with pytest.raises(ValueError, match=r"'resnet500'.*resnet50"):
        networks.get_network("resnet500")


def test_a_depth_that_is_not_6n_plus_2_names_the_nearest() -> None:
    from d2l_ext.networks.cifar_resnet import CifarResNet, PlainBlock

    with pytest.raises(ValueError, match=r"depth = 18.*14 and 20"):
        CifarResNet(PlainBlock, 18)


@pytest.mark.parametrize("width_mult", [0, -1.0])
def test_a_width_that_is_not_positive_is_refused(width_mult: float) -> None:
    with pytest.raises(ValueError, match="width_mult"):
        networks.get_network("cifar_resnet20", width_mult=width_mult)
