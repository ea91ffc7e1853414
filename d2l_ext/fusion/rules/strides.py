"""Positions that a strided 1x1 convolution throws away are not computed in the first place.

Where every reader of a step skips rows and columns alike, the step itself takes the stride: a
convolution multiplies its own by it, a ReLU or a sum passes it on. In a ResNet whose blocks begin
with a strided 1x1 the stride so moves into the 3x3 of the block before, and the shortcut is pooled
by 1x1 (the "lossless topology compression" of inference engines).
"""

from typing import Any

from torch import fx, nn

from d2l_ext.fusion.affine import step
from d2l_ext.fusion.graph import Editor, activation, changes_in_place, label, summands
from d2l_ext.fusion.layers import torch_layer, with_weights
from d2l_ext.fusion.operations import Subsample

NAME = "stride moved forward"


def apply(editor: Editor) -> int:
    """Move strides towards the input, one step at a time, from the output on."""
    fired = 0
    for node in reversed(editor.nodes):
        stride = common_stride(editor, node)
        if stride is None or not can_take(editor, node):
            continue
        readers = list(node.users)
        if any(not editor.quiet(node, reader) for reader in readers):
            continue
        for reader in readers:
            release(editor, reader)
        editor.fire(NAME, label(node), *(label(x) for x in readers))
        take(editor, node, stride)
        fired += 1
    return fired


def stride_of(editor: Editor, reader: fx.Node) -> Any:
    """The stride, a pair, of a reader that looks at every so many-th pixel alone; else None."""
    module: Any = editor.module(reader)  # its attributes depend on its kind
    if type(module) is Subsample and editor.owns(reader):
        return module.stride
    if type(module) is not nn.Conv2d or not editor.owns(reader) or len(reader.args) != 1:
        return None
    if set(module.kernel_size) != {1} or module.padding in ("valid", "same"):
        return None
    return module.stride if not any(module.padding) and max(module.stride) > 1 else None


def common_stride(editor: Editor, node: fx.Node) -> tuple[int, int] | None:
    """The stride that all readers of a node have, if it is one."""
    strides: set[Any] = {stride_of(editor, reader) for reader in node.users}
    return strides.pop() if len(strides) == 1 else None


def can_take(editor: Editor, node: fx.Node) -> bool:
    """Whether a step can compute every so many-th pixel of its result alone."""
    module = editor.module(node)
    if type(module) is nn.Conv2d:
        same = module.padding == "same"  # which torch refuses for strides
        return torch_layer(module) and editor.owns(node) and not same and len(node.args) == 1
    return pointwise(editor, node)


def pointwise(editor: Editor, node: fx.Node) -> bool:
    """Whether each pixel of a result depends on that pixel alone, of maps that nodes give."""
    if changes_in_place(editor, node) or editor.obstacle(node) == "has a hook":
        return False
    if not all(editor.quiet(source, node) for source in node.all_input_nodes):
        return False
    if activation(editor, node) is not None or summands(node) is not None:
        return all(x.op != "get_attr" for x in node.all_input_nodes)
    module = editor.module(node)
    return type(module) is nn.BatchNorm2d and step(editor, node) is not None


def release(editor: Editor, reader: fx.Node) -> None:
    """The reader without its stride."""
    module: Any = editor.module(reader)  # its attributes depend on its kind
    if type(module) is Subsample:
        editor.bypass(reader, reader.args[0])  # type: ignore[arg-type]
    else:
        editor.put(reader, with_stride(module, (1, 1)))


def take(editor: Editor, node: fx.Node, stride: tuple[int, int]) -> None:
    """The step with the stride, on its own or on what it reads."""
    module: Any = editor.module(node)
    if type(module) is nn.Conv2d:
        height, width = module.stride
        editor.put(node, with_stride(module, (height * stride[0], width * stride[1])))
        return
    for source in node.all_input_nodes:
        skip = editor.call(source, "subsample", Subsample(stride), source)
        node.replace_input_with(source, skip)


def with_stride(conv: nn.Conv2d, stride: tuple[int, int]) -> nn.Module:
    """The same convolution with another stride."""
    new = with_weights(conv, conv.weight.detach(), conv.bias)
    new.stride = stride
    return new
