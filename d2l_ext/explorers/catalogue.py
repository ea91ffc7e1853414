"""The blueprints of all listed networks, as `blueprints.py` drew them."""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.settings import LIMITS, STEMS
from d2l_ext.explorers.zoo_images import sheet

PATH = Path(__file__).with_name("blueprints.json")


@cache
def catalogue() -> dict[str, Any]:
    """All that a page needs to know: networks, blocks, limits, an image, what a MAC is."""
    drawn = json.loads(PATH.read_text())
    return {**drawn, "limits": LIMITS, "stems": STEMS, "note": NOTE, "picture": sheet([0])}


def check_name(name: str, networks: dict[str, Any]) -> None:
    """Raise unless there is a network of that name.

    Raises:
        ValueError: There is none; the message suggests close ones.
    """
    if name not in networks:
        close = difflib.get_close_matches(name, networks, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "see networks.list_networks()"
        raise ValueError(f"there is no network called {name!r}; {hint}")


def excerpt(known: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The networks of the same families as `names`, ResNet's too, with the blocks that they use.

    A snapshot travels in its notebook, so it carries those that one would compare and no more.
    """
    families = {"ResNet", *(known["networks"][name]["family"] for name in names)}
    networks = {k: v for k, v in known["networks"].items() if v["family"] in families}
    used: set[str] = set()

    def collect(parts: list[dict]) -> None:
        for part in parts:
            if "block" in part and part["block"] not in used:
                used.add(part["block"])
                collect(known["blocks"][part["block"]]["parts"])
            collect(part.get("parts", []))

    for network in networks.values():
        collect(network["parts"])
    blocks = {name: block for name, block in known["blocks"].items() if name in used}
    return {**known, "networks": networks, "blocks": blocks}
