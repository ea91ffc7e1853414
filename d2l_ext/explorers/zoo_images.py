"""Fashion-MNIST's bundled test images, without torch: their classes, and a sheet of some of them."""

from __future__ import annotations

import base64
import gzip
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import d2l_ext

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
SIDE = 28
FOLDER = Path(d2l_ext.__file__).parent / "data" / "fashion_mnist"


@cache
def _content(name: str, header: int) -> bytes:
    """An IDX file of bytes without its header."""
    return gzip.decompress((FOLDER / name).read_bytes())[header:]


def labels() -> bytes:
    """The class of each test image, one byte each."""
    return _content("t10k-labels-idx1-ubyte.gz", 8)


def sheet(numbers: Sequence[int]) -> str:
    """Test images, one below the other, as the address of a picture that holds its own data.

    A BMP is not compressed, so that the same images give the same text on every machine.

    Args:
        numbers: Positions in the test set.
    """
    if not numbers:
        return ""
    size = SIDE * SIDE
    pixels = _content("t10k-images-idx3-ubyte.gz", 16)
    body = b"".join(pixels[size * number : size * (number + 1)] for number in numbers)
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(256))
    start = 14 + 40 + len(palette)
    header = struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
    top_down = -SIDE * len(numbers)
    header += struct.pack("<IiiHHIIiiII", 40, SIDE, top_down, 1, 8, 0, len(body), 0, 0, 256, 0)
    return "data:image/bmp;base64," + base64.b64encode(header + palette + body).decode()
