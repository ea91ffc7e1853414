"""The network as a graph of calls (`torch.fx`), with parts that cannot be traced kept whole."""

import inspect
from collections.abc import Collection
from typing import Any

import torch
from torch import fx, nn


class UntraceableError(Exception):
    """The `forward` of a part does what a graph cannot hold."""

    def __init__(self, part: nn.Module, error: Exception) -> None:
        super().__init__(str(error))
        self.part = part


class PartTracer(fx.Tracer):
    """`fx.Tracer` that says which part it failed in, and keeps some parts whole."""

    def __init__(self, whole: Collection[nn.Module] = ()) -> None:
        super().__init__()
        self.whole = whole

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        """Layers of torch, fused operations, and parts that are kept whole."""
        return (
            module in self.whole
            or type(module).__module__.startswith("d2l_ext.fusion.")
            or super().is_leaf_module(module, name)
        )

    def call_module(self, module: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        """Trace a part; the innermost one that fails is named."""
        try:
            return super().call_module(module, forward, args, kwargs)
        except UntraceableError:
            raise
        except Exception as error:
            raise UntraceableError(module, error) from error


def trace(net: nn.Module) -> tuple[fx.Graph, dict[str, str]]:
    """The graph of `net`, which must be in eval mode.

    Arguments of its `forward` that have a default keep it.

    Returns:
        The graph, and for each part that was kept whole its name and why.

    Raises:
        UntraceableError: The `forward` of `net` itself cannot be traced.
    """
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(net.forward).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    names = {module: name for name, module in net.named_modules()}
    whole: dict[nn.Module, str] = {}
    while True:
        try:
            with torch.no_grad():
                graph = PartTracer(whole).trace(net, concrete_args=defaults)
            return graph, {names[part]: why for part, why in whole.items()}
        except UntraceableError as error:
            whole[error.part] = first_line(error)
        except Exception as error:
            raise UntraceableError(net, error) from error


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
