"""The IDX format of MNIST and Fashion-MNIST, plain or gzipped, checked against a known hash."""

from __future__ import annotations

import functools
import gzip
import hashlib
import zlib
from pathlib import Path

import torch


class DamagedFile(ValueError):
    """A data file is not what it should be; the message names the file and what is wrong with it."""


def read_idx(path: Path, sha256: str) -> torch.Tensor:
    """Read an IDX file of bytes.

    Args:
        path: The file; decompressed first when its name ends in `.gz`.
        sha256: Hash of the uncompressed content.

    Returns:
        A uint8 tensor with the shape that the file's header states.

    Raises:
        DamagedFile: The content is incomplete or not the expected one.
    """
    stat = path.stat()
    return _read(path, sha256, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _read(path: Path, sha256: str, modified: int, size: int) -> torch.Tensor:
    """`read_idx`, once per file: modules made later share the memory of the first."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise DamagedFile(f"{path} is damaged ({error})") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFile(f"{path} is damaged (it does not have the hash of the original)")
    dimensions = content[3]
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    body = bytearray(content[4 + 4 * dimensions :])  # writable, as torch wants its buffers
    return torch.frombuffer(body, dtype=torch.uint8).reshape(shape)
