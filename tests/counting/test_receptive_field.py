"""The receptive field against the support of the gradient."""

import random
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2l_ext import counting, networks
from tests.counting.families import FAMILIES

SIZE = 130


def without_cancelling(net: nn.Module) -> nn.Module:
    """Weights above zero and pooling by average, so that no path cancels or is left out."""
    for name, child in net.named_children():
        if isinstance(child, nn.MaxPool2d):
            window = (child.kernel_size, child.stride, child.padding, child.ceil_mode)
            setattr(net, name, nn.AvgPool2d(*window))
        else:
            without_cancelling(child)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1.0 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net.double().eval()


def support(net: nn.Module, part: nn.Module, size: int = SIZE) -> tuple[int, int]:
    """Height and width of the pixels that the output of a part, in its middle, depends on."""
    outputs: list[torch.Tensor] = []
    handle = part.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    # A faint image: no activation that is bounded, as ReLU6 is, comes near its bound.
    X = torch.full((1, 3, size, size), 1e-3, dtype=torch.float64, requires_grad=True)
    net(X)
    handle.remove()
    Y = outputs[0]
    (gradient,) = torch.autograd.grad(Y[0, :, Y.shape[2] // 2, Y.shape[3] // 2].sum(), X)
    touched = gradient[0].abs().sum(0) > 0
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1


def is_map(layer: counting.Layer) -> bool:
    """Whether a layer's output has a middle whose field no border cuts, or sees everything."""
    field = layer.receptive_field
    fits = isinstance(field, int) and (field == SIZE or field < 0.7 * SIZE)
    return len(layer.output_shape) == 3 and layer.output_shape[1] > 2 and fits


def assert_equals_the_support(family: str, rng: random.Random) -> None:
    """A random block, stage or layer of a random network: the closed form, and the gradient."""
    name = rng.choice(FAMILIES[family])
    net = networks.get_network(name, in_channels=3, num_classes=2, width_mult=0.05)
    last = {}
    for layer in counting.summarize(net, (3, SIZE, SIZE)).layers:
        scope = layer.name.split(".")
        last |= {".".join(scope[:depth]): layer for depth in range(1, len(scope) + 1)}
    parts = {name: part for name, part in net.named_modules() if name in last}
    chosen = rng.choice([name for name in parts if is_map(last[name])])
    field = last[chosen].receptive_field
    assert support(without_cancelling(net), net.get_submodule(chosen)) == (field, field), (
        name,
        chosen,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_support_of_the_gradient(family: str) -> None:
    assert_equals_the_support(family, random.Random(family))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_support_of_the_gradient_for_20_parts_of_networks(family: str) -> None:
    rng = random.Random(f"{family}, all")
    for _ in range(20):
        assert_equals_the_support(family, rng)


def test_differs_per_axis_where_the_kernel_does() -> None:
    part = nn.Sequential(nn.Conv2d(1, 1, (1, 3)), nn.Conv2d(1, 1, (5, 1), stride=(2, 1)))
    fields = [layer.receptive_field for layer in counting.summarize(part, (1, 20, 20)).layers]
    assert fields == [(1, 3), (5, 3)]


def test_takes_the_longest_path_and_the_whole_image_after_a_squeeze() -> None:
    layers = counting.summarize(networks.get_network("resnet18"), (3, 224, 224)).layers
    fields = {layer.name: layer.receptive_field for layer in layers}
    assert fields["conv1"] == 7
    assert fields["maxpool"] == 11
    assert fields["layer1.0.add"] == 27
    assert fields["layer2.0.shortcut.0"] < fields["layer2.0.add"]
    assert fields["avgpool"] == fields["fc"] == 224


def test_a_strided_path_that_skips_pixels_still_counts_its_extent() -> None:
    part = nn.Sequential(nn.Conv2d(1, 1, 1, stride=2), nn.Conv2d(1, 1, 3))
    assert counting.summarize(part, (1, 20, 20)).layers[-1].receptive_field == 5


@pytest.mark.parametrize(("padding", "kernel_size"), [("same", 3), ("valid", 3), ("same", (5, 3))])
def test_padding_in_words_is_counted_as_padding_in_numbers(padding, kernel_size) -> None:
    sizes = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    numbers = tuple(size // 2 if padding == "same" else 0 for size in sizes)
    words = counting.summarize(
        nn.Sequential(nn.Conv2d(3, 8, kernel_size, padding=padding)), (3, 9, 9)
    )
    same = counting.summarize(
        nn.Sequential(nn.Conv2d(3, 8, kernel_size, padding=numbers)), (3, 9, 9)
    )
    assert words.layers == same.layers


def test_an_unknown_layer_that_multiplies_has_no_receptive_field() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, (2, 3), padding="same"))
    assert counting.summarize(net, (3, 9, 9)).layers[0].receptive_field is None


class Function(nn.Module):
    """A function or a layer alone."""

    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.function = function

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.function(X)


def field_of(function: Callable) -> int | tuple[int, int] | None:
    return counting.summarize(Function(function), (8, 8, 8)).layers[-1].receptive_field


@pytest.mark.parametrize(
    ("function", "field"),
    [
        (lambda X: F.max_pool2d(X, 3, 1, 1), 3),
        (lambda X: torch.max_pool2d(X, (3, 2), (1, 1), (1, 0), (2, 1)), (5, 2)),
        (lambda X: F.avg_pool2d(X, 5, 1, 2), 5),
        (lambda X: F.avg_pool2d(X, kernel_size=2), 2),
        (nn.Softmax(1), 1),
        (lambda X: X.softmax(1), 1),
        (lambda X: F.softmax(X, dim=-3), 1),
        (lambda X: (2**X - X.exp() / 3) * (X > 0), 1),
        (lambda X: F.leaky_relu(F.hardswish(X)).clamp(0, 1), 1),
        (nn.Sequential(nn.PReLU(), nn.ELU(), nn.LocalResponseNorm(2)), 1),
    ],
)
def test_windows_are_followed_and_functions_of_one_pixel_keep_it(function, field) -> None:
    assert field_of(function) == field


@pytest.mark.parametrize(
    "function",
    [
        lambda X: torch.roll(X, 3, -1),
        lambda X: X.transpose(2, 3),
        lambda X: X.cumsum(3),
        lambda X: torch.softmax(X, -1),
        nn.Softmax(-1),
        nn.GroupNorm(2, 8),
        nn.InstanceNorm2d(8),
        nn.LayerNorm(8),
        nn.Linear(8, 8),
    ],
)
def test_what_looks_at_other_pixels_without_a_closed_form_has_none(function) -> None:
    assert field_of(function) is None
