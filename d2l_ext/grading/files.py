"""Files that are written whole or not at all."""

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Writes a text file; whoever reads meanwhile sees the old one or the new one.

    Args:
        path: the file; its folder is made if need be.
        text: written as UTF-8, its line ends as they are.

    Raises:
        OSError: if it cannot be written; then there is no trace of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}")
    try:
        temporary.write_bytes(text.encode("utf-8", "replace"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
