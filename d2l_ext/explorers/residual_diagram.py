"""The drawing of a block, worked out once: where boxes and wires are, and which text they bear.

`diagram.js` draws the same in the page, with the learner's numbers; the tests hold the two together.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from d2l_ext.explorers.residual_graph import filled

BOX, HEIGHT, ROW = 160, 26, 38  # in pixels
BRANCH, GATE, BESIDE = 92, 274, 278  # where the lanes are; the shortcut is further out with a gate
BEYOND = 446
TIP = 13  # where the wires in and out end
TINTS = {
    "conv": "#0072b2",
    "batch_norm": "#009e73",
    "relu": "#e69f00",
    "SE": "#cc79a7",
}
Point = list[float]
Nodes = list[dict[str, Any]]


def items(nodes: Nodes, lane: str) -> list[int]:
    """The layers of a lane that are drawn; several in one box are drawn as their last."""
    here = [i for i, node in enumerate(nodes) if node["lane"] == lane]
    return [
        i
        for i, after in zip(here, [*here[1:], None], strict=False)
        if after is None or "box" not in nodes[i] or nodes[after].get("box") != nodes[i]["box"]
    ]


def layout(nodes: Nodes, groups: list[list[int]], tap: int) -> dict[str, Any]:
    """Where everything is.

    Args:
        nodes: The layers of a block.
        groups: Those that become one operation, from `residual_fusion.fused`.
        tap: After so many layers of the branch the shortcut begins.

    Returns:
        `size`, (width, height); `items`, each [node, x, y]; `wires`, each a list of points, the last
        with an arrow; `frames`, each [x, y, width, height] around what becomes one operation.
    """
    branch, gate, shortcut, after = (
        items(nodes, lane) for lane in ("branch", "gate", "shortcut", "after")
    )
    beside = BEYOND if gate else BESIDE
    merges = bool(after) and nodes[after[0]]["kind"] in ("add", "concat")
    place: dict[int, Point] = {}
    column = branch + after
    for row, i in enumerate(column, start=1):
        place[i] = [BRANCH, row * ROW]
    weighing = len(branch) * ROW  # the row at which a gate weights the others
    on_way = [i for i in shortcut if nodes[i]["name"] != "shortcut_gate"]
    top = weighing - ROW * len(on_way) if gate else ROW * (len(branch) + 1 - len(on_way)) / 2
    top = max(top, ROW * (tap + 1))
    for row, i in enumerate(on_way):
        place[i] = [beside, top + row * ROW + (0 if gate else ROW / 2)]
    for i in shortcut:
        place.setdefault(i, [beside, weighing])
    for i, y in zip(gate, (weighing - ROW, weighing), strict=False):
        place[i] = [GATE, y]

    def edge(i: int) -> float:
        return 12 if round_(nodes[i]) else HEIGHT / 2

    wires: list[list[Point]] = []
    ends: list[Point] = [[BRANCH, TIP], *([BRANCH, place[i][1] + edge(i)] for i in column)]
    starts: list[Point] = [*([BRANCH, place[i][1] - edge(i)] for i in column)]
    starts.append([BRANCH, (len(column) + 1) * ROW - TIP])
    wires += [[a, b] for a, b in zip(ends, starts, strict=True)]
    split = (tap + 0.5) * ROW - 2
    if merges:
        points: list[Point] = [[BRANCH, split], [beside, split]]
        for i in shortcut:
            wires.append([*points, [beside, place[i][1] - edge(i)]])
            points = [[beside, place[i][1] + edge(i)]]
        merge = after[0]
        right = BRANCH + (12 if round_(nodes[merge]) else BOX / 2)
        level = place[merge][1]
        wires.append([*points, [beside, level], [right, level]])
    if gate:
        conv, sigmoid = (place[i] for i in gate)
        wires.append([[BRANCH, split], [GATE, split], [GATE, conv[1] - HEIGHT / 2]])
        wires.append([[GATE, conv[1] + HEIGHT / 2], [GATE, sigmoid[1] - HEIGHT / 2]])
        wires.append([[GATE + BOX / 2, weighing], [beside - 12, weighing]])
        if round_(nodes[branch[-1]]):
            wires.append([[GATE - BOX / 2, weighing], [BRANCH + 12, weighing]])
    frames = []
    for group in groups:
        drawn = [i for i in group if i in place]
        if len(drawn) > 1:
            x = place[drawn[0]][0] - BOX / 2 - 5
            ys = [place[i][1] for i in drawn]
            pad = HEIGHT / 2 + 4
            frames.append([x, min(ys) - pad, BOX + 10, max(ys) - min(ys) + 2 * pad])
    return {
        "size": [(beside if merges else BRANCH) + 90, (len(column) + 1) * ROW],
        "items": [[i, *place[i]] for i in sorted(place)],
        "wires": wires,
        "frames": frames,
    }


def round_(node: Mapping[str, Any]) -> bool:
    """Whether a layer is a small circle: a sum or a product."""
    return node["kind"] in ("add", "multiply") and "box" not in node


def label(node: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """What stands in a box, in the papers' shorthand."""
    kind, box = node["kind"], node.get("box")
    if box == "SE":
        return f"SE, r = {settings['ratio']}"
    if box:
        return f"{box}: zeros" if settings["stride"] == 1 else f"{box}, /{settings['stride']}"
    if kind == "conv":
        layer = filled(node, settings)
        stride = f", /{layer['stride'][0]}" if layer["stride"][0] > 1 else ""
        groups = f", C = {layer['groups']}" if "groups" in layer else ""
        return f"{layer['kernel'][0]} × {layer['kernel'][0]}, {layer['out']}{stride}{groups}"
    if kind == "scale":
        factor = settings["scale"] if node["factor"] == "scale" else node["factor"]
        return f"× {factor:g}"
    if kind == "sigmoid":
        return f"sigmoid(· − {-node['start']:g})"
    return {"batch_norm": "BN", "relu": "ReLU", "add": "+", "multiply": "×"}.get(kind, kind)


