"""What was found out once is kept: a file for each submission, named by all that led to it."""

import contextlib
import hashlib
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from d2l_ext import __version__
from d2l_ext.grading import files
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.runner import Record, demand_seconds

# Raised whenever what a record holds, or what it means, changes.
FORMAT = 3
# Of what a cell printed; enough for feedback, and a class of a thousand fits in memory.
PRINTED_LIMIT = 10_000


@dataclass(frozen=True)
class Judged:
    """What running a submission gave: records by cell, the seconds it took, and the sandbox."""

    records: Mapping[str, Record]
    seconds: float
    sandbox: str = "none"


def key_of(*parts: str) -> str:
    """The name of a record: a hash of the format, the version and all that led to it."""
    content = json.dumps([FORMAT, __version__, *parts])
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:32]


class Records:
    """A folder of records.

    Args:
        folder: made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Judged | None:
        """The record of this name; None if there is none, or it was damaged."""
        try:
            held = json.loads(self._path(key).read_text(encoding="utf-8"))
            records = [Record.from_json(record) for record in held["cells"]]
            demand_seconds(held["seconds"])
            return Judged({r.cell: r for r in records}, held["seconds"], str(held["sandbox"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, key: str, judged: Judged, **said: str) -> None:
        """Keeps a record, whole or not at all, whatever happens meanwhile.

        Args:
            key: its name.
            judged: what was found out.
            **said: what a person who opens the file should read, such as the student's name.
        """
        cells = [replace(r, printed=r.printed[:PRINTED_LIMIT]) for r in judged.records.values()]
        content = {
            **said,
            "seconds": round(judged.seconds, 3),
            "sandbox": judged.sandbox,
            "cells": [asdict(record) for record in cells],
        }
        files.write_text(self._path(key), json.dumps(content, indent=1) + "\n", durable=True)

    def put_traceback(self, key: str, error: BaseException) -> Path:
        """Keeps where the grader itself failed, for whoever mends it; returns the file's path."""
        path = self.folder / f"{key}.traceback.txt"
        files.write_text(path, "".join(traceback.format_exception(error)))
        return path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second grader out, as long as this one lives.

        Raises:
            UserError: if there is one already.
        """
        if sys.platform == "win32":  # files that are open cannot be replaced there anyway
            yield
            return
        import fcntl

        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise UserError(
                f"{self.folder.parent}: another d2l-ext grade is at work here"
            ) from None
        finally:
            os.close(descriptor)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"
