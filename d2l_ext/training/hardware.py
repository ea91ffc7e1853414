"""What a run was made on: the hardware, the versions and the commit, for its record."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

import torch

import d2l_ext


def hardware(device: torch.device, precision: str, processes: int = 1) -> str:
    """The hardware in words, such as 'one NVIDIA H200' or 'CPU, AMD EPYC, 2 cores, bfloat16'."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return f"one {name}" if processes == 1 else f"{processes} x {name}"
    cores = f"{os.cpu_count()} cores" if processes == 1 else f"{processes} processes"
    return f"CPU, {_processor()}, {cores}, {precision}"


def versions() -> dict[str, str]:
    """Versions of what computes."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "d2l_ext": d2l_ext.__version__,
    }


def commit() -> str | None:
    """The commit of the repository that the package lies in; None where there is none.

    A '+' behind it says that tracked files differ from it.
    """
    folder = Path(d2l_ext.__file__).parent
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or platform.machine()
