"""The closed forms against networks that run: on the meta device, layer by layer."""

import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2l_ext import counting, networks
from tests.counting.families import FAMILIES, smallest


def random_setting(family: str, rng: random.Random) -> tuple[nn.Module, tuple[int, int, int]]:
    channels = rng.randint(1, 4)
    with torch.device("meta"):
        net = networks.get_network(
            rng.choice(FAMILIES[family]),
            in_channels=channels,
            num_classes=rng.randint(1, 20),
            width_mult=rng.choice([0.1, 0.25, 0.5, 0.75, 1.0, 1.3]),
        )
    return net, (channels, *(rng.randint(smallest(net), 130) for _ in range(2)))


def assert_agree(net: nn.Module, shape: tuple[int, int, int]) -> None:
    """Every leaf module: the same shape, parameters and MACs, in the same order."""
    measured = counting.measure(net, shape)
    summary = counting.summarize(net, shape)
    # A module that only calls functions is one row here, and one for each function there.
    rows, ran = ({x.name for x in side} for side in (summary.layers, measured))
    layers = [m for m in measured if m.name in rows]
    assert sum(m.parameters + m.macs for m in measured) == summary.parameters + summary.macs
    closed = [row for row in summary.layers if row.name in ran]
    assert [(r.name, r.output_shape, r.parameters, r.macs) for r in closed] == [
        (m.name, m.output_shape, m.parameters, m.macs) for m in layers
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_parameters_and_macs_equal_those_of_random_networks_that_run(family: str) -> None:
    rng = random.Random(family)
    for _ in range(5):
        assert_agree(*random_setting(family, rng))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_parameters_and_macs_equal_those_of_200_random_networks(family: str) -> None:
    rng = random.Random(f"{family}, all")
    for _ in range(200):
        assert_agree(*random_setting(family, rng))


@pytest.mark.parametrize("seed", range(60))
def test_each_kind_of_layer_agrees_for_random_settings(seed: int) -> None:
    rng = random.Random(seed)
    groups = rng.choice([1, 2, 3])
    channels = 6 * rng.randint(1, 3)
    kernel = (rng.randint(1, 4), rng.randint(1, 4))
    stride = (rng.randint(1, 3), rng.randint(1, 3))
    padding = (rng.randint(0, kernel[0] // 2), rng.randint(0, kernel[1] // 2))
    net = nn.Sequential(
        nn.Conv2d(
            channels,
            12,
            kernel,
            stride,
            padding,
            dilation=rng.randint(1, 2),
            groups=groups,
            bias=rng.random() < 0.5,
        ),
        nn.BatchNorm2d(12, affine=rng.random() < 0.8),
        nn.MaxPool2d(kernel, stride, padding, ceil_mode=rng.random() < 0.5),
        nn.AvgPool2d(rng.randint(1, 2), ceil_mode=rng.random() < 0.5),
        nn.AdaptiveAvgPool2d(rng.choice([1, 2, (1, None)])),
        nn.Flatten(),
        nn.LazyLinear(5, bias=rng.random() < 0.5),
    ).eval()
    shape = (channels, rng.randint(28, 60), rng.randint(28, 60))
    net(torch.zeros(1, *shape))
    assert_agree(net, shape)


def test_functions_inside_forward_are_rows_of_their_own() -> None:
    summary = counting.summarize(networks.get_network("cifar_resnet20"), (3, 32, 32))
    names = [layer.name for layer in summary.layers]
    assert {"layer1.0.add", "layer1.0.relu", "layer1.0.relu_1"} <= set(names)
    assert "layer2.0.shortcut.subsample" in names


def test_a_module_used_twice_costs_work_twice_and_parameters_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return self.conv(self.conv(X))

    summary = counting.summarize(Twice(), (4, 8, 8))
    assert (summary.parameters, summary.macs) == (144, 2 * 144 * 64)


def test_a_layer_without_a_closed_form_is_measured() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2, bias=False)
            self.gain = nn.Parameter(torch.ones(6, 1, 1))

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return F.interpolate(self.up(X) * self.gain, scale_factor=2.0).mean((2, 3))

    net = Odd()
    summary = counting.summarize(net, (4, 5, 5))
    assert summary.parameters == sum(p.numel() for p in net.parameters())
    assert summary.macs == 25 * 4 * 3 * 9
    assert summary.output_shape == (6,)


def test_summarizing_leaves_the_network_as_it_was() -> None:
    net = networks.get_network("cifar_resnet20").train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    counting.summarize(net, (3, 32, 32))
    counting.measure(net, (3, 32, 32))
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all("forward" not in module.__dict__ for module in net.modules())
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
