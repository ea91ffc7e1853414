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


class Tied(nn.Module):
    """Two convolutions that share their weights, and if asked their biases."""

    def __init__(self, biases: bool) -> None:
        super().__init__()
        self.a = nn.Conv2d(8, 8, 3)
        self.b = nn.Conv2d(8, 8, 3)
        self.b.weight = self.a.weight
        if biases:
            self.b.bias = self.a.bias

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.b(self.a(X))


@pytest.mark.parametrize(("biases", "own"), [(True, (584, 0)), (False, (584, 8))])
def test_tied_parameters_are_counted_where_they_are_used_first(biases, own) -> None:
    net = Tied(biases)
    summary = counting.summarize(net, (8, 9, 9))
    assert tuple(layer.parameters for layer in summary.layers) == own
    assert tuple(row.parameters for row in counting.measure(net, (8, 9, 9))) == own
    assert counting.propagate(summary.nodes, (8, 9, 9)) == list(summary.layers)


def test_weights_that_a_function_uses_as_well_are_counted_once() -> None:
    class Again(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(8, 8, 3, bias=False)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return F.conv2d(self.a(X), self.a.weight)

    assert counting.summarize(Again(), (8, 9, 9)).parameters == 576


class Named(nn.Module):
    """Functions whose arguments are named, which most networks do not do."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X = torch.add(X, other=X)
        first, *_ = torch.chunk(input=X, chunks=2, dim=1)
        return torch.flatten(input=F.max_pool2d(input=first, kernel_size=2), start_dim=1)


def test_arguments_may_be_named() -> None:
    assert counting.summarize(Named(), (4, 6, 6)).output_shape == (18,)


def test_sizes_may_be_lists_and_poolings_may_give_places() -> None:
    class Places(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.MaxPool2d([2, 2], return_indices=True)
            self.last = nn.AdaptiveMaxPool2d((1, None), return_indices=True)
            self.mean = nn.AdaptiveAvgPool2d([1, 1])

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            Y, places = self.pool(X)
            Z, _ = F.max_pool2d(Y, 1, return_indices=True)
            return self.mean(self.last(Z)[0] + places[:, :, :1])

    assert counting.summarize(Places(), (3, 6, 8)).output_shape == (3, 1, 1)


def test_counts_are_of_what_runs_in_the_networks_mode() -> None:
    with torch.device("meta"):
        net = networks.get_network("googlenet", auxiliary=True)
    shape = (3, 64, 64)
    assert counting.summarize(net.train(), shape).parameters == 13_004_888
    assert counting.summarize(net.eval(), shape).parameters == 6_624_904


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


def test_a_forward_of_a_modules_own_is_what_is_counted_and_stays() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.GroupNorm(2, 4))
    net[1].forward = lambda X: X[:, :2]  # type: ignore[method-assign]
    net[2].forward = lambda X: torch.cat((X, X), dim=1)  # type: ignore[method-assign]
    own = [module.__dict__.get("forward") for module in net]
    assert counting.summarize(net, (3, 5, 5)).output_shape == (4, 3, 3)
    assert [module.__dict__.get("forward") for module in net] == own
    with pytest.raises(counting.ShapeError):
        counting.summarize(net, (1, 5, 5))
    assert [module.__dict__.get("forward") for module in net] == own


def test_summarizing_leaves_the_network_as_it_was() -> None:
    net = networks.get_network("cifar_resnet20").train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    counting.summarize(net, (3, 32, 32))
    counting.measure(net, (3, 32, 32))
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all("forward" not in module.__dict__ for module in net.modules())
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)
