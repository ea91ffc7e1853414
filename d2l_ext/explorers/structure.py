"""Another stem, and stages of other depths: changes to the tree of a blueprint's parts.

`structure.js` makes the same changes in the page; the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from d2l_ext.explorers.settings import Settings

Parts = list[dict[str, Any]]
SIMPLE = ("batch_norm", "relu", "relu6")
POOL = {"kind": "max_pool", "kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}


def stem_length(parts: Parts) -> int:
    """How many of the first parts are the stem: one convolution and what follows it as a layer.

    0 where there is no such stem: the image goes through several convolutions, or into blocks.
    """
    kinds = [part.get("kind") for part in parts]
    length = next((i for i, kind in enumerate(kinds) if kind is None), 0)
    known = all(kind in (*SIMPLE, "max_pool", "identity") for kind in kinds[1:length])
    return length if length and kinds[0] == "conv" and known else 0


def stem(parts: Parts, kind: str) -> Parts:
    """The layers of another stem, which gives as many channels as the published one.

    Args:
        parts: The layers of the published stem.
        kind: One of `settings.STEMS`; the deep one is ResNet-C of He et al. 2019, "Bag of tricks".
    """
    first = parts[0]
    behind = [part for part in parts[1:] if part["kind"] in SIMPLE]
    pool = {**POOL, "name": "maxpool"}

    def conv(name: str, side: int, stride: int, out: Any) -> dict[str, Any]:
        padding = side // 2
        sizes = {"kernel": [side] * 2, "stride": [stride] * 2, "padding": [padding] * 2}
        return {**first, "name": name, "out": out, **sizes}

    if kind == "7x7":
        return [conv(first["name"], 7, 2, first["out"]), *behind, pool]
    if kind == "3x3":
        return [conv(first["name"], 3, 1, first["out"]), *behind]
    layers = []
    for name, stride in (("deep1", 2), ("deep2", 1)):
        layers.append(conv(name, 3, stride, ["half", first["out"]]))
        layers.append({"name": f"{name}_bn", "kind": "batch_norm"})
        layers.append({"name": f"{name}_relu", "kind": "relu"})
    return [*layers, conv(first["name"], 3, 1, first["out"]), *behind, pool]


def stages(parts: Parts) -> Iterator[dict[str, Any]]:
    """The parts that are sequences of blocks, in their order."""
    for part in parts:
        inner = part.get("parts", [])
        if inner and all("block" in one and one["name"].isdecimal() for one in inner):
            yield part
        else:
            yield from stages(inner)


def depth_of(stage: Mapping[str, Any]) -> int:
    """Number of blocks in a stage."""
    return sum(part.get("count", 1) for part in stage["parts"])


def deepened(stage: dict[str, Any], depth: int) -> dict[str, Any]:
    """A stage of so many blocks: its last one is the one that repeats."""
    *others, last = stage["parts"]
    before = depth_of({"parts": others})
    if depth <= before:  # only where the last block follows one of another shape
        return {**stage, "parts": others}
    return {**stage, "parts": [*others, {**last, "count": depth - before}]}


def changed(blueprint: Mapping[str, Any], settings: Settings) -> Parts:
    """The parts of a network with the stem and the depths that the settings ask for."""
    published = blueprint.get("published", {})
    parts: Parts = blueprint["parts"]
    if settings.depths and len(settings.depths) == len(published.get("depths", ())):
        depths = iter(settings.depths)

        def deep(part: dict[str, Any], known: list[dict]) -> dict[str, Any]:
            if part in known and "parts" in part:
                return deepened(part, next(depths))
            if "parts" in part:
                return {**part, "parts": [deep(one, known) for one in part["parts"]]}
            return part

        known = list(stages(parts))
        parts = [deep(part, known) for part in parts]
    if settings.stem and "stem" in published:
        length = stem_length(parts)
        parts = [*stem(parts[:length], settings.stem), *parts[length:]]
    return parts
