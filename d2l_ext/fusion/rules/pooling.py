"""Pooling over single pixels: with stride 1 it does nothing, with a larger one it only skips."""

from typing import Any

from torch import nn

from d2l_ext.fusion.graph import Editor, label
from d2l_ext.fusion.operations import Subsample

NAME = "1x1 pooling"


def apply(editor: Editor) -> int:
    """Take it out, or leave out rows and columns instead."""
    fired = 0
    for node, pool in editor.of_type(nn.MaxPool2d, nn.AvgPool2d):
        if not single_pixel(pool) or not editor.owns(node):
            continue
        if not editor.quiet(node, editor.nodes[-1]):  # what comes out would share memory
            continue
        editor.fire(NAME, label(node))
        stride = pair(pool.stride)
        if stride == (1, 1):
            editor.bypass(node, node.all_input_nodes[0])
        else:
            editor.put(node, Subsample(stride))
        fired += 1
    return fired


def single_pixel(pool: Any) -> bool:
    """Whether a pooling looks at one pixel at a time, and hands it on as it is."""
    if getattr(pool, "return_indices", False) or getattr(pool, "divisor_override", None):
        return False
    return pair(pool.kernel_size) == (1, 1) and pair(pool.padding) == (0, 0)


def pair(value: Any) -> tuple[int, int]:
    """A size that may be given as one number for both axes."""
    return (value, value) if isinstance(value, int) else tuple(value)
