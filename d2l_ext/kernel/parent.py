"""The owner's side of a zygote: starts it, asks for kernels, hears how they fare."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from d2l_ext.kernel.zygote import MESSAGE_LIMIT

READY_SECONDS = 120.0
BOUND_SECONDS = 60.0
POLL_SECONDS = 0.005


class CannotFork(Exception):
    """Kernels cannot be forked here; the message says why."""


class ForkedProcess:
    """A kernel's process, with as much of `subprocess.Popen` as Jupyter's clients use.

    Attributes:
        forked: the zygote's child that is the kernel, or holds it; None before it can be reached.
        limit: the limit of its sandbox that it exceeded, if any, once it has ended.
        left: how many processes it had left behind, once it has ended.
    """

    stdin = stdout = stderr = None

    def __init__(self, parent: "Parent", name: str) -> None:
        self.parent, self.name = parent, name
        self.returncode: int | None = None
        self.bound = False
        self.forked: int | None = None
        self.failure = self.limit = ""
        self.left = 0

    @property
    def pid(self) -> int:
        """The process of the zygote: the one to look at with the system's tools."""
        return self.parent.process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        self.parent.listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end.

        Raises:
            subprocess.TimeoutExpired: if it does not come in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.name, timeout or 0)
            self.parent.listen(POLL_SECONDS)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal to the kernel and, outside a sandbox, to what it started."""
        if self.poll() is None:
            self.parent.send({"kernel": self.name, "signal": int(number)})

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self.send_signal(signal.SIGKILL)


class Parent:
    """A zygote and the kernels that were forked from it; safe to use from several threads.

    Args:
        wrap: turns the command that starts the zygote into the one that is run, for a sandbox.
        environment: of the zygote; that of this process if None.
        preload: whether it imports what a course needs, beside what a kernel is made of.

    Raises:
        CannotFork: if forking is not to be had or not safe on this machine.
    """

    def __init__(
        self,
        wrap: Callable[[Sequence[str]], list[str]] = list,
        environment: Mapping[str, str] | None = None,
        preload: bool = True,
    ) -> None:
        if sys.platform != "linux":
            raise CannotFork("kernels are forked on Linux only")
        self._lock = threading.RLock()
        self._children: dict[str, ForkedProcess] = {}
        self._count = 0
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        own = dict(os.environ if environment is None else environment)
        own.pop("JPY_PARENT_PID", None)
        command = [sys.executable, "-I", "-m", "d2l_ext.kernel.zygote"]
        command += [str(other.fileno()), "course" if preload else "kernel"]
        with other:
            self.process = subprocess.Popen(
                wrap(command),
                env=own,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        hello = self._receive(READY_SECONDS)
        if hello is None or hello["event"] != "ready":
            self.close()
            raise CannotFork(hello["why"] if hello else "the parent of the kernels did not start")

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return self._socket.fileno() >= 0 and self.process.poll() is None

    def start(
        self,
        connection: Mapping[str, Any],
        environment: Mapping[str, str],
        folder: str,
        jail: Mapping[str, Any] | None = None,
        quiet: bool = False,
        settings: Sequence[str] = (),
    ) -> ForkedProcess:
        """Forks a kernel and waits until it can be reached.

        Args:
            connection: what a connection file holds.
            environment: of the kernel.
            folder: in which it works.
            jail: how it is shut in, if at all; see `d2l_ext.sandbox.jail`.
            settings: such as `--Class.trait=value`, for IPython.
            quiet: whether what it writes past Jupyter's messages is dropped.

        Returns:
            The process.

        Raises:
            CannotFork: if the kernel did not start.
        """
        with self._lock:
            self._count += 1
            child = self._children[f"{self._count}"] = ForkedProcess(self, f"{self._count}")
            self.send(
                {
                    "start": child.name,
                    "connection": _plain(connection),
                    "environment": dict(environment),
                    "folder": folder,
                    "jail": jail,
                    "quiet": quiet,
                    "settings": list(settings),
                }
            )
            deadline = time.monotonic() + BOUND_SECONDS
            while not (child.bound or child.failure or child.returncode is not None):
                if time.monotonic() > deadline:
                    child.kill()
                    raise CannotFork("the kernel did not start in time")
                self.listen(1.0)
        if not child.bound:
            raise CannotFork(child.failure or f"the kernel ended with status {child.returncode}")
        return child

    def send(self, request: dict[str, Any]) -> None:
        """Sends a request; one that comes too late is dropped."""
        with self._lock, contextlib.suppress(OSError):
            self._socket.send(json.dumps(request).encode())

    def listen(self, timeout: float) -> None:
        """Takes in what the zygote tells, waiting so many seconds for the first event."""
        with self._lock:
            while self._children and (event := self._receive(timeout)) is not None:
                self._take(event)
                timeout = 0

    def close(self) -> None:
        """Ends the zygote and all kernels."""
        with self._lock:
            self._socket.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._lost()

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        if self._socket.fileno() < 0 or not select.select([self._socket], [], [], timeout)[0]:
            return None
        try:
            message = self._socket.recv(MESSAGE_LIMIT)
        except OSError:
            message = b""
        if message:
            return dict(json.loads(message))
        self._lost()
        return None

    def _take(self, event: dict[str, Any]) -> None:
        child = self._children[event["kernel"]]
        if event["event"] == "bound":
            child.bound, child.forked = True, event["process"]
        elif event["event"] == "failed":
            child.failure = event["why"]
        else:
            del self._children[child.name]
            child.limit, child.left = event.get("limit", ""), event.get("left", 0)
            child.returncode = event["status"]

    def _lost(self) -> None:
        """The zygote is gone, and with it whatever it had forked."""
        for child in self._children.values():
            child.returncode = -signal.SIGKILL
        self._children.clear()


def _plain(connection: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in connection.items()}
