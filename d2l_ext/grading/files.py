"""Files that are written whole or not at all, and names that are safe for them."""

import contextlib
import hashlib
import os
import re
from pathlib import Path

# With a suffix behind it still a file name everywhere, also where each letter takes four bytes.
NAME_LIMIT = 60
DEVICES = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def write_text(path: Path, text: str, durable: bool = False) -> None:
    """Writes a text file; whoever reads meanwhile sees the old one or the new one.

    Args:
        path: the file; its folder is made if need be.
        text: written as UTF-8, its line ends as they are.
        durable: waits until it is on the disk, so that it outlives a power cut too.

    Raises:
        OSError: if it cannot be written; then there is no trace of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(text.encode("utf-8", "replace"))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """A name for a file: the given one where every system takes it, else marked by a hash of it."""
    safe = re.sub(r"[^\w .,+=@'()\[\]&-]", "_", name)[:NAME_LIMIT].strip(" .") or "_"
    if safe != name or DEVICES.match(safe):
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
        safe = f"{safe.replace('.', '_')}-{digest}"
    return safe


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows does not open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
