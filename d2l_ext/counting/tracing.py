"""From an `nn.Module` to its list of layers: its own `forward` is run, on shapes alone.

Layers with a closed form are not executed and their weights are not touched. Anything else runs
on the meta device, where tensors have a shape and no data, so that every module can be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter
from torch.utils import _pytree as pytree

from d2l_ext.counting.functions import FUNCTIONS, Call
from d2l_ext.counting.graph import INPUT, Layer, Node, as_layer, run
from d2l_ext.counting.measuring import on_meta
from d2l_ext.counting.modules import MODULES
from d2l_ext.counting.pixelwise import is_pixelwise
from d2l_ext.counting.rules import RULES, Shape, ShapeError, Signal, image


class Trace:
    """The layers seen so far, and the part of the network that is running."""

    def __init__(self, input_shape: Shape) -> None:
        self.nodes: list[Node] = []
        self.layers: list[Layer] = []
        self.signals: dict[int, Signal] = {INPUT: image(input_shape)}
        self.scopes: list[str] = [""]
        self.names: dict[str, int] = {}
        self.used: set[nn.Parameter] = set()

    def unique(self, name: str) -> str:
        """`name`, or `name_1`, `name_2`, ... where it was used before."""
        count = self.names.get(name, 0)
        self.names[name] = count + 1
        return f"{name}_{count}" if count else name

    def record(self, name: str, kind: str, inputs: list[Traced], attributes: dict) -> Traced:
        """Add a layer, and return what comes out of it."""
        node = Node(self.unique(name), kind, tuple(x.position for x in inputs), attributes)
        outcome = run(node, [self.signals[i] for i in node.inputs])
        position = len(self.nodes)
        self.nodes.append(node)
        self.layers.append(as_layer(node, outcome))
        self.signals[position] = outcome.signal
        return self.tensor(outcome.signal.shape, position)

    def tensor(self, shape: Shape, position: int) -> Traced:
        """A tensor for one image of this shape, without data, that knows which layer it left."""
        tensor = torch.empty((1, *shape), device="meta").as_subclass(Traced)
        tensor.recorder, tensor.position, tensor.one_image = self, position, True
        return tensor

    def first_use(self, values: Iterable[Any]) -> int:
        """Learned numbers among the values of a call that no earlier layer has used."""
        new = [x for x in values if isinstance(x, nn.Parameter) and x not in self.used]
        self.used.update(new)
        return sum(x.numel() for x in new)

    def own_parameters(self, name: str, module: nn.Module) -> None:
        """Add a row for each learned tensor that a part holds itself, not one of its layers."""
        for key, parameter in parameters_of(module):
            if self.first_use([parameter]):
                shape = tuple(parameter.shape)
                self.record(f"{name}.{key}" if name else key, "parameter", [], {"shape": shape})

    def local(self, name: str) -> str:
        """The name of something that happens in the part that is running."""
        return f"{self.scopes[-1]}.{name}" if self.scopes[-1] else name


class Traced(torch.Tensor):
    """A tensor that writes down what is done to it."""

    recorder: Trace
    position: int
    one_image: bool  # the first axis is still the batch, of one

    @classmethod
    def __torch_function__(
        cls, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Record a known function in closed form; run any other on the meta device."""
        kwargs = kwargs or {}
        inputs = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, Traced)]
        inputs = [x for x in inputs if hasattr(x, "position")]
        with torch._C.DisableTorchFunctionSubclass():
            if not inputs:
                return func(*args, **kwargs)
            trace = inputs[0].recorder
            one_image = all(x.one_image for x in inputs)
            if one_image and (known := closed_form(func, args, kwargs)):
                calls = known if isinstance(known, list) else [known]
                outputs = tuple(
                    trace.record(trace.local(kind), kind, operands, attributes)
                    for kind, attributes, operands in calls
                )
                return outputs if isinstance(known, list) else outputs[0]
            plain_args, plain_kwargs = pytree.tree_map(to_meta, (args, kwargs))
            result, macs = counted(func, *plain_args, **plain_kwargs)
        name = getattr(func, "__name__", "function").strip("_")
        kind = name if name not in RULES else f"{name} function"
        own = trace.first_use(pytree.tree_leaves((args, kwargs)))
        return record_result(trace, trace.local(name), kind, inputs, result, macs, own)


def closed_form(func: Callable, args: tuple, kwargs: dict) -> Call:
    """The closed form of a call; None where there is none, or none for arguments named like these."""
    try:
        return FUNCTIONS[func](*args, **kwargs) if func in FUNCTIONS else None
    except TypeError:
        return None


def counted(func: Callable, *args: Any, **kwargs: Any) -> tuple[Any, int]:
    """The result of a call on meta tensors, and its multiply-accumulates by torch's own count."""
    from torch.utils.flop_counter import FlopCounterMode  # slow to import, and rarely needed

    with FlopCounterMode(display=False) as counter:
        result = func(*args, **kwargs)
    return result, counter.get_total_flops() // 2


