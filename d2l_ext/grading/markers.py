"""The regions of a cell that nbgrader's markers enclose: found, and replaced."""

import textwrap

SOLUTION = "SOLUTION"
HIDDEN_TESTS = "HIDDEN TESTS"


class MarkerError(ValueError):
    """A cell's markers do not enclose exactly one region."""


def replace_region(source: str, name: str, replacement: str) -> str:
    """Replaces a marked region, its two marker lines included.

    Args:
        source: the source of a cell.
        name: `SOLUTION` or `HIDDEN_TESTS`.
        replacement: code in place of the region, indented as its first marker is.

    Returns:
        The new source.

    Raises:
        MarkerError: unless there is one `### BEGIN name` and, after it, one `### END name`.
    """
    lines = source.splitlines()
    begins = [i for i, line in enumerate(lines) if line.strip() == f"### BEGIN {name}"]
    ends = [i for i, line in enumerate(lines) if line.strip() == f"### END {name}"]
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        raise MarkerError(
            f"there must be one '### BEGIN {name}' and after it one '### END {name}', "
            f"but there are {len(begins)} and {len(ends)}, in this order or another"
        )
    begin, end = begins[0], ends[0]
    indentation = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
    body = textwrap.indent(textwrap.dedent(replacement).strip("\n"), indentation)
    return "\n".join([*lines[:begin], body, *lines[end + 1 :]])


def has_marker(source: str) -> bool:
    """Whether any marker is left in a cell, at any place in a line."""
    return any(f"{side} {name}" in source for side in ("BEGIN", "END") for name in _NAMES)


_NAMES = (SOLUTION, HIDDEN_TESTS)
