"""How many steps of a graph compute something."""

from typing import Any

from torch import fx

from d2l_ext.fusion.graph import Editor
from d2l_ext.fusion.rules.inactive import inactive

# Steps that hand on what they read in another shape.
SHAPING = {
    "getitem", "getattr", "flatten", "view", "reshape", "size", "split", "chunk", "unsqueeze",
    "squeeze", "permute", "transpose", "at_least", "dim", "unflatten", "Flatten", "Unflatten",
    "Subsample",
}  # fmt: skip


def operations(editor: Editor) -> int:
    """Steps that compute something."""
    return sum(computes(editor, node) for node in editor.net.graph.nodes)


def computes(editor: Editor, node: fx.Node) -> bool:
    """Whether a node is more than an input, an output, a constant or another view of a tensor."""
    if node.op in ("placeholder", "output", "get_attr") or inactive(editor, node):
        return False
    module = editor.module(node)
    if module is not None:
        return type(module).__name__ not in SHAPING
    target: Any = node.target
    name = target if isinstance(target, str) else target.__name__
    return name not in SHAPING
