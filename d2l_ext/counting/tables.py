"""Rows of text as a table: for a terminal, and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from d2l_ext.columns import aligned

Row = Sequence[str]


def text_table(title: str, header: Row, rows: Sequence[Row], total: Row, left: int) -> str:
    """A table of plain text, its first `left` columns to the left and the others to the right."""
    lines = aligned([header, *rows, total], left=range(left))
    rule = "-" * max(map(len, lines))
    return "\n".join([title, rule, lines[0], rule, *lines[1:-1], rule, lines[-1]])


def html_table(caption: str, header: Row, rows: Sequence[Row], total: Row, left: int) -> str:
    """The same as HTML; the first cell of a row is its header. An empty caption is left out."""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(_html_row(row, left) for row in rows)
    return (
        f"<table>{above}<thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody><tfoot>{_html_row(total, left)}</tfoot></table>"
    )


def folded(label: str, html: str) -> str:
    """HTML that a reader can open."""
    return f"<details><summary>{escape(label)}</summary>{html}</details>"


def _html_row(cells: Row, left: int) -> str:
    """A row of the table."""
    name, *others = (escape(cell) for cell in cells)
    data = "".join(
        f'<td style="text-align:{"left" if i < left else "right"}">{cell}</td>'
        for i, cell in enumerate(others, start=1)
    )
    return f'<tr><th scope="row" style="text-align:left">{name}</th>{data}</tr>'
