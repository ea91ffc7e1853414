"""The network as a graph of calls (`torch.fx`), with parts that cannot be traced kept whole."""

import inspect
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import fx, nn

from d2l_ext.fusion.graph import HOOKS, IN_PLACE


class UntraceableError(Exception):
    """The `forward` of a part does what a graph cannot hold."""

    def __init__(self, part: nn.Module, error: Exception) -> None:
        super().__init__(str(error))
        self.part = part


class MapProxy(fx.Proxy):
    """`fx.Proxy` for which `Y += X` changes Y; without this, Y would stay under its other names."""

    def __getattr__(self, name: str) -> fx.proxy.Attribute:
        return MapAttribute(self, name)


class MapAttribute(MapProxy, fx.proxy.Attribute):
    """An attribute of a map, which may be a map itself: `Y.mT`, for example."""


def in_place(operation: Any) -> Callable[[fx.Proxy, Any], fx.Proxy]:
    """The method behind an operator such as `+=`."""

    def method(self: fx.Proxy, other: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", operation, (self, other), {})

    return method


for operation in IN_PLACE:
    setattr(MapProxy, f"__{operation.__name__}__", in_place(operation))


class PartTracer(fx.Tracer):
    """`fx.Tracer` that says which part it failed in, and keeps some parts whole."""

    def __init__(self, whole: Collection[nn.Module] = ()) -> None:
        super().__init__()
        self.whole = whole

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """What stands for the value of a step while `forward` runs."""
        return MapProxy(node, self)

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> tuple[Any, list[Any]]:
        """What `forward` is called with: proxies, and the values of `concrete_args`.

        `fx.Tracer` renames the latter, and cannot write down those that are tuples, lists or dicts.
        """
        function, args = super().create_args_for_root(root_fn, is_module)
        concrete_args = concrete_args or {}
        for i, arg in enumerate(args):
            name = str(arg.node.target) if isinstance(arg, fx.Proxy) else ""
            if name not in concrete_args:
                continue
            if arg.node.all_input_nodes:
                raise TypeError(f"the default of the argument {name} is a tensor")
            args[i] = concrete_args[name]
            wrong = f"{name} has been specialized to have value {args[i]} but got another value"
            torch._assert(arg == args[i], wrong)
        return function, args

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        """Layers of torch, fused operations, and parts that are kept whole."""
        return (
            module in self.whole
            or type(module).__module__.startswith("d2l_ext.fusion.")
            or super().is_leaf_module(module, name)
        )

    def call_module(self, module: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        """Trace a part; the innermost one that fails is named.

        What a layer of torch reads is written down by position: what takes its place may call it
        otherwise than `input`.
        """
        if type(module).__module__.startswith("torch.nn.") and not args and "input" in kwargs:
            args = (kwargs["input"],)
            kwargs = {name: value for name, value in kwargs.items() if name != "input"}
        try:
            return super().call_module(module, forward, args, kwargs)
        except UntraceableError:
            raise
        except Exception as error:
            raise UntraceableError(module, error) from error


def trace(net: nn.Module) -> tuple[fx.Graph, dict[str, str]]:
    """The graph of `net`, which must be in eval mode.

    Arguments of its `forward` that have a default keep it: the graph takes them with that value
    alone.

    Returns:
        The graph, and for each part that was kept whole its name and why.

    Raises:
        UntraceableError: The `forward` of `net` itself cannot be traced, or has a default that
            cannot be written into a graph, or `net` itself has a hook, which a graph would lose.
    """
    if any(getattr(net, hooks) for hooks in HOOKS):
        raise UntraceableError(net, ValueError("the network itself has a hook"))
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
