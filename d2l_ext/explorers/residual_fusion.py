"""Which layers of a block become one operation when it only predicts, and why others do not.

In evaluation mode a batch norm is a product and a sum with constants for each channel. Behind a
convolution that nothing else reads, both go into its weights; ReLU and addition are then done as
the convolution writes its result, and an SE's product with the addition is one multiply-add. A
batch norm that stays takes the ReLU behind it along: both are one pass over the map.
"""

from __future__ import annotations

from typing import Any

Nodes = list[dict[str, Any]]


def fused(nodes: Nodes) -> tuple[list[list[int]], list[str]]:
    """What becomes one operation.

    Args:
        nodes: The layers of a block, as `residual_graph.graph` gives them.

    Returns:
        The operations that remain, each as positions of the layers that it does, and for each
        batch norm that cannot be folded one sentence that says why.
    """
    groups: list[list[int]] = []
    stays = []
    reads = [[here - back for back in node.get("from", [1])] for here, node in enumerate(nodes)]

    def before(here: int, *kinds: str) -> list[int] | None:
        """A group of these kinds, in their order, that ends in what only this layer reads."""
        for group in groups:
            last = group[-1]
            alone = last in reads[here] and sum(last in inputs for inputs in reads) == 1
            if alone and [nodes[i]["kind"] for i in group][: len(kinds)] == list(kinds):
                return group
        return None

    def target(here: int, kind: str) -> list[int] | None:
        if kind == "batch_norm":
            group = before(here, "conv")
            return group if group and len(group) == 1 else None
        if kind == "scale":
            return before(here, "conv", "batch_norm")
        if kind == "relu":
            return before(here, "conv") or before(here, "batch_norm")
        if kind == "add":
            group = before(here, "conv")
            on_branch = group and nodes[group[0]]["lane"] == "branch"
            return group if on_branch else before(here, "multiply")
        return None

    for here, node in enumerate(nodes):
        if node["kind"] == "dropout":
            continue
        group = target(here, node["kind"])
        if group:
            group.append(here)
        else:
            groups.append([here])
            if node["kind"] == "batch_norm":
                stays.append(why_not(node["name"], nodes, reads[here][0]))
    return groups, stays


def why_not(bn: str, nodes: Nodes, source: int) -> str:
    """Why a batch norm cannot be folded, in one sentence, and what becomes of it."""
    together = "It and the ReLU behind it are one pass over the map."
    if source >= 0 and nodes[source]["kind"] == "add":
        return (
            f"{bn} stays: it reads the sum, so to fold it the shortcut would have to be scaled as "
            f"well, and would not be the identity. {together}"
        )
    joined = "concatenation" if any(node["kind"] == "concat" for node in nodes) else "sum"
    return (
        f"{bn} stays: it reads the {joined} in which the block before ends, which is no "
        "convolution's own result; and the ReLU between it and the next convolution keeps it out of "
        f"the weights there. {together}"
    )
