"""Figures as the course shows them: one palette, one size, and a text for those who cannot see."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image
from torch import Tensor

# Okabe and Ito's colours, told apart by people with any colour vision; black comes first.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", "-.", ":")

STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.facecolor": "white",
    "font.size": 10,
    "lines.linewidth": 1.8,
}


class Picture:
    """A figure that is shown in a notebook with its alternative text.

    JupyterLab gives an `image/png` no text, so the picture is an HTML image; elsewhere the text
    itself is shown.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        self.figure, self.alt = figure, alt

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"

    def _repr_html_(self) -> str:
        data = base64.b64encode(_png(self.figure)).decode()
        alt = escape(self.alt, quote=True)
        return f'<img style="max-width:100%" src="data:image/png;base64,{data}" alt="{alt}">'


def _png(figure: Figure) -> bytes:
    """The figure as a PNG of 256 colours: a third of the bytes, and no eye tells it from the whole."""
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=100, bbox_inches="tight")
    # Maximum coverage keeps colours that few pixels have, as a heat map's extremes; the median cut,
    # Pillow's habit, mixes them with their neighbours.
    with Image.open(whole) as image:
        palette = image.convert("RGB").quantize(
            method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    palette.save(small, format="png", optimize=True)
    return small.getvalue()


def axes(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (4.2, 2.9), **settings: Any
) -> tuple[Figure, Any]:
    """A figure in the course's style and its axes, as `plt.subplots` returns them.

    Args:
        rows: Rows of axes.
        columns: Columns of axes.
        size: Width and height of one of them, in inches.
        **settings: As for `Figure.subplots`: `sharey=True`, ...
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
        return figure, figure.subplots(rows, columns, **settings)


def show(figure: Figure, alt: str) -> Picture:
    """The figure as the value of a cell.

    Args:
        figure: From `axes`.
        alt: What it shows, in words, for those who cannot see it: the axes, and what to notice.

    Raises:
        ValueError: The alternative text is empty.
    """
    if not alt.strip():
        raise ValueError("a figure needs its alternative text: what does it show?")
    return Picture(figure, " ".join(alt.split()))


def curves(
    ax: Axes, values: Mapping[str, Sequence[float]], xlabel: str = "epoch", ylabel: str = ""
) -> None:
    """Draw curves that are told apart by colour, dashes and marker; x counts from 1."""
    for i, (label, curve) in enumerate(values.items()):
        steps = range(1, len(curve) + 1)
        ax.plot(
            steps,
            curve,
            LINES[i % len(LINES)],
            color=COLOURS[i % len(COLOURS)],
            marker="osD^v"[i % 5],
            markersize=4,
            label=label,
        )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.legend(frameon=False)


def images(X: Tensor, titles: Iterable[str], columns: int = 8) -> Figure:
    """A sheet of images of one channel.

    Args:
        X: (N, 1, H, W) or (N, H, W).
        titles: One for each image.
        columns: Images in a row.
    """
    rows = -(-len(X) // columns)
    figure, grid = axes(rows, columns, size=(1.15, 1.35), squeeze=False)
    for ax in grid.flat:
        ax.axis("off")
    for ax, image, title in zip(grid.flat, X.reshape(-1, *X.shape[-2:]), titles, strict=False):
        ax.imshow(image, cmap="gray_r")
        ax.set_title(title, fontsize=9)
    return figure
