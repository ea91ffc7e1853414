"""A map times a scale, plus another map, in one pass: how a squeeze-and-excitation block ends."""

from d2l_ext.fusion.graph import Editor, factors, label, only_user, summands
from d2l_ext.fusion.operations import ScaleAdd
from d2l_ext.fusion.rules.epilogues import following_activation

NAME = "scale + sum as one multiply-add"


def apply(editor: Editor) -> int:
    """Join each product with the sum that alone reads it, and with the ReLU behind that."""
    fired = 0
    for node in editor.nodes:
        pair = summands(node)
        if pair is None or pair[0] is pair[1]:
            continue
        product = next((x for x in pair if factors(x) and only_user(x) is node), None)
        scaled = factors(product)
        if product is None or scaled is None or not editor.quiet(product, node):
            continue
        other = pair[0] if product is pair[1] else pair[1]
        relu, name = following_activation(editor, node)
        editor.fire(NAME, label(node), label(product), *([label(relu)] if relu else []))
        new = editor.call(node, "scale_add", ScaleAdd(name), *scaled, other)
        editor.bypass(relu or node, new)
        if relu:
            editor.net.graph.erase_node(node)
        editor.net.graph.erase_node(product)
        fired += 1
    return fired
