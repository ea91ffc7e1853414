"""Which widgets a cell made: when it runs again, those of its earlier run are closed."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from IPython import get_ipython
from ipywidgets import Widget

# By cell: the run that is going on, and the widgets that it made.
_runs: dict[str, tuple[str, WeakSet[Widget]]] = {}


def current() -> tuple[str, str] | None:
    """The running cell and its run, as the front end names them; None outside of a notebook."""
    shell = get_ipython()
    if shell is None or not hasattr(shell, "get_parent"):
        return None
    request: dict[str, Any] = shell.get_parent()
    cell = request.get("metadata", {}).get("cellId")
    return (cell, request["header"]["msg_id"]) if cell else None


def adopt(widget: Widget) -> None:
    """Note that the running cell made a widget, and close what its earlier run made."""
    now = current()
    if now is None:
        return
    cell, run = now
    earlier, widgets = _runs.get(cell, (run, WeakSet()))
    if earlier != run:
        for old in list(widgets):
            old.close()
        widgets = WeakSet()
    widgets.add(widget)
    _runs[cell] = run, widgets
