"""What a kernel that is judged prints: of each cell its own output, and not without end.

IPython gives what a thread or a child process prints to whichever cell is running by then. A thread
that prints late would so spoil the check behind it, or not, as the machine's load will have it.
"""

import sys
from typing import Any

from ipykernel.iostream import OutStream

# Of each stream and cell. Below what the judge hears out, so that it is the cell that fails, at the
# same place each time, and not a message that is too long to be heard.
CHARACTERS = 2_000_000


class OutputLimitError(Exception):
    """A cell printed more than anybody reads."""


class CellStream(OutStream):
    """A stream that takes what a cell itself writes, and drops the rest.

    The rest is what other threads write, and what goes past Python to the file descriptors.
    """

    flush_timeout = None  # type: ignore[assignment]  # however long it takes: a cell has not ended before it was heard
    written = 0

    @property
    def parent_header(self) -> dict[str, Any]:
        """The request that the running code belongs to; empty in a thread."""
        return self._parent_header.get({})

    @parent_header.setter
    def parent_header(self, value: dict[str, Any]) -> None:
        self._parent_header.set(value)
        self.written = 0
        # While a cell runs, IPython writes through a function of its own; what it puts back behind
        # it is the method that it found, which need not be the one below.
        vars(self).pop("write", None)

    def write(self, string: str) -> int | None:  # type: ignore[override]
        """Takes a text.

        Raises:
            OutputLimitError: if the cell has written too much.
        """
        if isinstance(string, str):
            if not self.parent_header:
                return len(string)
            self.written += len(string)
            if self.written > CHARACTERS:
                raise OutputLimitError(f"more than {CHARACTERS} characters were printed")
        return super().write(string)


def guard_streams() -> None:
    """Makes the standard streams of this kernel such streams."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, OutStream):
            stream.__class__ = CellStream
