"""The same outputs as implementations that others wrote, for the same weights."""

import pytest
import torch
import torchvision

from d2l_ext import networks
from tests.networks.reference import randomise_batch_norm, relative_difference


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_resnets_equal_torchvision_in_both_directions(name: str) -> None:
    theirs = getattr(torchvision.models, name)(num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(networks.from_torchvision(theirs.state_dict()))
    assert relative_difference(ours, theirs, torch.randn(2, 3, 97, 64)) <= 1e-5
    theirs.load_state_dict(networks.to_torchvision(ours.state_dict()))


def test_the_papers_bottleneck_has_its_stride_in_the_first_1x1() -> None:
    block = networks.get_network("resnet50_stride1x1").layer2[0]
    assert (block.conv1.stride, block.conv2.stride) == ((2, 2), (1, 1))


def test_the_books_resnet_equals_the_books_code() -> None:
    d2l = pytest.importorskip("d2l.torch", reason="d2l is not installed")
    nn = torch.nn

    def book_block(count: int, channels: int, first: bool) -> nn.Sequential:
        blocks = [
            d2l.Residual(channels, use_1x1conv=True, strides=2)
            if i == 0 and not first
            else d2l.Residual(channels)
            for i in range(count)
        ]
        return nn.Sequential(*blocks)

    theirs = nn.Sequential(
        nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        ),
        *(book_block(2, channels, channels == 64) for channels in (64, 128, 256, 512)),
        nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(10)),
    )
    X = torch.randn(2, 1, 96, 96)
    theirs(X)
    ours = networks.get_network("book_resnet18")
    ours.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(X), theirs.eval()(X), rtol=1e-5, atol=1e-5)


def test_option_a_takes_every_second_pixel_and_adds_channels_of_zeros() -> None:
    from d2l_ext.networks.cifar_resnet import PaddedShortcut

    X = torch.randn(2, 3, 7, 8)
    Y = PaddedShortcut(3, 8, stride=2)(X)
    assert Y.shape == (2, 8, 4, 4)
    assert torch.equal(Y[:, :3], X[:, :, ::2, ::2])
    assert not Y[:, 3:].any()


def test_a_residual_block_with_its_last_scale_at_zero_is_the_identity_on_activations() -> None:
    from d2l_ext.networks.resnet import BasicBlock, Bottleneck

    X = torch.rand(2, 16, 8, 8)
    for block, last in ((BasicBlock(16, 16), "bn2"), (Bottleneck(16, 4), "bn3")):
        torch.nn.init.zeros_(getattr(block, last).weight)
        assert torch.equal(block(X), X)
