"""The receptive field against the support of the gradient."""

import random

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks


def positive(net: nn.Module) -> nn.Module:
    """Weights above zero and pooling by average, so that no path cancels or is left out."""
    for name, child in net.named_children():
        if isinstance(child, nn.MaxPool2d):
            pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
            setattr(net, name, pool)
        else:
            positive(child)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1.0 / module.weight[0].numel())
    return net.eval()


def support(part: nn.Module, channels: int, size: int) -> tuple[int, int]:
    """Height and width of the pixels that the output in the middle depends on."""
    X = torch.ones(1, channels, size, size, dtype=torch.float64, requires_grad=True)
    Y = part.double()(X)
    Y[0, :, Y.shape[2] // 2, Y.shape[3] // 2].sum().backward()
    touched = X.grad[0].abs().sum(0) > 0
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_support_of_the_gradient(seed: int) -> None:
    rng = random.Random(seed)
    name = rng.choice(
        ["resnet18", "resnet50", "resnet50_stride1x1", "cifar_resnet20", "cifar_plain20"]
    )
    net = positive(networks.get_network(name, width_mult=0.05))
    stages = [child for child in net.named_children() if child[0].startswith("layer")]
    depth = rng.randint(1, min(2, len(stages)))
    stem = [net.conv1, net.bn1, *([net.maxpool] if hasattr(net, "maxpool") else [])]
    part = nn.Sequential(*stem, *(stage for _, stage in stages[:depth]))
    size = 260
    expected = counting.summarize(part, (3, size, size)).layers[-1].receptive_field
    assert expected < size, "the field must fit, or the border would cut the support"
    assert support(part, 3, size) == (expected, expected)


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
