"""A graph that rules change: what a node is, whether it may be changed, and how."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from d2l_ext.fusion.reports import Firing

RELUS = (F.relu, torch.relu, F.relu_, torch.relu_)
ADDITIONS = (operator.add, torch.add)
PRODUCTS = (operator.mul, torch.mul)
# What `+=` and its like call, and the step that leaves what it reads as it is.
IN_PLACE: dict[Any, Callable] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}
NUMBER_METHODS = ("size", "dim", "ndimension", "numel", "nelement", "stride", "item")
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Editor:
    """A graph module, the firings of rules on it, and the changes they need.

    Args:
        net: A graph module of our own: its modules are replaced, never changed.
    """

    def __init__(self, net: fx.GraphModule) -> None:
        self.net = net
        self.fired: list[Firing] = []

    @property
    def nodes(self) -> list[fx.Node]:
        """All nodes, in the order in which they run; the list may be changed while it is read."""
        return list(self.net.graph.nodes)

    def module(self, node: Any) -> nn.Module | None:
        """The module that a node calls, if it calls one."""
        if isinstance(node, fx.Node) and node.op == "call_module":
            return self.net.get_submodule(str(node.target))
        return None

    def of_type(self, *types: type[nn.Module]) -> list[tuple[fx.Node, Any]]:
        """Nodes that call a module of just these types, with it."""
        pairs = ((node, self.module(node)) for node in self.nodes)
        return [(node, module) for node, module in pairs if type(module) in types]

    def owns(self, node: Any) -> bool:
        """Whether replacing the module that `node` calls changes this call alone."""
        return self.obstacle(node) is None

    def obstacle(self, node: fx.Node) -> str | None:
        """Why the module that `node` calls must not be replaced; None if it may be."""
        module, name = self.module(node), str(node.target)
        if module is None:
            return "is not a module"
        if any(getattr(module, hooks) for hooks in HOOKS):
            return "has a hook"
        for other in self.net.graph.nodes:
            if other is node or other.op not in ("call_module", "get_attr"):
                continue
            target = str(other.target)
            if target == name and other.op == "call_module":
                return "is called more than once"
            if target.startswith(f"{name}.") or name.startswith(f"{target}."):
                return "is used elsewhere as well"
        return None

    def put(self, node: fx.Node, module: nn.Module) -> None:
        """Let a node call this module instead of its own, under the same name."""
        self.net.add_submodule(str(node.target), module.eval())

    def call(self, after: fx.Node, name: str, module: nn.Module, *inputs: fx.Node) -> fx.Node:
        """A new node behind `after`, with a new module under a name like `name`."""
        taken = {name for name, _ in self.net.named_modules(remove_duplicate=False)}
        candidates = (f"{name}_{i}" if i else name for i in range(len(taken) + 1))
        free = next(candidate for candidate in candidates if candidate not in taken)
        self.net.add_submodule(free, module.eval())
        with self.net.graph.inserting_after(after):
            node = self.net.graph.call_module(free, inputs)
        node.meta = dict(after.meta)
        return node

    def bypass(self, node: fx.Node, source: fx.Node) -> None:
        """Take a node out: who reads it reads `source`."""
        node.replace_all_uses_with(source)
        self.net.graph.erase_node(node)

    def fire(self, rule: str, into: str, *absorbed: str) -> None:
        """Write down that a rule has fired."""
        self.fired.append(Firing(rule, into, absorbed))

    def quiet(self, first: fx.Node, last: fx.Node) -> bool:
        """Whether nothing between two nodes changes a tensor in place.

        Only then may a step be moved from one to the other.
        """
        node = first.next
        while node is not last:
            if changes_in_place(self, node):
                return False
            node = node.next
        return True


def only_user(node: fx.Node) -> fx.Node | None:
    """The one node that reads this one, if there is just one."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def label(node: fx.Node) -> str:
    """The layer's name; for a function, that of the part it is called in, and its own."""
    if node.op in ("call_module", "get_attr"):
        return str(node.target)
    if node.op in ("placeholder", "output"):
        return node.name
    target = node.target if isinstance(node.target, str) else node.target.__name__
    name = target.strip("_")
    stack = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
    return f"{stack[-1]}.{name}" if stack and stack[-1] else name


def activation(editor: Editor, node: Any) -> str | None:
    """'relu' or 'relu6' where a node is that and nothing else."""
    module = editor.module(node)
    if module is not None:
        return {nn.ReLU: "relu", nn.ReLU6: "relu6"}.get(type(module))
    if is_call(node, RELUS, ("relu", "relu_")):
        return "relu"
    return "relu6" if is_call(node, (F.relu6,), ()) else None


def is_call(node: Any, functions: Collection[object], methods: Collection[str]) -> bool:
    """Whether a node calls one of these functions or methods."""
    if not isinstance(node, fx.Node):
        return False
    if node.op == "call_function":
        return node.target in functions
    return node.op == "call_method" and node.target in methods


def is_number(node: fx.Node) -> bool:
    """Whether a node gives plain numbers, not a map: sizes, and what is computed from them alone."""
    seen, waiting = set(), [node]
    while waiting:
        part = waiting.pop()
        seen.add(part)
        if part.op == "placeholder" and part.args:  # an argument that keeps its default
            continue
        if part.op == "call_method" and part.target in NUMBER_METHODS:
            continue
        if part.op != "call_function":
            return False
        if part.target is getattr and part.args[1] in ("shape", "ndim"):
            continue
        if (
            getattr(part.target, "__module__", "") != operator.add.__module__
            or not part.all_input_nodes
        ):
            return False
        waiting += [x for x in part.all_input_nodes if x not in seen]
    return True


def operands(node: Any, functions: Collection[object], methods: Collection[str]) -> Any:
    """The two nodes that a sum or a product of maps is of; None for anything else."""
    if not is_call(node, functions, methods) or node.kwargs or len(node.args) != 2:
        return None
    maps = all(isinstance(x, fx.Node) and not is_number(x) for x in node.args)
    return node.args if maps else None


def summands(node: Any) -> tuple[fx.Node, fx.Node] | None:
    """The two nodes that `node` is the sum of."""
    return operands(node, ADDITIONS, ("add",))


def factors(node: Any) -> tuple[fx.Node, fx.Node] | None:
    """The two nodes that `node` is the product of."""
    return operands(node, PRODUCTS, ("mul",))


def changes_in_place(editor: Editor, node: fx.Node) -> bool:
    """Whether a node changes a tensor that it was given."""
    module = editor.module(node)
    if module is not None:
        # What a part that was not traced does with its input is unknown.
        inside = type(module).__module__
        return bool(getattr(module, "inplace", False)) or not inside.startswith(
            ("torch.nn.", "d2l_ext.fusion.")
        )
    if node.op == "call_method":
        return str(node.target).endswith("_") and not str(node.target).endswith("__")
    if node.op != "call_function":
        return False
    name = getattr(node.target, "__name__", "")
    return (
        node.target in IN_PLACE
        or node.target is operator.setitem
        or (name.endswith("_") and not name.endswith("__"))
        or bool(node.kwargs.get("inplace"))
        or "out" in node.kwargs
    )
