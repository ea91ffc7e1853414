"""Mixed precision: which kind the hardware has, and how to compute in it."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

PRECISIONS = ("float32", "bfloat16", "auto")


def resolve(precision: str, device: torch.device) -> str:
    """'float32' or 'bfloat16': what `precision` means on a device.

    'auto' is bfloat16 where the device computes in it faster than in float32: a GPU from Ampere
    on, or a CPU with AMX or AVX512-BF16.

    Raises:
        ValueError: `precision` is none of 'float32', 'bfloat16' and 'auto'.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision = {precision!r} must be one of {', '.join(PRECISIONS)}")
    if precision != "auto":
        return precision
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_has_bfloat16()
    return "bfloat16" if fast else "float32"


def autocast(precision: str, device: torch.device) -> AbstractContextManager:
    """The context in which forward passes run: convolutions and matrix products in bfloat16."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


@functools.cache
def _cpu_has_bfloat16() -> bool:
    # torch can tell, but not by a public name; where Linux does not either, float32 is safe.
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
