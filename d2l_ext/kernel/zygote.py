"""The parent that kernels are forked from: imports once, then forks on request.

`python -m d2l_ext.kernel.zygote FD course|kernel` talks over a socket: a request is one message of JSON, and so
is each event. It runs no code of a notebook, has one thread, and ends with its owner.

Requests: `{"start": id, "connection": {...}, "environment": {...}, "folder": "...", "jail": ...}`
and `{"signal": number, "kernel": id}`. Events: `ready`, or `cold` with the reason why forking is
not safe here; then `bound`, `failed` and `ended` for a kernel.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from d2l_ext.kernel.child import run_child

MESSAGE_LIMIT = 2**20
# What a kernel is made of, and what a course's notebook imports; a name that is missing is no harm.
KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "ipywidgets"),
    *("IPython.core.completer", "IPython.core.completerlib", "IPython.core.oinspect"),
    *("IPython.core.debugger", "IPython.extensions.storemagic", "sqlite3", "faulthandler"),
    *("tornado.queues", "tornado.platform.asyncio", "encodings.idna", "encodings.latin_1"),
)
# A debugger takes longer to import than all the rest of a kernel to start, and is not offered.
LEFT_OUT = "debugpy"
COURSE = (
    *("numpy", "numpy.random", "torch", "matplotlib.pyplot", "matplotlib_inline.backend_inline"),
    *("d2l_ext.grading", "d2l_ext.grading.magic", "d2l_ext.grading.streams", "d2l_ext.networks"),
)


@dataclass
class Kernel:
    """A kernel that was forked: its process, and the ends of pipes that this side holds.

    One that is `watched` is ended, with all that it started, by the first process of its sandbox.
    """

    process: int
    bound: int
    orders: int
    report: int
    watched: bool


def prepare(names: Iterable[str]) -> str:
    """Imports; returns why forking is not safe, or nothing."""
    # Before numpy and torch look: more than one thread could not be forked.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    sys.modules[LEFT_OUT] = None  # type: ignore[assignment]  # "not installed"
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    del sys.modules[LEFT_OUT]  # who asks for it in a notebook may have it
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    from jupyter_client import localinterfaces

    with contextlib.suppress(Exception):
        localinterfaces.local_ips()  # looks once, for all children
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        return "a library that was imported has started a thread"
    gc.collect()
    gc.freeze()  # else the first collection in a child would copy every page
    return ""


class Zygote:
    """Serves requests until its owner is gone.

    Args:
        owner: the socket.
    """

    def __init__(self, owner: socket.socket) -> None:
        self.owner = owner
        self.kernels: dict[str, Kernel] = {}
        self.wake, wake_end = os.pipe()
        os.set_blocking(wake_end, False)
        os.set_blocking(self.wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Answers requests and tells of events."""
        while True:
            bound = {
                kernel.bound: name for name, kernel in self.kernels.items() if kernel.bound >= 0
            }
            owner = self.owner.fileno()
            for descriptor in select.select([owner, self.wake, *bound], [], [])[0]:
                if descriptor == owner:
                    message = self.owner.recv(MESSAGE_LIMIT)
                    if not message:
                        return
                    self._answer(json.loads(message))
                elif descriptor == self.wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake, 4096)
                else:
                    self._bound(bound[descriptor])
            self._reap()

    def end_all(self) -> None:
        """Ends every kernel."""
        for name in self.kernels:
            self._signal(name, signal.SIGKILL)

    def _answer(self, request: dict[str, Any]) -> None:
        if "start" in request:
            self._start(request)
        elif request.get("kernel") in self.kernels:
            self._signal(request["kernel"], request["signal"])

    def _start(self, request: dict[str, Any]) -> None:
        bound, bound_end = os.pipe()
        orders_end, orders = os.pipe()
        report, report_end = os.pipe()
        process = os.fork()
        if process == 0:
            kept = {bound_end, orders_end, report_end}
            run_child(request, bound_end, orders_end, report_end, kept)
        for descriptor in (bound_end, orders_end, report_end):
            os.close(descriptor)
        # A sandbox without namespaces has nobody who listens to orders, and a session of its own.
        watched = request["jail"] is not None and request["jail"]["namespaces"]
        self.kernels[request["start"]] = Kernel(process, bound, orders, report, watched)

    def _bound(self, name: str) -> None:
        kernel = self.kernels[name]
        said = os.read(kernel.bound, 4096).decode(errors="replace")
        os.close(kernel.bound)
        kernel.bound = -1
        event = "bound" if said == "bound" else "failed"
        self._tell({"event": event, "kernel": name, "process": kernel.process, "why": said})

    def _signal(self, name: str, number: int) -> None:
        kernel = self.kernels[name]
        with contextlib.suppress(ProcessLookupError, BrokenPipeError):
            if kernel.watched:
                os.write(kernel.orders, bytes([number]))
            else:
                os.killpg(kernel.process, number)

    def _reap(self) -> None:
        for name, kernel in list(self.kernels.items()):
            process, status = os.waitpid(kernel.process, os.WNOHANG)
            if process == 0:
                continue
            del self.kernels[name]
            os.set_blocking(kernel.report, False)
            said = b""
            with contextlib.suppress(BlockingIOError):
                said = os.read(kernel.report, 4096)
            if not kernel.watched:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(kernel.process, signal.SIGKILL)
            for descriptor in {kernel.bound, kernel.orders, kernel.report} - {-1}:
                os.close(descriptor)
            code = os.waitstatus_to_exitcode(status)
            report = json.loads(said) if said else {}
            self._tell({"event": "ended", "kernel": name, "status": code, **report})

    def _tell(self, event: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.owner.send(json.dumps(event).encode())


def main() -> None:
    """Serves the socket whose descriptor is the first argument; the second says what to import."""
    owner = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's affair
    try:
        reason = prepare((*KERNEL, *COURSE) if sys.argv[2] == "course" else KERNEL)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    owner.send(json.dumps({"event": "cold" if reason else "ready", "why": reason}).encode())
    zygote = Zygote(owner)
    try:
        if not reason:
            zygote.serve()
    finally:
        zygote.end_all()
        os._exit(0)  # what libraries do at the end takes long, and says much


if __name__ == "__main__":
    main()
