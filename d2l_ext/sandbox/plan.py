"""From the layers that a machine has to how a forking parent is started and each kernel shut in."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from d2l_ext.sandbox import bubblewrap, view
from d2l_ext.sandbox.layers import Layers
from d2l_ext.sandbox.limits import Limits

# Where the folder of sockets lies inside; short, since the path of a socket has 107 characters.
INSIDE = "/run/d2l-ext"
# What a kernel may write to is mounted here; over `/tmp`, unless the course itself lies in there.
SCRATCH = "/tmp"
OTHER_SCRATCH = "/run/scratch"


@dataclass(frozen=True)
class Plan:
    """How kernels are shut in, all those of one parent.

    Attributes:
        layers: what is in force.
        folder: outside; holds a folder for each kernel.
        inside: the same folder as kernels see it.
        limits: of each kernel with all that it starts.
    """

    layers: Layers
    folder: Path
    inside: str
    limits: Limits

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command that starts the parent."""
        if not self.layers.bubblewrap:
            return list(command)
        readable = view.readable()
        line = bubblewrap.command(readable, {INSIDE: str(self.folder)}, [_scratch(readable)])
        return [*line, *command]

    def new_kernel(self, name: str) -> dict[str, Any]:
        """Makes the folders of a kernel; returns its jail, as plain data."""
        from d2l_ext.sandbox.jail import Jail  # Linux only
        from d2l_ext.sandbox.namespaces import NOBODY

        outside, inside = self.folder / name, f"{self.inside}/{name}"
        # Under bubblewrap the scratch is no part of this folder, which then holds sockets alone.
        made = [outside] if self.layers.bubblewrap else [outside, outside / "box"]
        user = NOBODY if os.getuid() == 0 and self._another_user else None
        for path in made:
            path.mkdir()
            if user is not None:
                os.chown(path, user, user)
        paths = view.readable()
        return Jail(
            scratch=_scratch(paths) if self.layers.bubblewrap else f"{inside}/box",
            sockets=inside,
            readable=["/"]
            if self.layers.bubblewrap
            else [*paths, _PROCESSES[self.layers.namespaces]],
            user=user,
            namespaces=self.layers.namespaces,
            landlock=self.layers.landlock,
            limits=self.limits,
        ).to_json()

    def forget_kernel(self, name: str) -> None:
        """Removes the folders of a kernel."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        """Removes all folders."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _another_user(self) -> bool:
        return self.layers.bubblewrap or self.layers.another_user


def _scratch(readable: Sequence[str]) -> str:
    inside = any(Path(path).is_relative_to(SCRATCH) for path in readable)
    return OTHER_SCRATCH if inside else SCRATCH


_PROCESSES = {True: "/proc", False: "/proc/self"}


def make(layers: Layers, limits: Limits) -> Plan:
    """A plan, with a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="d2l-", dir="/tmp"))
    folder.chmod(0o711)
    return Plan(layers, folder, INSIDE if layers.bubblewrap else str(folder), limits)