def to_meta(value: Any) -> Any:
    """A plain tensor on the meta device, for any tensor; everything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    plain = value.as_subclass(torch.Tensor) if isinstance(value, Traced) else value
    return plain.to("meta")


def record_result(
    trace: Trace,
    name: str,
    kind: str,
    inputs: list[Traced],
    result: Any,
    macs: int,
    parameters: int = 0,
) -> Any:
    """Record what a function without a closed form gave: a tensor, several, or something else."""
    leaves, structure = pytree.tree_flatten(result)
    tensors = [x for x in leaves if isinstance(x, torch.Tensor)]
    outputs: list[Any] = []
    for leaf in leaves:
        if not isinstance(leaf, torch.Tensor) or leaf.dim() == 0:
            outputs.append(leaf)
            continue
        first = leaf is tensors[0]
        attributes = {
            "shape": tuple(leaf.shape[1:]),
            "macs": macs if first else 0,
            "parameters": parameters if first else 0,
        }
        if is_pixelwise(kind):
            attributes["pixelwise"] = True
        outputs.append(trace.record(name, kind, inputs, attributes))
        # The result's first axis need not be the batch; the tensor that goes on keeps its shape.
        if leaf.shape[0] != 1:
            outputs[-1] = leaf.as_subclass(Traced)
            outputs[-1].recorder, outputs[-1].position = trace, len(trace.nodes) - 1
            outputs[-1].one_image = False
    return pytree.tree_unflatten(outputs, structure)


def check_not_lazy(net: nn.Module) -> None:
    """Raise unless every weight has a shape."""
    for name, parameter in net.named_parameters():
        if isinstance(parameter, UninitializedParameter):
            raise ValueError(
                f"{name} is lazy: it has no shape before the network has seen an input. Call the "
                "network once on a batch, then summarize it"
            )


def as_leaf(trace: Trace, name: str, module: nn.Module) -> Callable:
    """What stands in for the `forward` of a layer."""
    describe = MODULES.get(type(module))

    def forward(*args: Any, **kwargs: Any) -> Any:
        inputs = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, Traced)]
        one_image = len(inputs) == 1 and inputs[0].one_image
        known = describe(module) if describe and one_image else None
        own = trace.first_use(module.parameters())
        if known:
            kind, attributes = known
            return trace.record(name, kind, inputs, attributes | counted_before(module, own))
        plain_args, plain_kwargs = pytree.tree_map(to_meta, (args, kwargs))
        stand_in = module.__dict__.pop("forward")
        try:
            with torch._C.DisableTorchFunctionSubclass():
                result, macs = counted(
                    torch.func.functional_call, module, on_meta(module), plain_args, plain_kwargs
                )
        finally:
            module.__dict__["forward"] = stand_in
        return record_result(trace, name, type(module).__name__, inputs, result, macs, own)

    return forward


def counted_before(module: nn.Module, own: int) -> dict[str, Any]:
    """What a layer's attributes say where it brings only `own` learned numbers that are new."""
    if own == sum(p.numel() for p in module.parameters()):
        return {}
    return {"parameters": own} if own else {"shared": True}


def as_part(trace: Trace, name: str, module: nn.Module) -> Callable:
    """What stands in for the `forward` of a module made of others: the same, with its name kept."""
    original = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        trace.own_parameters(name, module)
        trace.scopes.append(name)
        try:
            return original(*args, **kwargs)
        finally:
            trace.scopes.pop()

    return forward


def parameters_of(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The learned tensors that a part made of others holds itself, also in a list of torch's."""
    yield from module.named_parameters(recurse=False)
    for name, child in module.named_children():
        if isinstance(child, (nn.ParameterList, nn.ParameterDict)):
            yield from child.named_parameters(prefix=name)


def is_leaf(module: nn.Module) -> bool:
    """Whether a module is one layer: it has a closed form, or torch itself brings it whole.

    One that was given a `forward` of its own does something else than its kind.
    """
    if "forward" in module.__dict__:
        return False
    if type(module) in MODULES:
        return True
    return type(module).__module__.startswith("torch.nn") and not isinstance(
        module, (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    )


@contextmanager
def watched(net: nn.Module, trace: Trace) -> Iterator[None]:
    """Let every layer of `net` report to `trace` instead of computing, for a while."""
    replaced: list[tuple[nn.Module, Callable | None]] = []
    inside: tuple[str, ...] = ()  # modules within a leaf, which runs as a whole
    try:
        for name, module in net.named_modules():
            if inside and name.startswith(inside):
                continue
            own = module.__dict__.get("forward")
            if is_leaf(module):
                inside = (*inside, f"{name}.") if list(module.children()) else inside
                module.__dict__["forward"] = as_leaf(trace, name or "net", module)
            else:
                module.__dict__["forward"] = as_part(trace, name, module)
            replaced.append((module, own))
        yield
    finally:
        for module, own in replaced:
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


def trace(net: nn.Module, input_shape: Shape) -> tuple[list[Node], list[Layer]]:
    """Run `net` on the shape of one image.

    Args:
        net: Any module that takes one image batch.
        input_shape: (channels, height, width).

    Returns:
        The layers in the order in which they run, as a graph and as rows with their counts.

    Raises:
        ShapeError: A layer, or a check in the network's own code, refuses what reaches it; the message
            says where, and why.
        ValueError: The network is lazy and has not seen an input yet.
    """
    check_not_lazy(net)
    record = Trace(input_shape)
    with watched(net, record), torch.no_grad():
        try:
            net(record.tensor(tuple(input_shape), INPUT))
        except (ShapeError, NotImplementedError):
            raise
        except (RuntimeError, ValueError) as error:
            last = record.nodes[-1].name if record.nodes else "the input"
            raise ShapeError(f"after {last}: {error}") from error
    return record.nodes, record.layers
