"""What was handed in as a flat list of items, out of a folder or a zip; nothing is unpacked to a path."""

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from d2l_ext.grading.errors import UserError
from d2l_ext.grading.texts import printable

ITEM_LIMIT = 100_000
# In one student's zip.
STUDENT_ITEM_LIMIT = 1_000
# Folders within folders, of which nobody hands in more.
DEPTH_LIMIT = 100
# Left behind by systems and editors; nobody hands these in.
CLUTTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git"}

DRIVE = re.compile(r"^[A-Za-z]:")


class BadArchive(ValueError):
    """A zip cannot be read, or must not be; the message says why."""


@dataclass(frozen=True)
class Item:
    """A file, or a folder that is empty or cannot be looked into, by the parts of its name.

    `unsafe` says why it stays closed.
    """

    parts: tuple[str, ...]
    open: Callable[[], IO[bytes]]
    unsafe: str = ""
    is_folder: bool = False

    @property
    def name(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def suffix(self) -> str:
        """What the name ends in, in small letters: `.ipynb`, `.zip` or another."""
        return os.path.splitext(self.name)[1].lower()  # noqa: PTH122, the name is not a path

    def below(self, depth: int) -> "Item":
        """The same item without the first parts of its name."""
        return replace(self, parts=self.parts[depth:])


def from_folder(folder: Path, without: Path | None = None) -> list[Item]:
    """The items of a folder; links are listed, never followed.

    Args:
        folder: one that exists.
        without: a folder in it that is left out.

    Returns:
        The items, sorted by their names. A folder that cannot be read, or is nested too deeply,
        is an unsafe item.

    Raises:
        UserError: if there are too many.
        OSError: if the folder itself cannot be read.
    """
    items: list[Item] = []
    for item in _walk(folder, (), without.resolve() if without else None):
        items.append(item)
        if len(items) > ITEM_LIMIT:
            raise UserError(f"{folder}: more than {ITEM_LIMIT} files; is it the right folder?")
    return sorted(items, key=lambda item: item.parts)


def from_zip(file: str | IO[bytes], limit: int = ITEM_LIMIT) -> list[Item]:
    """The items of a zip.

    Args:
        file: its path, or the file, which must stay open as long as the items are used.
        limit: so many items at most.

    Returns:
        The items, sorted by their names. One whose name leaves the archive, a link and an
        encrypted one are unsafe.

    Raises:
        BadArchive: if it is not a zip, or holds too many items.
    """
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # of many kinds, for whatever a file may hold
        raise BadArchive(f"not a zip: {error}") from error
    entries = archive.infolist()
    if len(entries) > limit:
        raise BadArchive(f"a zip of more than {limit} files")
    found = (_entry(archive, entry) for entry in entries)
    return sorted((item for item in found if item), key=lambda item: item.parts)


def _walk(folder: Path, parts: tuple[str, ...], without: Path | None) -> Iterator[Item]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        if not parts:
            raise
        yield Item(parts, _opener(folder), "cannot be read", is_folder=True)
        return
    empty = True
    for entry in entries:
        if entry.name in CLUTTER:
            continue
        path, names = Path(entry.path), (*parts, printable(entry.name))
        if entry.is_dir(follow_symlinks=False) and path.resolve() == without:
            continue
        empty = False
        if entry.is_symlink():
            yield Item(names, _opener(path), "a link, not a file")
        elif entry.is_dir():
            if len(names) > DEPTH_LIMIT:
                yield Item(names, _opener(path), "nested too deeply", is_folder=True)
            else:
                yield from _walk(path, names, without)
        else:
            unsafe = "" if entry.is_file() else "neither a file nor a folder"
            yield Item(names, _opener(path), unsafe)
    if empty and parts:
        yield Item(parts, _opener(folder), is_folder=True)


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Item | None:
    raw = entry.orig_filename
    names = raw.replace("\\", "/").split("/")
    parts = tuple(printable(name) for name in names if name not in ("", ".", ".."))
    if not parts or CLUTTER & set(parts):
        return None
    unsafe = ""
    if stat.S_ISLNK(entry.external_attr >> 16):
        unsafe = "a link in a zip, not a file"
    elif ".." in names or raw.startswith(("/", "\\")) or DRIVE.match(raw) or "\0" in raw:
        unsafe = "its name in the zip leaves the zip"
    elif entry.flag_bits & 1:
        unsafe = "it is encrypted"

    return Item(parts, lambda: archive.open(entry), unsafe, is_folder=raw.endswith("/"))
