"""Batch norm, or a constant scale and shift, into the layer before it."""

from torch import nn

from d2l_ext.fusion.affine import step
from d2l_ext.fusion.graph import Editor, label, only_user
from d2l_ext.fusion.layers import (
    CONVOLUTIONS,
    LINEAR,
    TRANSPOSED,
    out_channels,
    scaled_after,
    torch_layer,
)

NAME = "batch norm into the layer before"


def apply(editor: Editor) -> int:
    """Fold where the layer's result goes nowhere else, and the layer is called just once.

    w * x + b, scaled by s and shifted by t, is (s w) * x + (s b + t).
    """
    fired = 0
    for node in editor.nodes:
        after = step(editor, node)
        if after is None or only_user(after.source) is not node:
            continue
        layer = editor.module(after.source)
        if layer is None or not torch_layer(layer) or not editor.owns(after.source):
            continue
        if not after.fits(out_channels(layer)) or not same_axis(layer, after):
            continue
        if editor.obstacle(node) == "has a hook":
            continue
        editor.fire(NAME, label(after.source), label(node))
        editor.put(after.source, scaled_after(layer, after))
        editor.bypass(node, after.source)
        fired += 1
    return fired


def same_axis(layer: nn.Module, after) -> bool:
    """Whether the step's channels are the layer's."""
    if after.channels is None:
        return True
    if isinstance(layer, LINEAR):  # features are the last axis, a map's channels are not
        return after.norm is nn.BatchNorm1d
    if after.norm is None:  # constants of shape (C, 1, 1)
        return type(layer) in (nn.Conv2d, nn.ConvTranspose2d)
    kinds = [k for k in (*CONVOLUTIONS, *TRANSPOSED) if type(layer) is k]
    return bool(kinds) and after.norm in (nn.SyncBatchNorm, NORM_OF[kinds[0]])


NORM_OF = {
    nn.Conv1d: nn.BatchNorm1d,
    nn.Conv2d: nn.BatchNorm2d,
    nn.Conv3d: nn.BatchNorm3d,
    nn.ConvTranspose1d: nn.BatchNorm1d,
    nn.ConvTranspose2d: nn.BatchNorm2d,
    nn.ConvTranspose3d: nn.BatchNorm3d,
}
