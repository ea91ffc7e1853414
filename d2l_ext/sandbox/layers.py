"""Which layers of a sandbox this machine has: tried, not guessed."""

import functools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from d2l_ext.sandbox import bubblewrap, view

TRIAL = (sys.executable, "-I", "-m", "d2l_ext.sandbox.namespaces")
TRIAL_SECONDS = 30


@dataclass(frozen=True)
class Layers:
    """The layers that are to be had.

    Attributes:
        bubblewrap: a view of the files that holds only what is named; implies `namespaces`.
        namespaces: processes, mounts, network and messages of its own.
        landlock: files are guarded by path.
        seccomp: calls of the system are guarded.
        another_user: root can hand over to a user without rights, who can read the environment.
    """

    bubblewrap: bool = False
    namespaces: bool = False
    landlock: bool = False
    seccomp: bool = False
    another_user: bool = False

    @property
    def enough(self) -> bool:
        """Whether code that nobody has read can be kept in: no files, no network, never as root."""
        files = self.bubblewrap or self.landlock
        return self.seccomp and files and (self.namespaces or self.another_user)

    def __str__(self) -> str:
        names = {
            "bubblewrap": self.bubblewrap,
            "namespaces": self.namespaces,
            "Landlock": self.landlock,
            "seccomp": self.seccomp,
        }
        return " + ".join([*(name for name, there in names.items() if there), "resource limits"])


@functools.cache
def find() -> Layers:
    """Tries each layer on this machine; takes a fraction of a second."""
    if sys.platform != "linux":
        return Layers()
    from d2l_ext.sandbox import landlock, libc

    if not libc.known_machine():
        return Layers()
    wrapped = shutil.which(bubblewrap.PROGRAM) is not None and _runs(
        [*bubblewrap.command(view.readable(), {}), *TRIAL, "--as-nobody"]
    )
    return Layers(
        bubblewrap=wrapped,
        namespaces=wrapped or _runs(TRIAL),
        landlock=landlock.version() > 0,
        seccomp=Path("/proc/sys/kernel/seccomp").is_dir(),
        another_user=os.getuid() != 0 or all(map(_for_everybody, view.readable())),
    )


def _runs(command: Sequence[str]) -> bool:
    done = subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS, check=False)
    return done.returncode == 0


def _for_everybody(path: str) -> bool:
    """Whether any user can reach a path."""
    parents = Path(path).resolve().parents
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in parents)
