"""Reads the bytes of a notebook that nobody vouches for, in bounded memory and time.

What a notebook needs much room for is nothing that grading wants: outputs, attachments, the state of
widgets. They are cut out of the bytes before these are parsed.
"""

import hashlib
import json
import mmap
import re
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

from d2l_ext.grading.notebook import FORMAT

FILE_LIMIT = 256 * 2**20
# What is left without outputs: a course's largest exercise takes a hundredth of it.
SLIM_LIMIT = 8 * 2**20
# Up to here a file stays in memory while it is read; a larger one is copied to a temporary file.
MEMORY_LIMIT = 4 * 2**20
# Brackets in what is cut out; some seconds' worth.
BRACKET_LIMIT = 10_000_000
CHUNK = 2**20

BULKY = re.compile(rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])')
# Everything up to the next bracket, whole strings at a time; possessive, so that it needs no stack.
BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)
EMPTY = {ord("["): b"[]", ord("{"): b"{}"}


class NotANotebook(ValueError):
    """A file cannot be read as a notebook; the message says why."""


@dataclass(frozen=True)
class Content:
    """A notebook without its outputs, and the SHA-256 of the file's bytes, outputs included."""

    notebook: dict[str, Any]
    sha256: str


def read_content(stream: IO[bytes]) -> Content:
    """Reads a notebook.

    Args:
        stream: of its bytes; read once, from where it stands.

    Returns:
        The notebook in the current format, with a list of cells of any shape.

    Raises:
        NotANotebook: if it is none, or too large; the message names the line where there is one.
    """
    try:
        start = stream.read(MEMORY_LIMIT + 1)
        if len(start) <= MEMORY_LIMIT:
            return Content(_parse(start), hashlib.sha256(start).hexdigest())
        with tempfile.TemporaryFile() as file:
            sha256 = _copy(start, stream, file)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return Content(_parse(mapped), sha256)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise NotANotebook(f"it cannot be unpacked: {error}") from error
    except OSError as error:
        raise NotANotebook(f"it cannot be read: {error.strerror or error}") from error


def _copy(start: bytes, stream: IO[bytes], file: IO[bytes]) -> str:
    digest, size, chunk = hashlib.sha256(), 0, start
    while chunk:
        size += len(chunk)
        if size > FILE_LIMIT:
            raise NotANotebook(f"larger than {FILE_LIMIT >> 20} MB")
        digest.update(chunk)
        file.write(chunk)
        chunk = stream.read(CHUNK)
    file.flush()
    return digest.hexdigest()


def _parse(data: bytes | mmap.mmap) -> dict[str, Any]:
    slim = Slim(data)
    try:
        notebook = json.loads(slim.data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotANotebook(f"not a notebook: line {slim.line(error.start)} is not UTF-8") from error
    except json.JSONDecodeError as error:
        place = len(error.doc[: error.pos].encode())
        raise NotANotebook(f"not a notebook: line {slim.line(place)}") from error
    except ValueError as error:  # a number with more digits than Python reads
        raise NotANotebook(f"not a notebook: {error}") from error
    except RecursionError as error:
        raise NotANotebook("not a notebook: line 1 is nested too deeply") from error
    if not isinstance(notebook, dict) or type(notebook.get("nbformat")) is not int:
        raise NotANotebook("not a notebook: line 1 does not begin one")
    if notebook["nbformat"] < FORMAT["nbformat"]:
        notebook = _converted(notebook)
    if not isinstance(notebook.get("cells"), list):
        raise NotANotebook("not a notebook: it has no cells")
    return notebook


class Slim:
    """The bytes of a notebook with empty lists and objects in place of what is bulky."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._whole = data
        self._kept: list[tuple[int, int]] = []  # where a part begins: here, and in the whole
        parts: list[bytes] = []
        size = begin = brackets = 0
        while begin < len(data):
            found = BULKY.search(data, begin)
            end = found.end() if found else len(data)
            if size + end - begin > SLIM_LIMIT:
                raise NotANotebook(f"larger than {SLIM_LIMIT >> 20} MB without its outputs")
            self._kept.append((size, begin))
            part = data[begin:end] + (EMPTY[data[end]] if found else b"")
            parts.append(part)
            size += len(part)
            begin = end
            if found:
                begin, brackets = _behind(data, end, brackets)
        self.data = b"".join(parts)

    def line(self, place: int) -> int:
        """The line of the whole file in which a byte of the slim one stands."""
        here, there = max((part for part in self._kept if part[0] <= place), default=(0, 0))
        return _line(self._whole, there + place - here)


def _behind(data: bytes | mmap.mmap, begin: int, brackets: int) -> tuple[int, int]:
    """The place behind a list or object, and how many brackets were met so far."""
    depth = 0
    for bracket in BRACKET.finditer(data, begin):
        brackets += 1
        if brackets > BRACKET_LIMIT:
            raise NotANotebook("its outputs hold too much to be read: clear them")
        depth += 1 if bracket[1] in b"[{" else -1
        if depth == 0:
            return bracket.end(), brackets
    raise NotANotebook(f"not a notebook: line {_line(data, begin)} begins what does not end")


def _line(data: bytes | mmap.mmap, place: int) -> int:
    chunks = range(0, place, CHUNK)
    return 1 + sum(data[i : min(i + CHUNK, place)].count(b"\n") for i in chunks)


def _converted(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat  # slow, and seldom needed

    try:
        return nbformat.convert(nbformat.from_dict(notebook), FORMAT["nbformat"])
    except Exception as error:  # of many kinds, for whatever else JSON may hold
        raise NotANotebook("not a notebook: its old format cannot be read") from error
