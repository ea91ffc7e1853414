"""Batch norm that stays, with the ReLU behind it in one step: what pre-activation leaves."""

from d2l_ext.fusion.affine import BATCH_NORMS
from d2l_ext.fusion.graph import Editor, label
from d2l_ext.fusion.operations import FusedLayer
from d2l_ext.fusion.rules.epilogues import following_activation

NAME = "batch norm + ReLU"


def apply(editor: Editor) -> int:
    """Join each batch norm with the ReLU that alone reads it."""
    fired = 0
    for node, norm in editor.of_type(*BATCH_NORMS):
        relu, name = following_activation(editor, node)
        if relu is None or not editor.owns(node) or norm.training:
            continue
        editor.fire(NAME, label(node), label(relu))
        editor.put(node, FusedLayer(norm, name))
        editor.bypass(relu, node)
        fired += 1
    return fired
