"""The fused network: a graph that stays in eval mode and carries its report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import fx

from d2l_ext.fusion.reports import Report


class FusedNetwork(fx.GraphModule):
    """What `fuse` returns: for inference only, with the `report` of what was done."""

    @property
    def report(self) -> Report:
        """Which rules fired where, and what could not be fused."""
        return self.meta["report"]

    def train(self, mode: bool = True) -> FusedNetwork:
        """Stay in eval mode.

        Raises:
            RuntimeError: Training mode is asked for.
        """
        if mode:
            raise RuntimeError(
                "a fused network is for inference: its batch norms are part of other layers' "
                "weights. Train the network that it was made from, and fuse that again"
            )
        return super().train(False)

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (*super().__reduce__(), self.meta)


def restore(build: Callable[..., fx.GraphModule], arguments: tuple, meta: dict) -> FusedNetwork:
    """A pickled fused network, whole again."""
    net = build(*arguments)
    net.meta = meta
    return as_fused(net)


def as_fused(net: fx.GraphModule) -> FusedNetwork:
    """A graph module as a `FusedNetwork`."""
    fused = FusedNetwork(net, net.graph, class_name="FusedNetwork")
    fused.meta = net.meta
    return fused.eval()
