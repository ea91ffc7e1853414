"""How a network is held to one that others wrote."""

import torch
from torch import nn

from d2l_ext import counting, networks


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def on_meta(name: str, **settings: object) -> nn.Module:
    with torch.device("meta"):
        return networks.get_network(name, **settings)


def million_macs(net: nn.Module, size: int = 224) -> float:
    return counting.summarize(net, (3, size, size)).macs / 1e6


def randomise_batch_norm(net: nn.Module) -> None:
    """Batch norm that does nothing could hide a layer in the wrong place."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


def relative_difference(ours: nn.Module, theirs: nn.Module, X: torch.Tensor) -> float:
    """The largest difference of the outputs in eval mode, as a share of the largest output.

    Scores grow with depth under random weights; a bound on it is one on outputs of unit size.
    """
    with torch.no_grad():
        expected = theirs.eval()(X)
        return ((ours.eval()(X) - expected).abs().max() / expected.abs().max()).item()
