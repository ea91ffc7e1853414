"""Plain tables, for viewers that strip scripts and frames."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from d2l_ext.counting import Summary
from d2l_ext.counting.summary import HEADER

LEFT, RIGHT = ' style="text-align:left"', ' style="text-align:right"'


def parts_table(summary: Summary) -> str:
    """Stem, stages and head with their shapes and costs, and the sum."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADER if name != "kind")
    rows = [
        (
            part.name,
            shape_text(part.output_shape),
            f"{part.parameters:,}",
            f"{part.macs:,}",
            shape_text(part.receptive_field),
        )
        for part in summary.rows(depth=1)
    ]
    rows.append(("total", "", f"{summary.parameters:,}", f"{summary.macs:,}", ""))
    body = "".join(
        f'<tr><th scope="row"{LEFT}>{escape(name)}</th>'
        + "".join(f"<td{RIGHT}>{cell}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    caption = f"{escape(summary.network)} on {shape_text(summary.input_shape)}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def shape_text(sizes: int | tuple[int, ...] | None) -> str:
    """Sizes as the papers write them: 64 x 56 x 56; a question mark where they are not known."""
    if sizes is None:
        return "?"
    return str(sizes) if isinstance(sizes, int) else " x ".join(map(str, sizes))


def plain_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as a table; the first cell of each is its name."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row"{LEFT}>{escape(name)}</th>'
        + "".join(f"<td{RIGHT}>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
