"""What all explorers share: their scripts, how they are shown, and which cell they belong to."""

from __future__ import annotations

from typing import Any, ClassVar

import anywidget
import traitlets

from d2l_ext.explorers import cells, snapshot
from d2l_ext.explorers.scripts import bundle, read


class Explorer(anywidget.AnyWidget):
    """A widget whose page computes everything, so that it works with and without a kernel.

    A subclass names its `script`, the `.js` and the `.css` file beside it; tags with `sync=True`
    what the page reads and sets; lists in `settings` what Reset restores; and says in `headline`
    and `table` what it shows. When a cell runs again, the explorers that it made are closed.
    """

    script: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    initial = traitlets.Dict(help="What Reset returns to.").tag(sync=True)

    def __init_subclass__(cls, **options: Any) -> None:
        if "script" in cls.__dict__:
            cls._esm = bundle(f"{cls.script}.js")
            cls._css = read("explorer.css") + read(f"{cls.script}.css")
        super().__init_subclass__(**options)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.initial = {name: getattr(self, name) for name in self.settings}
        cells.adopt(self)

    def headline(self) -> str:
        """What the explorer shows, in one line of plain text."""
        raise NotImplementedError

    def table(self) -> str:
        """What the explorer shows as HTML without scripts, for viewers that strip those."""
        raise NotImplementedError

    def snapshot(self) -> str:
        """The explorer as HTML that works without a kernel, and without any request."""
        return snapshot.html(self._esm, self._css, self.page_state(), self.headline(), self.table())

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
        still = {"text/plain": f"{self!r}\n{self.headline()}", "text/html": self.snapshot()}
        return {**data, **still}, metadata
