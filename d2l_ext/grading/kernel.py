"""A kernel for nbval that is watched: when it dies, or talks without end, that is noticed at once."""

import contextlib
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

import zmq
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session
from nbval.kernel import NbvalKernelspecManager, RunningKernel

from d2l_ext.grading.queueing import PATIENCE, seconds_queued
from d2l_ext.grading.surroundings import OUTPUT

# How often a silent kernel is asked whether it lives.
POLL_SECONDS = 0.05
IOPUB_SECONDS = 1.0
# What the messages of one cell may hold together; more than any figure or progress bar needs.
OUTPUT_LIMIT = 10_000_000
TALKATIVE = 1_000_000
# A part of a message that is longer never reaches this process. The number of parts has no bound
# but the memory of the process; see `worker.MEMORY`.
MESSAGE_LIMIT = 2 * OUTPUT_LIMIT
PRINTED_LIMIT = 50_000
# `exit()` left in a cell would end the kernel under the questions that follow. Nobody reads a
# coloured traceback here, and one takes long for an error that is deeply nested. Where the kernel
# is of an environment without this package, its streams stay as they are.
PREPARE = """get_ipython().ask_exit = lambda: None
get_ipython().InteractiveTB.set_mode("Minimal")
__import__("d2l_ext.grading.streams", fromlist=["*"]).guard_streams()"""
# Less than this is not worth another look.
SHORT_SECONDS = 0.05


class KernelDied(Exception):
    """The kernel's process ended while a cell was running."""


class LimitReached(Exception):
    """A limit ended the kernel, or its cell; the message says which."""


class TooSlow(Exception):
    """A cell took longer than it may."""


class Handle(Protocol):
    """A kernel that was started: how to reach it, whether it lives, how to end it."""

    connection: dict[str, Any]

    def fate(self) -> str | None:
        """None while it lives; then the limit that ended it, or nothing."""

    def queued(self) -> float:
        """Seconds that it was ready to run and no core was free, as far as can be known."""

    def end(self) -> int:
        """Ends it; returns how many processes it had left behind, as far as can be known."""


