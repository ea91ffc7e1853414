"""Parameters and MACs against the papers and torchvision, to the last one."""

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks

# parameters, million MACs; 1000 classes, 3 x 224 x 224
IMAGENET = {
    "resnet18": (11_689_512, 1814.1),
    "resnet34": (21_797_672, 3663.8),
    "resnet50": (25_557_032, 4089.2),
    "resnet101": (44_549_160, 7801.4),
    "resnet152": (60_192_808, 11513.6),
    "resnet50_stride1x1": (25_557_032, 3858.0),
    "resnet101_stride1x1": (44_549_160, 7570.2),
    "resnet152_stride1x1": (60_192_808, 11282.4),
}
# parameters with option A; 10 classes, 3 x 32 x 32
CIFAR = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}
PROJECTIONS = 2_752


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def on_meta(name: str, **settings: object) -> nn.Module:
    with torch.device("meta"):
        return networks.get_network(name, **settings)


@pytest.mark.parametrize("name", IMAGENET)
def test_imagenet_resnets_have_the_published_parameters_and_macs(name: str) -> None:
    net = on_meta(name)
    expected_parameters, expected_macs = IMAGENET[name]
    assert parameters(net) == expected_parameters
    summary = counting.summarize(net, (3, 224, 224))
    assert summary.parameters == expected_parameters
    assert summary.macs / 1e6 == pytest.approx(expected_macs, abs=0.1)


@pytest.mark.parametrize("depth", CIFAR)
def test_cifar_resnets_have_the_published_parameters(depth: int) -> None:
    assert parameters(on_meta(f"cifar_resnet{depth}")) == CIFAR[depth]
    assert parameters(on_meta(f"cifar_plain{depth}")) == CIFAR[depth]
    assert parameters(on_meta(f"cifar_resnet{depth}_b")) == CIFAR[depth] + PROJECTIONS


def test_the_deepest_of_the_paper_has_19_million_parameters() -> None:
    assert parameters(on_meta("cifar_resnet1202")) == pytest.approx(19.4e6, rel=0.002)


def test_the_books_resnet_differs_from_the_clean_one_by_biases_and_batch_norms() -> None:
    book = parameters(on_meta("book_resnet18", in_channels=1, num_classes=10))
    clean = parameters(on_meta("resnet18", in_channels=1, num_classes=10))
    assert (book, clean) == (11_178_378, 11_175_370)
    assert book - clean == 4_800 - 1_792
