"""In-place steps made ordinary ones, where it is certain that this changes nothing.

After `X += Y` or `relu_(X)` whoever reads X reads what the step wrote. In a graph that rules may
reorder this must not be so; where an alias could hide, the step stays, and no step moves past it.
"""

import operator
from collections.abc import Callable

from torch import fx, nn
from torch.nn import functional as F

from d2l_ext.fusion.graph import IN_PLACE, Editor, changes_in_place, is_number
from d2l_ext.fusion.layers import WEIGHTED

PLAIN: dict[object, Callable] = {
    **IN_PLACE,
    "add_": operator.add,
    "mul_": operator.mul,
    "relu_": F.relu,
    F.relu_: F.relu,
    F.relu: F.relu,
    F.relu6: F.relu6,
}
NEW_TENSOR = (
    *WEIGHTED,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Sigmoid,
)


def remove(editor: Editor) -> None:
    """Replace what can be replaced, from the first step to the last."""
    for node in editor.nodes:
        if not changes_in_place(editor, node) or not node.args:
            continue
        target = node.args[0]
        if isinstance(target, fx.Node) and is_number(target):
            # Numbers have no memory to share: who has read the old one keeps it.
            node.target = IN_PLACE.get(node.target, node.target)
            continue
        readers_before = [x for x in getattr(target, "users", ()) if x is not node]
        if not isinstance(target, fx.Node) or not new_tensor(editor, target):
            continue
        if not all(new_tensor(editor, reader) for reader in readers_before):
            continue
        plain = plain_form(editor, node)
        if plain is None:
            continue
        later = following(node)
        node.op, node.target, node.kwargs = "call_function", plain, {}
        target.replace_all_uses_with(node, delete_user_cb=later.__contains__)


def following(node: fx.Node) -> set[fx.Node]:
    """All nodes behind this one."""
    nodes, node = set(), node.next
    while node.op != "root":
        nodes.add(node)
        node = node.next
    return nodes


def plain_form(editor: Editor, node: fx.Node) -> Callable | None:
    """The function that gives what an in-place step leaves behind; None for unknown ones."""
    module = editor.module(node)
    if module is not None:
        known = type(module) in (nn.ReLU, nn.ReLU6) and editor.obstacle(node) != "has a hook"
        return {nn.ReLU: F.relu, nn.ReLU6: F.relu6}[type(module)] if known else None
    if set(node.kwargs) - {"inplace"} or len(node.args) > 2:
        return None
    return PLAIN.get(node.target)


def new_tensor(editor: Editor, node: fx.Node) -> bool:
    """Whether a node's result shares no memory with what it reads: unknown ones count as sharing."""
    if node.op in ("placeholder", "output"):
        return True
    module = editor.module(node)
    if module is not None:
        return type(module) in NEW_TENSOR or (
            type(module) in (nn.ReLU, nn.ReLU6) and not module.inplace
        )
    if changes_in_place(editor, node):
        return False
    names = {"add", "sub", "mul", "truediv", "relu", "relu6", "cat", "sigmoid", "max_pool2d"}
    return node.op == "call_function" and getattr(node.target, "__name__", "") in names
