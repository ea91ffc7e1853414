"""Making a network deeper while it is being trained, without changing what it computes."""

import copy

import torch
from torch import nn

from d2l_ext.networks.layers import initialise
from d2l_ext.networks.preact import PreActBasicBlock, PreActBottleneck
from d2l_ext.networks.resnet import BasicBlock, Bottleneck
from d2l_ext.networks.resnext import ResNeXtBlock

# The last layer of each block's residual: the residual is zero where its scale or weights are.
LAST_LAYER: dict[type[nn.Module], str] = {
    BasicBlock: "bn2",
    Bottleneck: "bn3",
    ResNeXtBlock: "bn3",
    PreActBasicBlock: "conv2",
    PreActBottleneck: "conv3",
}


def start_as_identity(block: nn.Module) -> None:
    """Set the last layer of a block's residual to zero; the layers before it start as usual.

    The zeros do not stay: their gradient is not zero, and after the first step neither are they.
    A block of a kind that is not listed in `LAST_LAYER` is left as it is.
    """
    for kind, name in LAST_LAYER.items():
        if isinstance(block, kind):
            initialise(block)
            for parameter in getattr(block, name).parameters():
                nn.init.zeros_(parameter)


def grow(stage: nn.Sequential, position: int, block: nn.Module) -> None:
    """Insert a block into a stage; the outputs of the network stay the same to the last bit.

    Blocks of this package are started as the identity; a block of your own has to be the identity
    already. The block takes on the device, the type and the mode (train or eval) of the stage. An
    optimiser that exists already has to be told of it: `optimizer.add_param_group({"params":
    block.parameters()})`.

    Args:
        stage: Where the block goes, for example `net.layer2`.
        position: How many blocks come before it, from 1 (behind the first, which may change the
            shape) to `len(stage)` (at the end).
        block: Of as many input and output channels as the stage has between its blocks.

    Raises:
        ValueError: The position is not in the stage, or the block is not the identity there.

    Example:
        >>> from d2l_ext.networks import get_network
        >>> from d2l_ext.networks.growing import grow
        >>> from d2l_ext.networks.resnet import BasicBlock
        >>> net = get_network('resnet18')
        >>> grow(net.layer2, len(net.layer2), BasicBlock(128, 128))
        >>> len(net.layer2)
        3
    """
    if not 1 <= position <= len(stage):
        raise ValueError(
            f"position = {position} must be from 1 (behind the first block) to {len(stage)} (at the "
            f"end of the stage); the nearest is {min(max(position, 1), len(stage))}"
        )
    start_as_identity(block)
    block.to(next(stage.parameters())).train(stage.training)
    check_identity(stage[:position], block)
    stage.insert(position, block)


@torch.no_grad()
def check_identity(before: nn.Sequential, block: nn.Module) -> None:
    """Raise unless `block` gives back, bit by bit, what the blocks `before` it put out."""
    first = next(m for m in before.modules() if isinstance(m, nn.Conv2d))
    image = torch.randn(2, first.in_channels, 8, 8).to(first.weight)
    # Copies, as a probe in train mode would move the statistics of batch norm.
    X = copy.deepcopy(before)(image)
    probe = copy.deepcopy(block)
    try:
        same = all(torch.equal(probe.train(mode)(X), X) for mode in (True, False))
    except RuntimeError as error:
        raise ValueError(
            f"{type(block).__name__} cannot take the {X.shape[1]} channels of the stage: {error}"
        ) from error
    if not same:
        raise ValueError(
            f"{type(block).__name__} does not start as the identity behind "
            f"{type(before[-1]).__name__}: it must give back the stage's {X.shape[1]} channels as "
            "they are. Use the stage's own kind of block with stride 1, or set the last layer of its "
            "residual to zero; a block that scales, gates or normalises the shortcut cannot be the "
            "identity"
        )
