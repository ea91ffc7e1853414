"""A fused network beside the one it was made from."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from d2l_ext import fusion


def settled(net: nn.Module, X: Tensor) -> nn.Module:
    """`net` in eval mode, with batch norms that do something, and a signal of ordinary size.

    Their statistics are those of X, then disturbed; weights and biases are random.
    """
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        net.train()(X)
        for norm in norms:
            if norm.running_mean is not None:
                norm.running_mean.add_(0.1 * torch.randn_like(norm.running_mean))
                norm.running_var.mul_(torch.empty_like(norm.running_var).uniform_(0.8, 1.2))
            if norm.weight is not None:
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.normal_(0, 0.1)
    return net.eval()


def difference(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the size of what should come out."""
    assert a.shape == b.shape
    return ((a - b).abs().max() / a.abs().max().clamp_min(1e-12)).item()


@torch.no_grad()
def assert_equal(net: nn.Module, X: Tensor) -> nn.Module:
    """Fuse, compare in float64 and in float32, return the fused network.

    Some networks of a hundred narrow layers lose more than 1e-4 to rounding by themselves; then the
    fused one may be as far from the exact result as they are, give or take.
    """
    exact = copy.deepcopy(net).double()
    expected = exact(X.double())  # a network may overwrite its input
    assert difference(expected, fusion.fuse(exact)(X.double())) < 1e-9
    fused = fusion.fuse(net)
    assert difference(expected, fused(X.clone())) < max(
        1e-4, 10 * difference(expected, net(X.clone()))
    )
    return fused
