"""Rows of text whose columns stand under each other, for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def aligned(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> list[str]:
    """A line for each row, with two spaces between its columns and none at its end.

    Args:
        rows: Of equally many cells each.
        left: The columns that are set to the left, counted from 0; the others are set to the right.

    Example:
        >>> print("\\n".join(aligned([("net", "MACs"), ("resnet20", "9")])))
        net       MACs
        resnet20     9
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
