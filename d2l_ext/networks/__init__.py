"""The networks of the course: one file per family, each block written as its paper draws it."""

from d2l_ext.networks import book, cifar_resnet, resnet  # noqa: F401  (importing registers them)
from d2l_ext.networks.registry import get_network, list_networks

__all__ = ["get_network", "list_networks"]
