"""The curves while a notebook trains: one small image, replaced at the end of each epoch."""

from __future__ import annotations

import base64
import sys
from html import escape
from typing import Any

from d2l_ext.training.board import Board

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 36, 290, 12, 186  # of the axes; the names stand to the right
# Name, colour (told apart with any colour vision) and dashes, as d2l draws its three lines.
LINES = {
    "train_loss": ("#0072B2", "none"),
    "val_loss": ("#CC79A7", "6 3"),
    "val_acc": ("#009E73", "6 2 2 2"),
}


class LiveCurve:
    """Shows a board's curves in a Jupyter notebook; elsewhere it does nothing."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self._handle: Any = None

    def update(self, board: Board) -> None:
        """Replace the image by one of the epochs so far; none of a model that records no `LINES`."""
        IPython = sys.modules.get("IPython")  # where it is not imported, there is no notebook
        shell = IPython.get_ipython() if IPython else None
        if not hasattr(shell, "kernel") or not LINES.keys() & board.points.keys():
            return
        from IPython.display import HTML, display

        image = HTML(curves(board, self.epochs))
        if self._handle is None:
            self._handle = display(image, display_id=True)
        else:
            self._handle.update(image)


def curves(board: Board, epochs: int) -> str:
    """An `img` element with loss and accuracy by epoch, and a text for those who cannot see it."""
    known = {key: board.curve(key) for key in LINES if key in board.points}
    top = max(1.0, *(max(values) for values in known.values()))
    lines = "".join(_line(key, values, epochs, top) for key, values in known.items())
    marks = "".join(_mark(top * i / 4, top) for i in range(5))
    middle = (LEFT + RIGHT) / 2
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="#333">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{marks}{lines}'
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">epoch 1 to {epochs}</text></svg>'
    )
    values = ", ".join(f"{key} {curve[-1]:.3f}" for key, curve in known.items())
    count = len(next(iter(known.values())))
    alt = escape(f"Curves after epoch {count} of {epochs}: {values}", quote=True)
    data = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}">'


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _mark(value: float, top: float) -> str:
    """A grid line with its number."""
    y = _y(value, top)
    return (
        f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="#ddd"/>'
        f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{value:.2g}</text>'
    )


def _line(key: str, values: list[float], epochs: int, top: float) -> str:
    """A curve with its name and last value at its end."""
    colour, dashes = LINES[key]
    wide = (RIGHT - LEFT) / max(1, epochs - 1)
    places = [(LEFT + wide * i, _y(value, top)) for i, value in enumerate(values)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
        f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" fill="{colour}">{key} {values[-1]:.2f}</text>'
    )
