"""Text that strangers wrote, made fit to be stored, shown in a terminal, and read."""

from collections.abc import Sequence


def encodable(text: str) -> str:
    """The text without lone halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def printable(text: str, limit: int | None = None) -> str:
    """The text on one line, without control characters, cut to so many characters."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in encodable(text))
    return shown if limit is None else shortened(shown, limit)


def shortened(text: str, limit: int) -> str:
    """The first characters of a text, with a sign that it goes on where it does."""
    return text if len(text) <= limit else f"{text[:limit]} ..."


def first_of(sentences: Sequence[str], limit: int) -> list[str]:
    """The first sentences, and how many more there are."""
    more = len(sentences) - limit
    return [*sentences[:limit], *([f"and {more} more"] if more > 0 else [])]
