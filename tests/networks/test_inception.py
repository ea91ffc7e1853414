"""GoogLeNet: counts, torchvision's outputs, the auxiliary heads in training."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from d2l_ext import networks
from d2l_ext.networks.inception import Inception, Scores
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)


def torchvisions(**settings: object) -> nn.Module:
    return torchvision.models.googlenet(init_weights=False, **settings)


def test_parameters_and_macs_are_the_expected_ones() -> None:
    plain, auxiliary = on_meta("googlenet"), on_meta("googlenet", auxiliary=True)
    assert (parameters(plain), parameters(auxiliary)) == (6_624_904, 13_004_888)
    assert million_macs(plain) == pytest.approx(1498.4, abs=0.1)
    assert million_macs(auxiliary.eval()) == pytest.approx(1498.4, abs=0.1)


@pytest.mark.parametrize("auxiliary", [False, True])
def test_outputs_equal_torchvisions_in_both_directions(auxiliary: bool) -> None:
    theirs = torchvisions(num_classes=10, aux_logits=auxiliary)
    randomise_batch_norm(theirs)
    ours = networks.get_network("googlenet", num_classes=10, auxiliary=auxiliary)
    ours.load_state_dict(theirs.state_dict())
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(ours.state_dict())


def test_the_auxiliary_heads_equal_torchvisions_in_training() -> None:
    theirs = torchvisions(num_classes=10, dropout=0.0, dropout_aux=0.0)
    ours = networks.get_network("googlenet", num_classes=10, auxiliary=True)
    ours.load_state_dict(theirs.state_dict())
    for module in ours.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    X = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        # Statistics of few values at the last, small maps make rounding errors larger.
        for mine, expected in zip(ours.train()(X), theirs.train()(X), strict=True):
            assert (mine - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_training_reaches_every_parameter_through_all_three_scores() -> None:
    net = networks.get_network("googlenet", num_classes=5, width_mult=0.125, auxiliary=True)
    outputs = net.train()(torch.randn(2, 3, 32, 32))
    assert isinstance(outputs, Scores)
    assert [scores.shape for scores in outputs] == [(2, 5)] * 3
    y = torch.tensor([1, 4])
    losses = [F.cross_entropy(scores, y) for scores in outputs]
    torch.testing.assert_close(outputs.loss(y), losses[0] + 0.3 * (losses[1] + losses[2]))
    outputs.loss(y).backward()
    assert all(p.grad is not None for p in net.parameters())
    assert net.eval()(torch.randn(1, 3, 32, 32)).shape == (1, 5)


def test_the_block_gives_its_branches_one_after_another() -> None:
    block = Inception(6, 2, 3, 4, 1, 5, 3).eval()
    X = torch.randn(2, 6, 7, 8)
    Y = block(X)
    assert Y.shape == (2, block.out_channels, 7, 8)
    assert torch.equal(Y[:, :2], block.branch1(X))
    assert torch.equal(Y[:, 2:6], block.branch2(X))
    assert torch.equal(Y[:, 6:11], block.branch3(X))
    assert torch.equal(Y[:, 11:], block.branch4(X))


def test_images_that_are_too_small_are_refused_with_a_size_that_works() -> None:
    net = networks.get_network("googlenet", width_mult=0.125).eval()
    assert net(torch.randn(1, 3, 15, 15)).isfinite().all()
    with pytest.raises(ValueError, match=r"14 x 40 are too small.*resize to 15 x 40"):
        net(torch.randn(1, 3, 14, 40))
