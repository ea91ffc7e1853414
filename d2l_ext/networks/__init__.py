"""The networks of the course: one file per family, each block written as its paper draws it."""

from d2l_ext.networks import (  # noqa: F401  (importing registers them)
    book,
    cifar_inception,
    cifar_mobilenet,
    cifar_regnet,
    cifar_resnet,
    cifar_shufflenet,
    densenet,
    inception,
    mobilenet,
    preact,
    preact_orders,
    preact_shortcuts,
    regnet,
    resnet,
    resnext,
    senet,
    senet_positions,
    shift,
    shufflenet,
    stochastic_depth,
)
from d2l_ext.networks.checkpoints import from_timm, from_torchvision, to_timm, to_torchvision
from d2l_ext.networks.registry import get_network, list_networks

__all__ = [
    "from_timm",
    "from_torchvision",
    "get_network",
    "list_networks",
    "to_timm",
    "to_torchvision",
]
