"""The list of named networks: `list_networks()` and `get_network(name)`."""

import difflib
from collections.abc import Callable
from typing import TypeVar

from torch import nn

Constructor = TypeVar("Constructor", bound=Callable[..., nn.Module])

_CONSTRUCTORS: dict[str, Callable[..., nn.Module]] = {}


def register(constructor: Constructor) -> Constructor:
    """List a constructor under its own name."""
    _CONSTRUCTORS[constructor.__name__] = constructor
    return constructor


def list_networks() -> list[str]:
    """Names of all networks, family by family, in the order in which a family lists them."""
    return list(_CONSTRUCTORS)


def get_network(name: str, **settings: object) -> nn.Module:
    """Build a network by its name.

    Args:
        name: One of `list_networks()`.
        **settings: Every network takes `in_channels`, `num_classes` and `width_mult`; what is left
            out keeps the value of the network's paper.

    Raises:
        ValueError: There is no network of that name, and the message suggests close ones; or a setting
            is not positive.

    Example:
        >>> from d2l_ext.networks import get_network
        >>> net = get_network('cifar_resnet20', in_channels=1)
        >>> sum(p.numel() for p in net.parameters())
        269434
    """
    if name not in _CONSTRUCTORS:
        close = difflib.get_close_matches(name, _CONSTRUCTORS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "see list_networks()"
        raise ValueError(f"there is no network called {name!r}; {hint}")
    return _CONSTRUCTORS[name](**settings)
