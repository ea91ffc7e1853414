"""`fuse`: from a network to an equal one with fewer steps."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import torch
from torch import fx, nn
from torch.nn.parameter import UninitializedParameter

from d2l_ext.fusion import mutation
from d2l_ext.fusion.convolution import FusedConv2d
from d2l_ext.fusion.graph import Editor, changes_in_place
from d2l_ext.fusion.left import left
from d2l_ext.fusion.network import as_fused
from d2l_ext.fusion.operation_count import operations
from d2l_ext.fusion.reports import Left, Report, stored
from d2l_ext.fusion.rules import (
    affine_chains,
    affine_into_next,
    affine_into_previous,
    branch_sums,
    epilogues,
    in_place,
    inactive,
    norm_activations,
    parallel,
    pooling,
    scale_add,
    strides,
    sum_activations,
)
from d2l_ext.fusion.tracing import UntraceableError, first_line, trace
from d2l_ext.fusion.traffic import without_weights

# Rules that make room for each other are tried again until none fires.
ALGEBRAIC: tuple[ModuleType, ...] = (
    inactive,
    pooling,
    affine_chains,
    affine_into_previous,
    affine_into_next,
    branch_sums,
    strides,
)

# Then each once: these turn layers into fused ones, which the others do not know.
MERGING: tuple[ModuleType, ...] = (
    epilogues,
    scale_add,
    sum_activations,
    norm_activations,
    parallel,
    in_place,
)


def fuse(net: nn.Module) -> nn.Module:
    """An equal network with fewer steps, for inference.

    Batch norms become part of the layers beside them, ReLUs and sums part of the convolutions
    before them, parallel convolutions one; see `d2l_ext.fusion.rules` for all. The result has
    `.report`, takes what `net` takes in eval mode (floating-point images), is for inference only,
    and can be copied, saved, moved and compiled; its weights want no gradients. `net` is not changed.
    Arguments of `forward` that have a default keep it: with another value, the result raises an
    AssertionError.

    The network is traced with `torch.fx`. A part whose `forward` a graph cannot hold, one that
    looks at values for example, is kept as it is, and so is a network of which that is true, or
    that has a hook on itself; the report says so. As always with `torch.fx`, random numbers and
    sizes that `forward` draws or computes without looking at its input become constants.

    Args:
        net: Any of `networks.list_networks()`, or any module of your own.

    Raises:
        TypeError: `net` is not a module, or one that has been compiled or scripted.
        ValueError: `net` is lazy and has not seen an input yet.

    Example:
        >>> import torch
        >>> from d2l_ext import fusion, networks
        >>> fused = fusion.fuse(networks.get_network('resnet18'))
        >>> fused.report.operations_before, fused.report.operations_after
        (68, 23)
    """
    check(net)
    net = copy.deepcopy(net).eval().requires_grad_(False)
    name = type(net).__name__
    try:
        graph, whole = trace(net)
    except UntraceableError as error:
        return as_it_was(net, name, error)
    before, stored_before = fx.GraphModule(net, graph, name), stored(net)
    skeleton = without_weights(before)
    editor = Editor(before)
    operations_before = operations(editor)

    with torch.no_grad():
        inactive.apply(editor)  # before in-place steps are judged: an identity hides an alias
        mutation.remove(editor)
        while sum(rule.apply(editor) for rule in ALGEBRAIC):
            pass
        for rule in MERGING:
            rule.apply(editor)
        for node, conv in editor.of_type(nn.Conv2d):
            if editor.owns(node):
                editor.put(node, FusedConv2d(conv))  # with nothing behind it, but packed

    after = editor.net
    # A step whose result nobody reads may still change what others read.
    after.graph.eliminate_dead_code(lambda x: x.is_impure() or changes_in_place(editor, x))
    after.delete_all_unused_submodules()
    stayed = [Left(part, f"cannot be traced: {why}") for part, why in whole.items()]
    stayed += left(editor)
    after.recompile()
    after.graph.lint()
    report = Report(
        name,
        tuple(editor.fired),
        tuple(stayed),
        operations_before,
        operations(editor),
        stored_before,
        stored(after),
        (skeleton, without_weights(after)),
    )
    after.meta = {"report": report}
    return as_fused(after)


def check(net: Any) -> None:
    """Raise unless `net` is something to fuse."""
    if not isinstance(net, nn.Module):
        what = f"{net!r} is a string" if isinstance(net, str) else f"this is a {type(net).__name__}"
        raise TypeError(
            f"{what}; fuse takes a network, for example networks.get_network('resnet18')"
        )
    if isinstance(net, torch.jit.ScriptModule):
        raise TypeError("this network is scripted; fuse it first, then script it")
    if hasattr(net, "_orig_mod"):
        raise TypeError("this network is compiled; fuse it first, then compile it")
    for name, parameter in net.named_parameters():
        if isinstance(parameter, UninitializedParameter):
            raise ValueError(
                f"{name} is lazy: it has no shape before the network has seen an input. Call the "
                "network once on a batch, then fuse it"
            )


def as_it_was(net: Any, name: str, error: UntraceableError) -> nn.Module:
    """A network that a graph cannot hold, in eval mode, with a report that says so."""
    why = (
        f"cannot be traced: {first_line(error)}. Its parts may be: net.part = fusion.fuse(net.part)"
    )
    size = stored(net)
    net.report = Report(name, (), (Left(name, why),), 0, 0, size, size)
    return net


def report(fused: nn.Module) -> Report:
    """What `fuse` did to make this network.

    Raises:
        TypeError: The network does not come from `fuse`.
    """
    found = getattr(fused, "report", None)
    if not isinstance(found, Report):
        raise TypeError(f"this {type(fused).__name__} does not come from fusion.fuse")
    return found
