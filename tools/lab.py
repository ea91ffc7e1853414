"""Open JupyterLab on the course's first page, also as root in a container."""

from __future__ import annotations

import os
import sys

FIRST = "chapters/00_start_here.ipynb"


def command() -> list[str]:
    """What `make lab` runs: the server's root is the course, its first page the first chapter."""
    flags = [f"--LabApp.default_url=/lab/tree/{FIRST}", "--ServerApp.root_dir=."]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Root is usual in a container and has no browser there; JupyterLab asks to be told so.
        flags += ["--allow-root", "--no-browser"]
    return [sys.executable, "-m", "jupyterlab", *flags, *sys.argv[1:]]


if __name__ == "__main__":
    # Kernels inherit it: threads of one notebook that wait must not spin beside another's.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = command()
    os.execv(arguments[0], arguments)
