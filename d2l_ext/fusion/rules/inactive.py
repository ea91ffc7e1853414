"""What does nothing in eval mode goes: identities, dropout, stochastic depth."""

import inspect

from torch import fx, nn
from torch.nn import functional as F

from d2l_ext.fusion.graph import Editor, label

NAME = "inactive step removed"

INACTIVE = (
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
DROPOUTS = (
    F.dropout,
    F.dropout1d,
    F.dropout2d,
    F.dropout3d,
    F.alpha_dropout,
    F.feature_alpha_dropout,
)


def apply(editor: Editor) -> int:
    """Let who reads such a step read what it reads."""
    fired = 0
    for node in editor.nodes:
        if not inactive(editor, node) or len(node.all_input_nodes) != 1:
            continue
        editor.fire(NAME, label(node))
        editor.bypass(node, node.all_input_nodes[0])
        fired += 1
    return fired


def inactive(editor: Editor, node: fx.Node) -> bool:
    """Whether what comes out of a node is what goes in."""
    module = editor.module(node)
    if module is not None:
        return (
            type(module) in INACTIVE
            and not module.training
            and editor.obstacle(node) != "has a hook"
        )
    if node.op != "call_function":
        return False
    # torchvision's stochastic depth is a function that traces as one call.
    known = node.target in DROPOUTS or getattr(node.target, "__name__", "") == "stochastic_depth"
    return known and not training(node)


def training(node: fx.Node) -> bool:
    """The value of the argument `training` in a call."""
    arguments = inspect.signature(node.target).bind(*node.args, **node.kwargs)  # type: ignore[arg-type]
    arguments.apply_defaults()
    return bool(arguments.arguments["training"])
