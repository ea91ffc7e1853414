"""From a blueprint and a choice of settings to the layers of a network, without torch.

A blueprint is plain data: a tree of parts and layers in which equal neighbours are written once
with a `count`, inputs are distances backwards, and what the settings decide is left open:

- widths are the expressions of `widths`,
- the stem and the number of blocks can be others than those published, as `structure` has it,
- what a layer takes in follows from what reaches it.

`blueprint.js` expands the same blueprints in the page; the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from d2l_ext.counting import Layer, Node, ShapeError, propagate
from d2l_ext.explorers.settings import Settings
from d2l_ext.explorers.structure import changed
from d2l_ext.explorers.widths import Widths

Blueprint = Mapping[str, Any]
OPEN = ("out", "groups", "channels")  # the attributes that settings may decide
OWN_KEYS = ("name", "kind", "from")  # of a layer; all its other keys are attributes


def value(attribute: Any, name: str, widths: Widths) -> Any:
    """An attribute with the settings filled in; pairs as tuples, as the rules want them."""
    if name == "channels":  # of a slice: where it begins, ends, and its step
        return tuple(None if end is None else widths(end) for end in attribute)
    if name in OPEN:
        return widths(attribute)
    return tuple(attribute) if isinstance(attribute, list) else attribute


def walk(parts: list[dict], blocks: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict]]:
    """Each layer with its full name, in the order in which the network runs."""
    for part in parts:
        for copy in range(part.get("count", 1)):
            name = prefix + (str(int(part["name"]) + copy) if "count" in part else part["name"])
            if "kind" in part:
                yield name, part
            else:
                inner = blocks[part["block"]] if "block" in part else part
                yield from walk(inner["parts"], blocks, f"{name}.")


def expand(blueprint: Blueprint, blocks: Mapping[str, Any], settings: Settings) -> list[Node]:
    """The nodes of a network, for `counting.propagate`.

    Args:
        blueprint: One network of the catalogue.
        blocks: The parts that networks share, by name.
        settings: What the blueprint leaves open.
    """
    nodes: list[Node] = []
    widths = Widths(settings, blueprint.get("published", {}))
    for position, (name, layer) in enumerate(walk(changed(blueprint, settings), blocks, "")):
        inputs = tuple(position - back for back in layer.get("from", [1]))
        attributes = {
            key: value(entry, key, widths) for key, entry in layer.items() if key not in OWN_KEYS
        }
        nodes.append(Node(name, layer["kind"], inputs, attributes))
    return nodes


def check_fixed(blueprint: Blueprint, settings: Settings) -> None:
    """Raise where a setting differs from the only one at which a blueprint can be counted.

    Raises:
        ShapeError: The message names the setting and the value that is known.
    """
    own: dict[str, Any] = {**blueprint["own"], "width_mult": 1}
    given: dict[str, list[float]] = {
        "input_size": [settings.height, settings.width],
        "width_mult": [settings.width_mult],
    }
    for name in blueprint.get("fixed", ()):
        if any(value != own[name] for value in given[name]):
            raise ShapeError(
                f"{blueprint['title']} can be counted at {name} = {own[name]} only. "
                f"Try {own[name]}."
            )


def count(blueprint: Blueprint, blocks: Mapping[str, Any], settings: Settings) -> list[Layer]:
    """The layers with their shapes and costs.

    Raises:
        ShapeError: A setting is outside of its limits, or a layer cannot take what reaches it.
    """
    settings.check()
    check_fixed(blueprint, settings)
    return propagate(expand(blueprint, blocks, settings), settings.input_shape)
