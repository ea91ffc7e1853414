"""A kernel for nbval that is watched: when it dies, that is noticed at once."""

import math
import os
import subprocess
import time
from pathlib import Path
from queue import Empty
from typing import Any

from nbval.kernel import RunningKernel, start_new_kernel

# How often a silent kernel is asked whether it lives.
POLL_SECONDS = 0.5
# How long an interrupted kernel may go on sending before it is stopped.
GRACE_SECONDS = 5.0
# `exit()` left in a cell would end the kernel under the questions that follow.
IGNORE_EXIT = "get_ipython().ask_exit = lambda: None"


class KernelDied(Exception):
    """The kernel's process ended while a cell was running."""


class WatchedKernel(RunningKernel):
    """nbval's kernel, in a folder of its own, that cannot die or babble on unnoticed.

    Args:
        kernel_name: as nbval takes it.
        folder: where the kernel runs.
        startup_timeout: in seconds.
    """

    def __init__(self, kernel_name: str, folder: Path, startup_timeout: float) -> None:
        self._silence_at = math.inf
        # Only the messages are heard; pytest's variables would say which file is being judged.
        self.km, self.kc = start_new_kernel(
            startup_timeout=startup_timeout,
            kernel_name=kernel_name,
            cwd=str(folder),
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._ensure_iopub_up()
        self.await_reply(self.kc.execute(IGNORE_EXIT, silent=True), timeout=startup_timeout)

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """Waits for a message.

        Raises:
            Empty: if none came in time, or an interrupted kernel would not stop sending.
            KernelDied: if the kernel's process has ended and left no message.
        """
        limit = min(self._silence_at, time.monotonic() + (math.inf if timeout is None else timeout))
        while (left := limit - time.monotonic()) > 0:
            try:
                return super().get_message(stream, timeout=min(left, POLL_SECONDS))
            except Empty:
                if not self.is_alive():
                    raise KernelDied("the kernel ended") from None
        raise Empty

    def interrupt(self) -> None:
        """Interrupts the cell that is running; what it sends is heard for a short while only."""
        self._silence_at = time.monotonic() + GRACE_SECONDS
        super().interrupt()
