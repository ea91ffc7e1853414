"""Convolution, sum and ReLU as one step; so for linear layers, and for batch norms that stay."""

from torch import fx, nn

from d2l_ext.fusion.convolution import FusedConv2d
from d2l_ext.fusion.graph import Editor, activation, label, only_user, summands
from d2l_ext.fusion.layers import torch_layer
from d2l_ext.fusion.operations import FusedLayer

NAMES = {
    (False, True): "layer + ReLU",
    (True, False): "layer + sum",
    (True, True): "layer + sum + ReLU",
}


def apply(editor: Editor) -> int:
    """Sums first, with the ReLU behind them, then what ReLUs are left."""
    return sum(fuse_sum(editor, x) for x in editor.nodes) + sum(
        fuse_activation(editor, x) for x in editor.nodes
    )


def following_activation(editor: Editor, node: fx.Node) -> tuple[fx.Node | None, str | None]:
    """The activation that alone reads a node, and its name."""
    reader = only_user(node)
    if reader is None or editor.obstacle(reader) == "has a hook":
        return None, None
    name = activation(editor, reader)
    return (reader, name) if name else (None, None)


def fuse_sum(editor: Editor, node: fx.Node) -> bool:
    """A sum, and the ReLU behind it, into a layer whose result is one of its summands."""
    pair = summands(node)
    if pair is None:
        return False
    order = editor.nodes
    relu, name = following_activation(editor, node)
    # The layer that runs last: the other summand is there by then.
    for layer_node in sorted(pair, key=order.index, reverse=True):
        other = pair[0] if layer_node is pair[1] else pair[1]
        if other is layer_node or not takes_more(editor, layer_node):
            continue
        if only_user(layer_node) is not node or not editor.quiet(layer_node, node):
            continue
        absorbed = [label(node)] + ([label(relu)] if relu else [])
        editor.fire(NAMES[True, relu is not None], label(layer_node), *absorbed)
        node.op, node.target = "call_module", layer_node.target
        node.args, node.kwargs = (layer_node.args[0], other), {}
        editor.net.graph.erase_node(layer_node)
        editor.put(node, fused(editor.module(node), name))
        if relu:
            editor.bypass(relu, node)
        return True
    return False


def fuse_activation(editor: Editor, node: fx.Node) -> bool:
    """A ReLU into the layer that it alone reads."""
    if not takes_more(editor, node):
        return False
    relu, name = following_activation(editor, node)
    if relu is None:
        return False
    editor.fire(NAMES[False, True], label(node), label(relu))
    editor.put(node, fused(editor.module(node), name))
    editor.bypass(relu, node)
    return True


def takes_more(editor: Editor, node: fx.Node) -> bool:
    """Whether a node calls a layer that a sum or a ReLU can join."""
    module = editor.module(node)
    return (
        module is not None
        and torch_layer(module)
        and len(node.args) == 1
        and not node.kwargs
        and editor.owns(node)
    )


def fused(layer: nn.Module | None, name: str | None) -> nn.Module:
    """The layer with what follows it."""
    assert layer is not None
    return FusedConv2d(layer, name) if type(layer) is nn.Conv2d else FusedLayer(layer, name)
