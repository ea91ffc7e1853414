"""What is to be read of a class and of a student: the items of folders, of zips, of zips within."""

import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from typing import IO

from d2l_ext.grading import archives, layouts
from d2l_ext.grading.archives import BadArchive, Item
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.reading import CHUNK, FILE_LIMIT


def class_items(source: Path, open_files: ExitStack, without: Path | None = None) -> Iterable[Item]:
    """The items of a whole class.

    Args:
        source: a folder or a zip.
        open_files: closes what the items are read from.
        without: a folder in it that is left out.

    Returns:
        The items.

    Raises:
        UserError: if there is no such folder or zip, or it cannot be read.
    """
    if source.is_dir():
        items = archives.from_folder(source, without)
    elif source.is_file():
        try:
            items = layouts.unwrapped(archives.from_zip(str(source)), source.stem)
        except BadArchive as error:
            raise UserError(f"{source}: {error}") from error
    else:
        raise UserError(f"{source}: there is no such folder or zip")
    return _exports(items, open_files) or items


def _exports(items: Iterable[Item], open_files: ExitStack) -> list[Item]:
    """The items of platforms' zips, if there is nothing else: several exercises of one class.

    All or none, and not one alone: a student's own zip must not pass for that of a class.
    """
    inner: list[Item] = []
    names: list[str] = []
    with ExitStack() as opened:
        for item in items:
            if len(item.parts) > 1 or item.suffix != ".zip" or item.unsafe or item.is_folder:
                return []
            try:
                found = _opened(item, opened, archives.ITEM_LIMIT)
            except BadArchive:
                return []
            if not layouts.is_class(found):
                return []
            inner += layouts.unwrapped(found)
            names.append(item.name)
        if len(names) == 1:
            print(
                f"{names[0]}: read as what one student handed in; it is built like the zip of a "
                "class: if it is that, grade the zip itself",
                file=sys.stderr,
            )
            return []
        open_files.enter_context(opened.pop_all())
    if names:
        print(f"{', '.join(names)}: each read as the zip of a class", file=sys.stderr)
    return inner


def unpacked(
    items: Iterable[Item], open_files: ExitStack
) -> tuple[list[Item], list[tuple[str, str]]]:
    """A student's items with those of zips among them.

    Args:
        items: as they were handed in.
        open_files: closes what the items are read from.

    Returns:
        The items, and for each zip that cannot be read its name and the reason.
    """
    found, complaints = [], []
    for item in items:
        if item.suffix != ".zip" or item.is_folder:
            found.append(item)
            continue
        try:
            if item.unsafe:
                raise BadArchive(item.unsafe)
            inner = _opened(item, open_files, archives.STUDENT_ITEM_LIMIT)
            found += [replace(i, parts=(*item.parts[:-1], *i.parts)) for i in inner]
        except BadArchive as error:
            complaints.append((item.name, str(error)))
    return found, complaints


def _opened(item: Item, open_files: ExitStack, limit: int) -> list[Item]:
    """The items of a zip that is an item itself, at hand until the files are closed."""
    try:
        stream = open_files.enter_context(item.open())
        file = stream if isinstance(stream, BufferedReader) else _copy(stream, open_files)
    except BadArchive:
        raise
    except Exception as error:  # of many kinds, for whatever a zip within a zip may hold
        raise BadArchive(f"it cannot be unpacked: {error}") from error
    return archives.from_zip(file, limit)


def _copy(stream: IO[bytes], open_files: ExitStack) -> IO[bytes]:
    """What a zip holds as a file that can be read back and forth."""
    file = open_files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > FILE_LIMIT:
            raise BadArchive(f"larger than {FILE_LIMIT >> 20} MB")
        file.write(chunk)
    return file
