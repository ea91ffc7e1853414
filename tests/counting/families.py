"""The listed networks by family, which is the file that defines them."""

from itertools import groupby

from torch import nn

from d2l_ext.networks.registry import _CONSTRUCTORS


def family(name: str) -> str:
    return _CONSTRUCTORS[name].__module__.rsplit(".", 1)[-1]


FAMILIES = {key: list(names) for key, names in groupby(_CONSTRUCTORS, key=family)}


def smallest(net: nn.Module) -> int:
    """The side of the smallest image that a network takes."""
    return getattr(net, "smallest", 1)