def number(value: float) -> str:
    """A coordinate without trailing zeros, as JavaScript writes it."""
    return f"{value:g}"


def drawing(
    nodes: Nodes, where: Mapping[str, Any], settings: Mapping[str, Any], fused: bool
) -> str:
    """What stands inside the svg element."""
    parts = []
    if fused:
        for x, y, width, height in where["frames"]:
            parts.append(
                f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                f'height="{number(height)}" rx="7" fill="none" stroke="currentColor" '
                'stroke-width="2.5"/>'
            )
    for points in where["wires"]:
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="currentColor"/>')
        (x0, y0), (x, y) = points[-2:]
        across, along = (0, 1 if y > y0 else -1) if x == x0 else (1 if x > x0 else -1, 0)
        tip = [
            (x, y),
            (x - 7 * across - 3.5 * along, y - 7 * along - 3.5 * across),
            (x - 7 * across + 3.5 * along, y - 7 * along + 3.5 * across),
        ]
        path = " ".join(f"{number(a)},{number(b)}" for a, b in tip)
        parts.append(f'<polygon points="{path}" fill="currentColor"/>')
    for i, x, y in where["items"]:
        node = nodes[i]
        if round_(node):
            parts.append(
                f'<circle cx="{number(x)}" cy="{number(y)}" r="12" fill="none" '
                'stroke="currentColor"/>'
            )
        else:
            tint = TINTS.get(node.get("box", node["kind"]), "#888888")
            parts.append(
                f'<rect x="{number(x - BOX / 2)}" y="{number(y - HEIGHT / 2)}" width="{BOX}" '
                f'height="{HEIGHT}" rx="4" fill="{tint}" fill-opacity="0.2" stroke="{tint}"/>'
            )
        parts.append(
            f'<text x="{number(x)}" y="{number(y + 4.5)}" text-anchor="middle" '
            f'fill="currentColor">{label(node, settings)}</text>'
        )
        if node.get("complement"):
            parts.append(
                f'<text x="{number(x + 16)}" y="{number(y + 4.5)}" fill="currentColor">1 − g</text>'
            )
    return "".join(parts)


def words(nodes: Nodes, settings: Mapping[str, Any], merge: str) -> str:
    """The drawing in words, for those who cannot see it."""
    lanes = {
        lane: ", ".join(label(nodes[i], settings) for i in items(nodes, lane))
        for lane in ("branch", "gate", "shortcut", "after")
    }
    if not merge:
        return f"In a row: {lanes['branch']}, {lanes['after']}."
    gate = f" Gate: {lanes['gate']}." if lanes["gate"] else ""
    shortcut = lanes["shortcut"] or "the identity"
    return f"Branch: {lanes['branch']}.{gate} Shortcut: {shortcut}. Then: {lanes['after']}."


def image(
    nodes: Nodes, where: Mapping[str, Any], settings: Mapping[str, Any], fused: bool, alt: str
) -> str:
    """The drawing as an img element that carries its own data."""
    width, height = where["size"]
    document = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" font-family="sans-serif" '
        f'font-size="13" style="background:#fff;color:#222">'
        f"{drawing(nodes, where, settings, fused)}</svg>"
    )
    data = base64.b64encode(document.encode()).decode()
    return f'<img alt="{alt}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
