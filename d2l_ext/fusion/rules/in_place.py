"""A ReLU that alone reads a new tensor may overwrite it."""

from torch.nn import functional as F

from d2l_ext.fusion.graph import Editor, activation, label, only_user
from d2l_ext.fusion.mutation import new_tensor

NAME = "ReLU in place"
FUNCTIONS = {"relu": F.relu, "relu6": F.relu6}


def apply(editor: Editor) -> int:
    """Let what ReLUs are left work in place."""
    fired = 0
    for node in editor.nodes:
        name = activation(editor, node)
        if name is None or len(node.all_input_nodes) != 1 or editor.obstacle(node) == "has a hook":
            continue
        source = node.all_input_nodes[0]
        own = new_tensor(editor, source) and source.op != "placeholder"
        if not own or only_user(source) is not node or node.kwargs.get("inplace"):
            continue
        editor.fire(NAME, label(node))
        node.op, node.target = "call_function", FUNCTIONS[name]
        node.args, node.kwargs = (source,), {"inplace": True}
        fired += 1
    return fired
