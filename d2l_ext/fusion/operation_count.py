"""How many steps of a graph compute something."""

from typing import Any

import torch
from torch import fx

from d2l_ext.fusion.graph import Editor, is_number
from d2l_ext.fusion.rules.inactive import inactive

# Steps that hand on what they read in another shape.
SHAPING = {
    "getitem", "getattr", "flatten", "view", "reshape", "split", "chunk", "unsqueeze", "squeeze",
    "permute", "transpose", "at_least", "unflatten", "Flatten", "Unflatten", "Subsample",
}  # fmt: skip


def operations(editor: Editor) -> int:
    """Steps that compute something."""
    return sum(computes(editor, node) for node in editor.net.graph.nodes)


def computes(editor: Editor, node: fx.Node) -> bool:
    """Whether a node is more than an input, an output, a constant, a size, a check or a view."""
    if node.op in ("placeholder", "output", "get_attr") or inactive(editor, node):
        return False
    if is_number(node) or node.target is torch._assert:
        return False
    module = editor.module(node)
    if module is not None:
        return type(module).__name__ not in SHAPING
    target: Any = node.target
    name = target if isinstance(target, str) else target.__name__
    return name not in SHAPING
