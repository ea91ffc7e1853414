"""Two steps in a row that scale and shift each channel are one."""

from typing import Any

import torch
from torch import fx, nn

from d2l_ext.fusion.affine import BATCH_NORMS, Step, like, step
from d2l_ext.fusion.graph import Editor, label, only_user
from d2l_ext.fusion.operations import Affine

NAME = "two affine steps into one"


def apply(editor: Editor) -> int:
    """Join each pair, the first of which nobody else reads."""
    fired = 0
    for node in editor.nodes:
        second = step(editor, node)
        if second is None or only_user(second.source) is not node:
            continue
        first = step(editor, second.source)
        if (
            first is None
            or not matching(first, second)
            or not editable(editor, node, first, second)
        ):
            continue
        editor.fire(NAME, label(node), label(second.source))
        join(editor, node, second.after(first), second.source)
        fired += 1
    return fired


def matching(first: Step, second: Step) -> bool:
    """Whether both are for the same channels, and for the same axes."""
    channels = {first.channels, second.channels} - {None}
    norms = {first.norm, second.norm} - {None}
    # Constants are for maps; a BatchNorm1d is for rows.
    return (
        len(channels) <= 1
        and (len(norms) <= 1)
        and not (
            norms & {nn.BatchNorm1d}
            and len([x for x in (first, second) if x.norm is None and x.channels])
        )
    )


def editable(editor: Editor, node: fx.Node, first: Step, second: Step) -> bool:
    """Whether the modules of both steps are theirs alone."""
    nodes = (node, second.source)
    owned = all(editor.owns(x) for x in nodes if editor.module(x) is not None)
    return owned and editor.quiet(second.source, node)


def join(editor: Editor, node: fx.Node, both: Step, first: fx.Node) -> None:
    """Put the joint step where the second was."""
    if both.norm is not None:
        norm = norm_of(editor, both, node, first)
        new = editor.call(node, f"{label(node)}", norm, both.source)
    else:
        new = editor.call(node, "affine", affine_of(editor, both), both.source)
    editor.bypass(node, new)
    editor.net.graph.erase_node(first)


def norm_of(editor: Editor, both: Step, *nodes: fx.Node) -> nn.Module:
    """A batch norm that is the joint step: mean 0, variance 1, weights that do all of it."""
    modules = (editor.module(x) for x in nodes)
    old: Any = next(x for x in modules if type(x) in BATCH_NORMS)
    assert both.norm is not None and both.channels is not None
    new = both.norm(both.channels, eps=0.0, device="meta")
    scale, shift = both.over(both.channels)
    model = old.running_mean
    new.running_mean = torch.zeros_like(model)
    new.running_var = torch.ones_like(model)
    new.num_batches_tracked = old.num_batches_tracked
    new.weight, new.bias = like(scale, model), like(shift, model)
    return new


def affine_of(editor: Editor, both: Step) -> Affine:
    """Constants for a map; in the type of the network's weights."""
    weights = (x for x in editor.net.parameters() if x.is_floating_point())
    model = next(weights, torch.zeros(()))
    shape = (-1, 1, 1) if both.channels else ()
    scale, shift = torch.broadcast_tensors(both.scale, both.shift)
    return Affine(like(scale, model).data.reshape(shape), like(shift, model).data.reshape(shape))
