"""The first process of a sandbox: watches what a submission uses, and ends all of it."""

import json
import os
import select
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from d2l_ext.sandbox.limits import DISK, MEMORY, PROCESSES, SOCKETS, Limits

POLL_SECONDS = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Places:
    """Where a submission may write, held open: what it does to their paths and rights is no matter.

    Args:
        in_memory: folders that are file systems in memory of its own.
        sockets: the folder of its sockets.

    Raises:
        OSError: if one of them is not there.
    """

    def __init__(self, in_memory: Sequence[str], sockets: str) -> None:
        self._in_memory = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in in_memory]
        self._sockets = os.open(sockets, os.O_RDONLY | os.O_DIRECTORY)

    def memory(self) -> int:
        """Bytes that files take, those included that are deleted and still open or mapped."""
        used = 0
        for place in self._in_memory:
            system = os.statvfs(place)
            used += (system.f_blocks - system.f_bfree) * system.f_frsize
        return used

    def sockets(self) -> int:
        """The number of names in the folder of sockets."""
        return len(os.listdir(self._sockets))  # noqa: PTH208


def watch(kernel: int, orders: int, report: int, limits: Limits, places: Places) -> int:
    """Waits for a kernel to end, then ends what it left behind.

    Signals that come through `orders` go on to the kernel; the end of that pipe ends everything.

    Args:
        kernel: its process.
        orders: a pipe, a byte for each signal.
        report: a pipe for a line of JSON: `limit`, the limit that was exceeded, or none, and
            `left`, the number of processes that were still there.
        limits: what all processes together may use.
        places: where they may write.

    Returns:
        The exit status of the kernel, as `os.waitstatus_to_exitcode` gives it.
    """
    signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the wait for orders
    inherited = _memory(kernel)
    exceeded, status = "", None
    while status is None and not exceeded:
        if _ordered_to_end(orders, kernel):
            break
        status = _reap(kernel)
        exceeded = _exceeded(limits, inherited, places)
    left = sum(process != kernel for process in _others())
    os.write(report, json.dumps({"limit": exceeded, "left": left}).encode() + b"\n")
    _end_all()
    return -signal.SIGKILL if status is None else status


def _ordered_to_end(orders: int, kernel: int) -> bool:
    try:
        ready = select.select([orders], [], [], POLL_SECONDS)[0]
    except InterruptedError:
        return False
    if not ready:
        return False
    numbers = os.read(orders, 64)
    for number in numbers:
        if number == signal.SIGKILL:
            return True
        os.kill(kernel, number)
    return not numbers


def _reap(kernel: int) -> int | None:
    """Collects all that have ended; the kernel's status if it is among them."""
    found = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if process == 0:
            return found
        if process == kernel:
            found = os.waitstatus_to_exitcode(status)


def _exceeded(limits: Limits, inherited: int, places: Places) -> str:
    processes = list(_others())
    if len(processes) > limits.processes or sum(map(_threads, processes)) > limits.threads:
        return PROCESSES
    if places.sockets() > SOCKETS:
        return DISK
    left = limits.memory - places.memory()
    # Quick, and too much: what a fork shares with its parent counts twice.
    if sum(max(0, _memory(process) - inherited) for process in processes) <= left:
        return ""
    return MEMORY if sum(map(_own_memory, processes)) > left else ""


def _others() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1")  # noqa: PTH208


def _threads(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/task"))  # noqa: PTH208
    except OSError:
        return 0


def _memory(process: int) -> int:
    """Memory in use that belongs to no file."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * _PAGE


def _own_memory(process: int) -> int:
    """The same, where a page that several processes share counts in parts."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return _memory(process)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon"))


def _end_all() -> None:
    """Ends every process of the namespace but this one."""
    try:
        while True:
            os.kill(-1, signal.SIGKILL)
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
