"""How many numbers a network reads and writes, step by step, for one image."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils import _pytree as pytree


@dataclass(frozen=True)
class Traffic:
    """Numbers (not bytes) that steps read and write: maps and weights.

    Each step counts once what it reads and what it writes, as if nothing stayed in a cache.

    Attributes:
        before: Of the network.
        after: Of the fused network.
    """

    before: int
    after: int

    @property
    def saved(self) -> float:
        """Share of `before` that is spared."""
        return 1 - self.after / self.before

    def __str__(self) -> str:
        """Both, in millions, and the share."""
        return (
            f"{self.before / 1e6:.1f} M numbers read and written before, "
            f"{self.after / 1e6:.1f} M after: {self.saved:.0%} saved"
        )


def without_weights(net: fx.GraphModule) -> fx.GraphModule:
    """The same network on the meta device, where tensors have a shape and no data."""
    memo: dict[int, Any] = {}
    for tensor in (*net.parameters(), *net.buffers()):
        memo[id(tensor)] = on_meta(tensor)
    return copy.deepcopy(net, memo)


def on_meta(tensor: Tensor) -> Tensor:
    """A parameter or buffer without its data."""
    empty = tensor.detach().to("meta")
    return nn.Parameter(empty, requires_grad=False) if isinstance(tensor, nn.Parameter) else empty


def measure(before: fx.GraphModule, after: fx.GraphModule, input_shape: tuple[int, ...]) -> Traffic:
    """Run both on the shape of one image.

    Raises:
        ValueError: The network cannot take this shape.
    """
    counts = []
    for net in (before, after):
        counter = Counter(net)
        floating = (x.dtype for x in net.parameters() if x.is_floating_point())
        dtype = next(floating, torch.get_default_dtype())
        try:
            # In inference mode nothing would tell whether a step has changed a tensor.
            with torch.inference_mode(False), torch.no_grad():
                counter.run(torch.empty(1, *input_shape, dtype=dtype, device="meta"))
        except RuntimeError as error:
            shape = " x ".join(map(str, input_shape))
            raise ValueError(f"the network cannot take an image of {shape}: {error}") from error
        counts.append(counter.numbers)
    return Traffic(*counts)


class Counter(fx.Interpreter):
    """Runs a graph and adds up what its steps read and write."""

    def __init__(self, net: fx.GraphModule) -> None:
        super().__init__(net)
        self.numbers = 0

    def count(self, step: Callable, target: Any, args: Any, kwargs: Any, net: Any) -> Any:
        """Run a step; it costs nothing if it only gives another view of what it read."""
        read = tensors((args, kwargs))
        before = versions(read)
        result = step(target, args, kwargs)
        written = tensors(result)
        storages = {id(x.untyped_storage()) for x in read}
        views = all(x._is_view() or id(x.untyped_storage()) in storages for x in written)
        # A step in place gives what it read, too, but has changed it.
        if views and before == versions(read):
            return result
        weights = [] if net is None else [*net.parameters(), *net.buffers()]
        self.numbers += sum(x.numel() for x in (*read, *weights, *written))
        return result

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A layer, with its weights."""
        return self.count(super().call_module, target, args, kwargs, self.fetch_attr(target))

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A function."""
        return self.count(super().call_function, target, args, kwargs, None)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A method of a tensor."""
        return self.count(super().call_method, target, args, kwargs, None)


def tensors(values: Any) -> list[Tensor]:
    """All tensors in some values."""
    return [x for x in pytree.tree_leaves(values) if isinstance(x, Tensor)]


def versions(read: list[Tensor]) -> list[int | None]:
    """How often each tensor has been changed; unknown for constants made in inference mode."""
    return [None if x.is_inference() else x._version for x in read]
