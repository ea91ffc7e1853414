"""What all explorers share: their scripts, how they are shown, and which cell they belong to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from html import escape
from typing import Any, ClassVar

import anywidget
import traitlets

from d2l_ext.explorers import cells, snapshot
from d2l_ext.explorers.panel import Control
from d2l_ext.explorers.scripts import bundle, styles


class Explorer(anywidget.AnyWidget):
    """A widget whose page computes everything, so that it works with and without a kernel.

    A subclass names its `script`, the `.js` and the `.css` file beside it; tags with `sync=True`
    what the page reads and sets; and says in `headline` and `table` what it shows. The arguments of
    its constructor, all with defaults, are the settings: Reset restores them, and the line of Python
    names those that differ. `panel` has its controls, and `words` whatever text the page shows as it
    stands. When a cell runs again, the explorers that it made are closed.
    """

    script: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[dict[str, Any]] = {}
    page = traitlets.Dict(help="The controls and words of the page.").tag(sync=True)
    initial = traitlets.Dict(help="What Reset returns to.").tag(sync=True)
    usual = traitlets.Dict(help="The settings without any argument.").tag(sync=True)

    def __init_subclass__(cls, **options: Any) -> None:
        if "script" in cls.__dict__:
            cls._esm = bundle(f"{cls.script}.js")
            cls._css = styles(f"{cls.script}.js", cls.__name__)
            _, *arguments = inspect.signature(cls.__init__).parameters.values()
            cls.settings = tuple(argument.name for argument in arguments)
            cls._defaults = {argument.name: argument.default for argument in arguments}
        super().__init_subclass__(**options)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.initial = {name: getattr(self, name) for name in self.settings}
        self.usual = self._defaults
        self.page = {"controls": self.panel(), "words": self.words}
        cells.adopt(self)

    def __repr__(self) -> str:
        """The shortest line of Python that makes this explorer again; the page shows the same."""
        differing = [
            f"{name}={literal(getattr(self, name))}"
            for name, default in self._defaults.items()
            if getattr(self, name) != default
        ]
        return f"explorers.{type(self).__name__}({', '.join(differing)})"

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        raise NotImplementedError

    def headline(self) -> str:
        """What the explorer shows, in one line of plain text.

        Raises:
            ValueError: The settings are impossible; the message says why, and is shown instead.
        """
        raise NotImplementedError

    def table(self) -> str:
        """What the explorer shows as HTML without scripts, for viewers that strip those.

        Raises:
            ValueError: The settings are impossible; the message says why, and is shown instead.
        """
        raise NotImplementedError

    def snapshot(self) -> str:
        """The explorer as HTML that works without a kernel, and without any request."""
        headline, table = or_why(self.headline), or_why(self.table, markup=True)
        return snapshot.html(self._esm, self._css, self.page_state(), headline, table)

    def page_state(self) -> dict[str, Any]:
        """The traits that the page reads, without the widget's own machinery."""
        machinery = anywidget.AnyWidget.class_traits()
        names = type(self).class_traits(sync=True)
        return {
            name: getattr(self, name)
            for name in names
            if name not in machinery and not name.startswith("_")
        }

    def close(self) -> None:
        """Close the explorer everywhere, and its layout with it, which ipywidgets would keep."""
        self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        """The live widget, and beside it what a viewer without a kernel can show."""
        live = super()._repr_mimebundle_(**options)
        data, metadata = live if live else ({}, {})
        still = {"text/plain": f"{self!r}\n{or_why(self.headline)}", "text/html": self.snapshot()}
        return {**data, **still}, metadata


def or_why(describe: Callable[[], str], markup: bool = False) -> str:
    """What is shown, or why there is nothing to show."""
    try:
        return describe()
    except ValueError as error:
        return f"<p>{escape(str(error))}</p>" if markup else str(error)


def literal(value: Any) -> str:
    """A value as Python and the page write it alike: a whole float without its point."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)