class LocalHandle:
    """A kernel of Jupyter's own, without a sandbox.

    Args:
        kernel_name: as nbval takes it.
        folder: where the kernel runs.
    """

    def __init__(self, kernel_name: str, folder: Path) -> None:
        self.manager = KernelManager(
            kernel_name=kernel_name, kernel_spec_manager=NbvalKernelspecManager()
        )
        # Only the messages are heard; pytest's variables would say which file is being judged.
        self.manager.start_kernel(
            cwd=str(folder),
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.connection = self.manager.get_connection_info()

    def fate(self) -> str | None:
        """None while it lives."""
        return None if self.manager.is_alive() else ""

    def queued(self) -> float:
        """Seconds that it waited for a core."""
        return seconds_queued(getattr(self.manager.provisioner, "pid", None))

    def end(self) -> int:
        """Ends it."""
        self.manager.shutdown_kernel(now=True)
        return 0


class WatchedKernel(RunningKernel):
    """nbval's kernel, that cannot die or babble on unnoticed.

    Args:
        start: starts the kernel.
        startup_timeout: in seconds.
    """

    def __init__(self, start: Callable[[], Handle], startup_timeout: float) -> None:
        self.handle = start()
        self.left = 0
        self._stopped = False
        self._session = Session(key=_bytes(self.handle.connection["key"]))
        self._context = zmq.Context()
        self._shell = self._connect("shell", zmq.DEALER)
        self._iopub = self._connect("iopub", zmq.SUB)
        self._waiting: dict[str, deque[dict[str, Any]]] = {"shell": deque(), "iopub": deque()}
        self._heard = 0
        self._printed: list[str] = []
        self.reply: dict[str, Any] = {}
        try:
            self._wait_until_ready(startup_timeout)
            self.await_reply(self._execute(PREPARE, silent=True), timeout=startup_timeout)
        except BaseException:
            self.stop()
            raise

    @property
    def printed(self) -> str:
        """What the cell that ran last sent to standard output so far, cut where it is long."""
        return "".join(self._printed)[:PRINTED_LIMIT]

    @property
    def unheard_error(self) -> str:
        """The error that the reply to a cell tells of, `Type: message`."""
        if self.reply.get("status") != "error":
            return ""
        return f"{self.reply.get('ename')}: {self.reply.get('evalue')}"

    @property
    def talkative(self) -> bool:
        """Whether the cell sent so much that its own memory may have run out over it."""
        return self._heard > TALKATIVE

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Starts a cell; returns the id of the request."""
        self._heard, self._printed, self.reply = 0, [], {}
        return self._execute(cell_input)

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Waits for the reply to a request.

        Time in which the kernel could not run since others had the cores is not counted, so that a
        busy machine does not make a slow answer one that hangs.

        Raises:
            Empty: if it does not come in time, whatever else comes.
            KernelDied: if the kernel's process has ended.
            LimitReached: if a limit of the sandbox ended it, or the cell sends too much.
        """
        begun = time.monotonic()
        deadline = None if timeout is None else begun + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                message = self.get_message("shell", timeout=left)
            except Empty:
                deadline = self._extended(begun, timeout or 0.0)
                if deadline - time.monotonic() < SHORT_SECONDS:
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                self.reply = message["content"]
                return

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """Waits for a message on `shell` or `iopub`.

        Raises:
            Empty: if none came in time.
            KernelDied: if the kernel's process has ended and left no message.
            LimitReached: if a limit of the sandbox ended it, or the cell sends too much.
        """
        waiting = self._waiting[stream]
        deadline = None if timeout is None else time.monotonic() + timeout
        while not waiting:
            left = POLL_SECONDS if deadline is None else deadline - time.monotonic()
            if self._listen(max(0.0, min(left, POLL_SECONDS))):
                continue
            if (fate := self._fate()) is not None:
                if self._listen(0):
                    continue
                raise LimitReached(fate) if fate else KernelDied("the kernel ended")
            if left <= 0:
                raise Empty
        return waiting.popleft()

    def is_alive(self) -> bool:
        """Whether its process lives."""
        return self._fate() is None

    def interrupt(self) -> None:
        """What nbval asks for when a cell takes too long: here that ends the kernel.

        Raises:
            TooSlow: always.
        """
        self.stop()
        raise TooSlow

    def stop(self) -> None:
        """Ends the kernel; a second time does nothing."""
        if not self._stopped:
            self._stopped = True
            self.left = self.handle.end()
            self._context.destroy(linger=0)

    def _connect(self, channel: str, kind: int) -> zmq.Socket[bytes]:
        info = self.handle.connection
        separator = "-" if info["transport"] == "ipc" else ":"
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = 0
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_LIMIT)
        if kind == zmq.SUB:
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        socket.connect(f"{info['transport']}://{info['ip']}{separator}{info[f'{channel}_port']}")
        return socket

    def _wait_until_ready(self, timeout: float) -> None:
        """Until the kernel answers, and what it publishes is heard."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            request = self._send("kernel_info_request", {})
            self.await_reply(request, timeout=deadline - time.monotonic())
            with contextlib.suppress(Empty):
                self.await_idle(request, IOPUB_SECONDS)
                return
        raise Empty

    def _execute(self, code: str, silent: bool = False) -> str:
        content = {
            "code": code,
            "silent": silent,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self._send("execute_request", content)

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        message = self._session.msg(kind, content)
        self._session.send(self._shell, message)
        return str(message["header"]["msg_id"])

    def _extended(self, begun: float, timeout: float) -> float:
        """Until when a reply is waited for, the time in the queue for a core not counted."""
        queued = 0.0 if self._stopped else self.handle.queued()
        return begun + min(timeout + queued, PATIENCE * timeout)

    def _fate(self) -> str | None:
        return "" if self._stopped else self.handle.fate()

    def _listen(self, timeout: float) -> bool:
        """Takes in a message of each kind, if there is one."""
        if self._stopped:
            return False
        sockets = {"shell": self._shell, "iopub": self._iopub}
        ready = zmq.select(list(sockets.values()), [], [], timeout)[0]
        for stream, socket in sockets.items():
            if socket in ready:
                self._take(stream, socket.recv_multipart(copy=False))
        return bool(ready)

    def _take(self, stream: str, parts: list[zmq.Frame]) -> None:
        self._heard += sum(map(len, parts))
        if self._heard > OUTPUT_LIMIT:
            raise LimitReached(OUTPUT)
        frames = [part.bytes for part in parts]
        # What the kernel sends may be anything; a message that is none is dropped.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            message = self._session.deserialize(self._session.feed_identities(frames)[1])
            message["parent_header"].get("msg_id")
            if not isinstance(message["content"], dict):
                return
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                self._printed.append(str(message["content"]["text"])[:PRINTED_LIMIT])
            self._waiting[stream].append(message)


def _bytes(key: str | bytes) -> bytes:
    return key.encode() if isinstance(key, str) else key
