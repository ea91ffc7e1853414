"""A sum that no layer has taken, with the ReLU behind it in one step."""

from d2l_ext.fusion.graph import Editor, label, summands
from d2l_ext.fusion.operations import FusedSum
from d2l_ext.fusion.rules.epilogues import following_activation

NAME = "sum + ReLU"


def apply(editor: Editor) -> int:
    """Join each sum with the ReLU that alone reads it."""
    fired = 0
    for node in editor.nodes:
        pair = summands(node)
        relu, name = following_activation(editor, node)
        if pair is None or relu is None or name is None:
            continue
        editor.fire(NAME, label(relu), label(node))
        new = editor.call(node, "sum", FusedSum(name), *pair)
        editor.bypass(relu, new)
        editor.net.graph.erase_node(node)
        fired += 1
    return fired
