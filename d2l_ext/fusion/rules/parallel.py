"""Convolutions of one kind that read the same map, as one that is as wide as all of them.

Inception's 1x1s: the map is read once, and the wide result is cut into their channels.
"""

from __future__ import annotations

from operator import getitem
from typing import Any

import torch
from torch import fx, nn

from d2l_ext.fusion.affine import like
from d2l_ext.fusion.convolution import FusedConv2d
from d2l_ext.fusion.graph import Editor, label

NAME = "parallel convolutions into one"


def apply(editor: Editor) -> int:
    """Join all readers of a node that differ in their weights and their width alone."""
    fired = 0
    for node in editor.nodes:
        kinds: dict[tuple, list[fx.Node]] = {}
        for reader in node.users:
            kind = kind_of(editor, reader, node)
            if kind is not None:
                kinds.setdefault(kind, []).append(reader)
        for readers in kinds.values():
            if len(readers) > 1 and all(editor.quiet(readers[0], x) for x in readers[1:]):
                join(editor, readers)
                fired += 1
    return fired


def kind_of(editor: Editor, reader: fx.Node, source: fx.Node) -> tuple | None:
    """What must agree; None for what cannot be joined."""
    conv: Any = editor.module(reader)
    if type(conv) not in (nn.Conv2d, FusedConv2d) or reader.args != (source,) or conv.groups > 1:
        return None
    if not editor.owns(reader) or not reader.users:
        return None
    names = ("in_channels", "kernel_size", "stride", "padding", "dilation", "padding_mode")
    values = tuple(getattr(conv, name) for name in names)
    return (*values, conv.weight.dtype, getattr(conv, "activation", None))


def join(editor: Editor, readers: list[fx.Node]) -> None:
    """One convolution where the first was; a slice of its result for each."""
    convs: list[Any] = [editor.module(reader) for reader in readers]
    wide = wide_conv(convs)
    first = readers[0]
    editor.fire(NAME, label(first), *(label(reader) for reader in readers[1:]))
    new = editor.call(
        first, f"{first.target}_and_{len(convs) - 1}_more", wide, *first.all_input_nodes
    )
    with editor.net.graph.inserting_after(new):
        widths = [conv.out_channels for conv in convs]
        split = editor.net.graph.call_function(torch.split, (new, widths), {"dim": 1})
    place = split
    for i, reader in enumerate(readers):
        with editor.net.graph.inserting_after(place):
            place = editor.net.graph.call_function(getitem, (split, i))
        editor.bypass(reader, place)


def wide_conv(convs: list[Any]) -> FusedConv2d:
    """The convolution with all their weights, one after another."""
    model = convs[0]
    weight = torch.cat([conv.weight.detach() for conv in convs])
    bias = None
    if any(conv.bias is not None for conv in convs):
        zeros = [weight.new_zeros(conv.out_channels) for conv in convs]
        bias = torch.cat(
            [z if c.bias is None else c.bias.detach() for c, z in zip(convs, zeros, strict=True)]
        )
    wide = FusedConv2d(model, getattr(model, "activation", None))
    wide.out_channels = weight.shape[0]
    wide.weight = like(weight, model.weight)
    wide.bias = None if bias is None else like(bias, model.weight)
    return wide
