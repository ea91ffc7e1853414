"""What could not be fused, and why: batch norms that stay, and parts that were not traced."""

from typing import Any

from torch import fx, nn

from d2l_ext.fusion.affine import BATCH_NORMS, step
from d2l_ext.fusion.convolution import FusedConv2d
from d2l_ext.fusion.graph import Editor, activation, label, only_user
from d2l_ext.fusion.layers import in_channels, out_channels, pads_with_zeros, torch_layer
from d2l_ext.fusion.operations import FusedLayer
from d2l_ext.fusion.reports import Left


def left(editor: Editor) -> list[Left]:
    """Every batch norm that is still there, and arithmetic with constants, with a reason."""
    found = []
    for node in editor.nodes:
        module = editor.module(node)
        norm: Any = module.layer if type(module) is FusedLayer else module
        if type(norm) in BATCH_NORMS:
            fused = norm is not module
            found.append(Left(label(node), norm_reason(editor, node, norm, fused)))
        elif step(editor, node) is not None:
            found.append(Left(label(node), place_reason(editor, node, False)))
    return found


def norm_reason(editor: Editor, node: fx.Node, norm: nn.Module, fused: bool) -> str:
    """Why a batch norm stays."""
    if getattr(norm, "running_mean", None) is None:
        return "a batch norm without stored statistics computes them from each batch"
    obstacle = editor.obstacle(node)
    if obstacle is not None:
        return f"the batch norm {obstacle}"
    return place_reason(editor, node, fused)


def place_reason(editor: Editor, node: fx.Node, fused: bool) -> str:
    """Why a step fits neither into what is before it nor into what is behind it."""
    return f"{before(editor, node)}; {behind(editor, node, fused)}"


def before(editor: Editor, node: fx.Node) -> str:
    """What is in the way towards the input."""
    source = node.all_input_nodes[0]
    module = editor.module(source)
    if isinstance(module, (FusedConv2d, FusedLayer)) and module.activation:
        return "a ReLU stands before it"
    if module is None or not (torch_layer(module) or type(module) is FusedConv2d):
        return f"reads {description(editor, source)}, not a layer with weights"
    if len(source.args) > 1:
        return "a sum stands before it"
    obstacle = editor.obstacle(source)
    if obstacle is not None:
        return f"the layer before it {obstacle}"
    if only_user(source) is not node:
        return "the layer before it is read elsewhere as well"
    affine = step(editor, node)
    if affine is not None and not affine.fits(out_channels(module)):
        return "the layer before it has other channels"
    return "the layer before it has its channels on another axis"


def behind(editor: Editor, node: fx.Node, fused: bool) -> str:
    """What is in the way towards the output."""
    if fused:
        return "a ReLU stands behind it"
    if len(node.users) != 1:
        return f"{len(node.users)} steps read it"
    reader = next(iter(node.users))
    module = editor.module(reader)
    if activation(editor, reader):
        return "a ReLU stands behind it"
    if module is None or not (torch_layer(module) or type(module) is FusedConv2d):
        return f"{description(editor, reader)} is behind it, not a layer with weights"
    obstacle = editor.obstacle(reader)
    if obstacle is not None:
        return f"the layer behind it {obstacle}"
    affine = step(editor, node)
    if affine is not None and not affine.fits(in_channels(module)):
        return "the layer behind it has other channels"
    if pads_with_zeros(module):
        return "the layer behind it pads with zeros, which the step would shift"
    return "the layer behind it cannot hold it"


def description(editor: Editor, node: fx.Node) -> str:
    """What a node is, in a word or two."""
    if node.op == "placeholder":
        return "the input"
    if node.op == "output":
        return "the output"
    module = editor.module(node)
    if module is not None:
        return type(module).__name__
    return node.target if isinstance(node.target, str) else node.target.__name__.strip("_")
