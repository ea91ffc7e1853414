"""The scripts of a widget as one module, since a widget is given exactly one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n+', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def read(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def dependencies(name: str, known: list[str]) -> list[str]:
    """The modules that `name` imports, each after those that it imports itself; then `name`."""
    for needed in IMPORT.findall(read(name)):
        if needed not in known:
            dependencies(needed, known)
    known.append(name)
    return known


@cache
def bundle(name: str) -> str:
    """A module with all that it imports written before it; only its own exports remain.

    The modules come to share one scope, so a name at the top of a module is used in no other.
    """
    *others, last = (IMPORT.sub("", read(module)) for module in dependencies(name, []))
    return "\n".join([*(EXPORT.sub("", text) for text in others), last])
