"""`d2l-ext-fork`: gives Jupyter's clients a forked kernel, and a cold one where that is not to be had."""

import asyncio
import atexit
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from d2l_ext.kernel.parent import POLL_SECONDS, CannotFork, ForkedProcess, Parent

NAME = "d2l-ext-fork"
# The commands of kernels that a fork can stand for.
LAUNCHERS = ("ipykernel_launcher", "ipykernel")
SETTING = re.compile(r"--\w+\.\w+=")

_lock = threading.Lock()
_parent: Parent | None = None
_refusal: str | None = None


def shared_parent() -> Parent:
    """The zygote of this process, started at the first call.

    Raises:
        CannotFork: if this machine has none; it is tried only once.
    """
    global _parent, _refusal
    with _lock:
        if _refusal is not None:
            raise CannotFork(_refusal)
        if _parent is None or not _parent.alive:
            try:
                _parent = Parent()
            except CannotFork as error:
                _refusal = str(error)
                raise
            atexit.register(_parent.close)
        return _parent


class ForkProvisioner(LocalProvisioner):
    """Provisions IPython kernels of this environment by forking, all others as Jupyter does."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Forks a kernel, or starts a cold one."""
        settings = _settings(cmd)
        if settings is not None:
            try:
                forked = await asyncio.to_thread(self._fork, settings, kwargs)
            except CannotFork as error:
                self.log.warning("A cold kernel is started: %s", error)
            else:
                self.process = forked  # type: ignore[assignment]  # as much of Popen as is used
                self.pid, self.pgid = forked.pid, None
                self.cwd = kwargs.get("cwd") or Path.cwd()
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)

    async def wait(self) -> int | None:
        """Waits for the end of the kernel, which is seen at once."""
        if not isinstance(self.process, ForkedProcess):
            return await super().wait()
        while (status := self.process.poll()) is None:
            await asyncio.sleep(POLL_SECONDS)
        self.process = None
        return status

    def _fork(self, settings: list[str], kwargs: dict[str, Any]) -> ForkedProcess:
        environment = dict(kwargs.get("env") or os.environ)
        return shared_parent().start(
            self.connection_info,
            environment,
            str(kwargs.get("cwd") or Path.cwd()),
            settings=settings,
        )


def _settings(command: list[str]) -> list[str] | None:
    """The settings that a command gives to an IPython kernel of this very Python.

    None if it starts anything else, which a fork could not stand for.
    """
    if (
        len(command) < 3
        or Path(command[0]).parent.resolve() != Path(sys.executable).parent.resolve()
    ):
        return None
    options = [part for part in command[1:] if part not in ("-m", "-Xfrozen_modules=off")]
    settings = options[3:]
    plain = options[0] in LAUNCHERS and options[1:2] == ["-f"]
    return settings if plain and all(map(SETTING.match, settings)) else None
