"""torch.compile takes each network as one graph, without a break, and gives the same outputs.

Held to the eager backend, which runs the graph as it was captured: what code a compiler makes of it
is torch's affair, and capturing it is ours.
"""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from d2l_ext import networks
from d2l_ext.networks.book import BookResNet
from d2l_ext.networks.cifar_inception import CifarGoogLeNet
from d2l_ext.networks.cifar_mobilenet import CifarMobileNetV1
from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.densenet import CifarDenseNet
from d2l_ext.networks.design_space import Stage
from d2l_ext.networks.inception import Inception
from d2l_ext.networks.mobilenet import InvertedResidual, SeparableConv
from d2l_ext.networks.preact import CifarPreActResNet, PreActBottleneck
from d2l_ext.networks.preact_orders import BottleneckReLUOnlyPreActivation, ReLUOnlyResNet
from d2l_ext.networks.preact_shortcuts import ExclusiveGating
from d2l_ext.networks.regnet import AnyNet, YBlock
from d2l_ext.networks.resnet import BasicBlock, ResNet
from d2l_ext.networks.resnext import CifarResNeXt
from d2l_ext.networks.senet import SEBottleneck
from d2l_ext.networks.senet_positions import SEPreBottleneck
from d2l_ext.networks.shift import CifarShiftResNet
from d2l_ext.networks.shufflenet import ShuffleUnit, SplitUnit
from d2l_ext.networks.stochastic_depth import StochasticDepthResNet
from tests.counting.families import FAMILIES

# A small network of each file, or its blocks where all of its networks are deep.
SMALL: dict[str, Callable[[], nn.Module]] = {
    "book": lambda: BookResNet((1, 1, 1, 1), in_channels=3),
    "inception": lambda: nn.Sequential(nn.Conv2d(3, 8, 1), Inception(8, 2, 3, 4, 1, 2, 2)),
    "cifar_inception": lambda: CifarGoogLeNet(width_mult=0.5),
    "mobilenet": lambda: nn.Sequential(SeparableConv(3, 8), InvertedResidual(8, 8, 1, expansion=6)),
    "cifar_mobilenet": CifarMobileNetV1,
    "cifar_resnet": lambda: CifarResNet(PaddedBlock, 8),
    "cifar_regnet": lambda: networks.get_network("cifar_regnetx", width_mult=0.25),
    "cifar_shufflenet": lambda: networks.get_network("cifar_shufflenet_v2", width_mult=0.25),
    "densenet": lambda: CifarDenseNet(10, growth_rate=4, bottleneck=True),
    "preact": lambda: CifarPreActResNet(PreActBottleneck, 11),
    "preact_orders": lambda: ReLUOnlyResNet(BottleneckReLUOnlyPreActivation, 11),
    "preact_shortcuts": lambda: CifarResNet(ExclusiveGating, 8),
    "regnet": lambda: AnyNet(YBlock, (Stage(1, 8, 4), Stage(2, 16, 4)), num_classes=10),
    "resnet": lambda: ResNet(BasicBlock, (1, 1, 1, 1), width_mult=0.1),
    "resnext": lambda: CifarResNeXt(11, cardinality=2, group_width=2, base_channels=4),
    "senet": lambda: ResNet(SEBottleneck, (1, 1, 1, 1), width_mult=0.1),
    "senet_positions": lambda: ResNet(SEPreBottleneck, (1, 1, 1, 1), width_mult=0.1),
    "shift": lambda: CifarShiftResNet(8, shift_expansion=2),
    "shufflenet": lambda: nn.Sequential(nn.Conv2d(3, 24, 1), ShuffleUnit(24, 3), SplitUnit(24)),
    "stochastic_depth": lambda: StochasticDepthResNet(8),
}

# What is not captured here, and why.
NOT_CAPTURED = {
    "cifar_resnet1202": "over a thousand layers are unrolled one by one, which takes minutes; "
    "cifar_resnet20 is the same class with the same block",
    "cifar_preact_resnet1001": "as above; cifar_preact_resnet164 is the same class and block",
}


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """What was compiled before counts towards torch's limit on recompiling."""
    torch._dynamo.reset()


def assert_captured(net: nn.Module) -> None:
    X = torch.randn(2, 3, 32, 32)
    net.eval()
    with torch.no_grad():
        captured = torch.compile(net, backend="eager", fullgraph=True, dynamic=False)
        torch.testing.assert_close(captured(X), net(X))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_small_network_of_each_family_is_one_graph(family: str) -> None:
    assert_captured(SMALL[family]())


def test_a_network_that_is_trained_is_one_graph_with_the_same_gradients() -> None:
    net = CifarResNet(PaddedBlock, 8)
    X = torch.randn(4, 3, 32, 32)
    gradients = []
    for each in (net, torch.compile(net, backend="aot_eager", fullgraph=True)):
        net.zero_grad()
        each(X).square().sum().backward()
        gradients.append([p.grad.clone() for p in net.parameters()])
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", networks.list_networks())
def test_each_listed_network_is_one_graph(name: str) -> None:
    if name in NOT_CAPTURED:
        pytest.skip(NOT_CAPTURED[name])
    assert_captured(networks.get_network(name, in_channels=3, num_classes=3, width_mult=0.125))
