"""Batch norm, or a constant scale and shift, into the layers that read it, where nothing is padded.

w * (s x + t) + b is (w s) * x + (b + the sum of w t). Where zeros come in at the border, the second
part would be smaller there, so a layer that pads with zeros takes a scale alone.
"""

import torch
from torch import fx

from d2l_ext.fusion.affine import Step, step
from d2l_ext.fusion.graph import Editor, label
from d2l_ext.fusion.layers import (
    LINEAR,
    TRANSPOSED,
    in_channels,
    pads_with_zeros,
    scaled_before,
    torch_layer,
)
from d2l_ext.fusion.rules.affine_into_previous import same_axis

NAME = "batch norm into the layers behind"


def apply(editor: Editor) -> int:
    """Fold where every reader is a layer that can take it."""
    fired = 0
    for node in editor.nodes:
        before = step(editor, node)
        if before is None or editor.obstacle(node) == "has a hook":
            continue
        if not node.users or not all(takes(editor, user, node, before) for user in node.users):
            continue
        for user in list(node.users):
            editor.fire(NAME, label(user), label(node))
            editor.put(user, scaled_before(editor.module(user), before))
        editor.bypass(node, before.source)
        fired += 1
    return fired


def takes(editor: Editor, user: fx.Node, node: fx.Node, before: Step) -> bool:
    """Whether a reader is a layer whose weights can hold the step."""
    layer = editor.module(user)
    if layer is None or not torch_layer(layer) or not editor.owns(user) or user.args != (node,):
        return False
    if not editor.quiet(node, user):
        return False
    if not before.fits(in_channels(layer)) or not same_axis(layer, before):
        return False
    shifted = bool(torch.any(before.shift != 0))
    if type(layer) in TRANSPOSED:
        return False
    if isinstance(layer, LINEAR):
        return True
    return not (shifted and pads_with_zeros(layer))
