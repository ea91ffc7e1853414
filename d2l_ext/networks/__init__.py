"""The networks of the course: one file per family, each block written as its paper draws it."""

from d2l_ext.networks import (  # noqa: F401  (importing registers them)
    book,
    cifar_resnet,
    densenet,
    shufflenet,
    resnet,
    resnext,
    senet,
    senet_positions,
)
from d2l_ext.networks.checkpoints import from_torchvision, to_torchvision
from d2l_ext.networks.registry import get_network, list_networks

__all__ = ["from_torchvision", "get_network", "list_networks", "to_torchvision"]
