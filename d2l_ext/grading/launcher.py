"""Kernels for one grading process: forked, shut in, and reached over sockets in a folder."""

import functools
import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from d2l_ext.grading.queueing import seconds_queued
from d2l_ext.kernel.parent import CannotFork, ForkedProcess, Parent
from d2l_ext.sandbox.plan import Plan

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
# The zygote needs these; a kernel gets the ones that the grader names and its own folders.
FOR_PARENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "MPLCONFIGDIR")
# Nobody asks a judged kernel what was typed before; keeping it takes a thread and a database.
SETTINGS = ("--HistoryManager.enabled=False",)


class Launched:
    """A kernel that runs: how to reach it from outside, whether it lives, how to end it."""

    def __init__(
        self, connection: dict[str, Any], process: ForkedProcess, forget: Callable[[], None]
    ) -> None:
        self.connection = connection
        self._process, self._forget = process, forget

    def fate(self) -> str | None:
        """None while it lives; then the limit that ended it, or nothing."""
        return None if self._process.poll() is None else self._process.limit

    def queued(self) -> float:
        """Seconds that it waited for a core."""
        return seconds_queued(self._process.forked)

    def end(self) -> int:
        """Ends it with all that it started; returns how many processes it had left behind."""
        self._process.kill()
        self._process.wait()
        self._forget()
        return self._process.left


class Launcher:
    """Starts kernels in a sandbox, one parent for all of them.

    Args:
        plan: of the sandbox.
        environment: what each kernel finds in its environment beside its own folders.

    Raises:
        CannotFork: if the parent does not start.
    """

    def __init__(self, plan: Plan, environment: Mapping[str, str]) -> None:
        self.plan = plan
        self.environment = dict(environment)
        self._parent: Parent | None = None
        self._count = 0

    def launch(self) -> Launched:
        """Starts a kernel.

        Raises:
            CannotFork: if it does not start.
        """
        parent = self._ready_parent()
        self._count += 1
        name = str(self._count)
        jail = self.plan.new_kernel(name)
        connection: dict[str, Any] = {
            "transport": "ipc",
            "signature_scheme": "hmac-sha256",
            "key": secrets.token_hex(16),
            **{f"{channel}_port": port for port, channel in enumerate(CHANNELS, start=1)},
        }
        home = f"{jail['scratch']}/home"
        own = dict.fromkeys(("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "TORCH_HOME"), home)
        process = parent.start(
            connection | {"ip": f"{self.plan.inside}/{name}/s"},
            {"USER": "student", "CUDA_VISIBLE_DEVICES": ""} | self.environment | own,
            f"{jail['scratch']}/work",
            jail,
            quiet=True,
            settings=SETTINGS,
        )
        outside = connection | {"ip": f"{self.plan.folder}/{name}/s"}
        return Launched(outside, process, functools.partial(self.plan.forget_kernel, name))

    def close(self) -> None:
        """Ends the parent."""
        if self._parent is not None:
            self._parent.close()
        self.plan.close()

    def _ready_parent(self) -> Parent:
        if self._parent is None or not self._parent.alive:
            kept = {name: os.environ[name] for name in FOR_PARENT if name in os.environ}
            environment = kept | {"HOME": "/nonexistent", "CUDA_VISIBLE_DEVICES": ""}
            try:
                self._parent = Parent(self.plan.wrap, environment)
            except CannotFork:
                self._parent = Parent(self.plan.wrap, environment, preload=False)
        return self._parent
