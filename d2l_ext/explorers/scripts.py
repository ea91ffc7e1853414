"""The scripts of a widget as one module, since a widget is given exactly one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n+', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
UNREAD = re.compile(r"^ *//.*\n|^ +", re.MULTILINE)  # comments, and what indents the rest


def read(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def sent(name: str) -> str:
    """A module as pages get it: a snapshot carries it wherever its notebook goes.

    No string in backquotes may run over several lines, since it would lose its indentation.
    """
    return UNREAD.sub("", read(name))


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
    modules = dependencies(name, [])
    *others, last = (IMPORT.sub("", sent(module)) for module in modules)
    return "\n".join([*(EXPORT.sub("", text) for text in others), last])


def styles(name: str, explorer: str) -> str:
    """The style sheets that stand beside a module and what it imports, in their order.

    All are for the explorer of that class alone: a notebook holds the sheets of all its widgets.
    """
    beside = (Path(module).with_suffix(".css").name for module in dependencies(name, []))
    sheets = "".join(read(sheet) for sheet in beside if (HERE / sheet).exists())
    own = (read("explorer.css") + sheets).replace(".d2l-explorer", "&.d2l-explorer")
    return f".d2l-{explorer} {{\n{own}}}\n"
