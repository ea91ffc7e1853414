"""DenseNet: counts, torchvision's outputs, and what a dense block concatenates."""

import pytest
import torch
import torchvision

from d2l_ext import networks
from d2l_ext.networks.densenet import (
    BottleneckLayer,
    CifarDenseNet,
    DenseBlock,
    DenseLayer,
    DenseNet,
    Transition,
)
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

# parameters, million MACs; 1000 classes, 3 x 224 x 224
IMAGENET = {"densenet121": (7_978_856, 2834.2), "densenet169": (14_149_480, 3359.8)}


@pytest.mark.parametrize("name", IMAGENET)
def test_parameters_and_macs_are_the_published_ones(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == IMAGENET[name][0]
    assert million_macs(net) == pytest.approx(IMAGENET[name][1], abs=0.1)


def test_cifar_networks_have_the_published_parameters() -> None:
    assert parameters(on_meta("cifar_densenet40_k12")) == 1_019_722
    assert parameters(on_meta("cifar_densenet_bc100_k12")) == 769_162


@pytest.mark.parametrize("name", ["densenet121", "densenet161", "densenet169", "densenet201"])
def test_state_dicts_have_torchvisions_names_and_shapes(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    ours = on_meta(name)
    shapes = {key: value.shape for key, value in theirs.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes
    assert million_macs(ours) == pytest.approx(million_macs(theirs), abs=1e-6)


def test_outputs_equal_torchvisions_in_both_directions() -> None:
    theirs = torchvision.models.densenet121(num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network("densenet121", num_classes=10)
    ours.load_state_dict(theirs.state_dict())
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(ours.state_dict())


@pytest.mark.parametrize("layer", [DenseLayer, BottleneckLayer])
def test_a_block_keeps_its_input_and_adds_what_each_layer_makes_of_all_before(layer: type) -> None:
    block = DenseBlock(layer, depth=3, in_channels=5, growth_rate=4).eval()
    X = torch.randn(2, 5, 6, 7)
    Y = block(X)
    assert Y.shape == (2, 5 + 3 * 4, 6, 7)
    assert torch.equal(Y[:, :5], X)
    for i, dense_layer in enumerate(block.values()):
        seen = 5 + 4 * i
        torch.testing.assert_close(Y[:, seen : seen + 4], dense_layer(Y[:, :seen]))


def test_the_transition_has_its_relu() -> None:
    transition = Transition(2, 2).eval()
    torch.nn.init.dirac_(transition.conv.weight)
    assert not transition(-torch.ones(1, 2, 4, 4)).any()


def test_depths_that_do_not_fit_name_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"depth = 41 is not 3n \+ 4.*40 and 43"):
        CifarDenseNet(41, growth_rate=12, bottleneck=False)
    with pytest.raises(ValueError, match=r"depth = 99 is not 6n \+ 4.*94 and 100"):
        CifarDenseNet(99, growth_rate=12, bottleneck=True)


@pytest.mark.parametrize("compression", [0, -0.5, 1.5])
def test_a_compression_that_is_no_share_is_refused(compression: float) -> None:
    with pytest.raises(ValueError, match=f"compression = {compression} "):
        DenseNet((1, 1), growth_rate=4, stem_channels=8, compression=compression)


@pytest.mark.parametrize(("name", "smallest"), [("densenet121", 29), ("cifar_densenet40_k12", 4)])
def test_images_that_are_too_small_are_refused_with_a_size_that_works(
    name: str, smallest: int
) -> None:
    net = networks.get_network(name, width_mult=0.125).eval()
    assert net(torch.randn(1, 3, smallest, smallest)).isfinite().all()
    with pytest.raises(ValueError, match=rf"resize to 40 x {smallest}"):
        net(torch.randn(1, 3, 40, smallest - 1))
