"""Stochastic depth (Huang et al. 2016): during training, residuals are left out at random."""

import torch
from torch import Tensor
from torch.nn import functional as F

from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.registry import register


class StochasticBlock(PaddedBlock):
    """The basic block, its residual kept with probability `survival`, image by image.

    A residual that is kept is divided by `survival`, so its expectation is the residual, and in
    eval mode the block is the plain one. (The paper draws once for a whole batch, which also saves
    the work of what is left out, and multiplies in eval mode; the expectation is the same.)
    """

    survival = 1.0

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.training:
            kept = torch.rand(X.shape[0], 1, 1, 1, device=X.device) < self.survival
            Y = Y * kept / self.survival
        Y += self.shortcut(X)
        return F.relu(Y)


class StochasticDepthResNet(CifarResNet):
    """CifarResNet of stochastic blocks whose survival falls linearly with depth.

    Args:
        depth: Weighted layers, 6n + 2.
        last_survival: Probability that the last block's residual is kept; the stem's would be 1.
        **settings: `in_channels`, `num_classes` and `width_mult`, as for `CifarResNet`.

    Raises:
        ValueError: `last_survival` is not above 0 and at most 1.
    """

    def __init__(self, depth: int, last_survival: float = 0.5, **settings) -> None:
        if not 0 < last_survival <= 1:
            raise ValueError(
                f"last_survival = {last_survival} is a probability above 0 and at most 1; the "
                "paper's is 0.5, and 1 keeps everything"
            )
        super().__init__(StochasticBlock, depth, **settings)
        blocks = [m for m in self.modules() if isinstance(m, StochasticBlock)]
        for i, block in enumerate(blocks, start=1):
            block.survival = 1 - i / len(blocks) * (1 - last_survival)


@register
def cifar_resnet110_stochastic_depth(**settings) -> StochasticDepthResNet:
    """1,727,962 parameters at 10 classes; in eval mode it is `cifar_resnet110`."""
    return StochasticDepthResNet(110, **settings)
