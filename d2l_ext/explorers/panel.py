"""The controls of an explorer, as its page is told of them: what they set, and between which limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Control = dict[str, Any]


def number(
    name: str,
    label: str,
    limits: tuple[float, float],
    hint: str | None = None,
    page: float = 10,
    step: float = 1,
) -> Control:
    """A number to type or to turn: arrows by `step`, Page Up and Down by `page`."""
    return control("number", name, label, hint) | {"limits": limits, "page": page, "step": step}


def choice(
    name: str,
    label: str,
    options: Mapping[str, str] | Iterable[str] = (),
    hint: str | None = None,
) -> Control:
    """One of some values; where values and labels differ, `options` maps one to the other."""
    labels = options if isinstance(options, Mapping) else {value: value for value in options}
    listed = [{"value": value, "label": text} for value, text in labels.items()]
    return control("choice", name, label, hint) | {"options": listed}


def tick(name: str, label: str, hint: str | None = None) -> Control:
    """A box to tick."""
    return control("tick", name, label, hint)


def control(kind: str, name: str, label: str, hint: str | None) -> Control:
    """What all kinds have: the trait that they set, and their words."""
    return {"kind": kind, "name": name, "label": label, "hint": hint}
