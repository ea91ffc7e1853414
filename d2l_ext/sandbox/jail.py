"""Shuts a process that was just forked into its sandbox, layer by layer."""

import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from d2l_ext.sandbox import landlock, libc, namespaces, seccomp, warden
from d2l_ext.sandbox.limits import Limits, set_limits

# Without zero: a shared map of it is memory that nobody counts.
DEVICES = ("null", "full", "random", "urandom")
SHARED_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class Jail:
    """What a forked process may reach.

    Attributes:
        scratch: a folder that becomes its own: the work folder, home and temporary files.
        sockets: a folder in which it may make sockets, and nothing else.
        readable: paths that it may read; `/` where a mount namespace holds no more than that.
        user: whom it runs as, where it would be root otherwise and the machine can do so.
        namespaces: whether it gets namespaces of its own.
        landlock: whether files are guarded by Landlock.
        limits: of memory, files and processes.
    """

    scratch: str
    sockets: str
    readable: list[str] = field(default_factory=lambda: ["/"])
    user: int | None = None
    namespaces: bool = True
    landlock: bool = True
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> dict[str, Any]:
        """As plain data, from which `enter` makes it again."""
        return asdict(self)


def enter(config: dict[str, Any], orders: int, report: int) -> None:
    """Shuts this process in; in namespaces it is a grandchild that comes back from here.

    The process that calls stays outside, waits, and leaves with the kernel's exit status.

    Args:
        config: a `Jail` as plain data.
        orders: the reading end of a pipe, for the warden.
        report: the writing end of another one.

    Raises:
        OSError: if a layer that was asked for is refused: then nothing must be run.
    """
    jail = Jail(**config | {"limits": Limits(**config["limits"])})
    if jail.user is not None and os.getuid() == 0:
        os.setgroups([])
        os.setresgid(jail.user, jail.user, jail.user)
        os.setresuid(jail.user, jail.user, jail.user)
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    if jail.namespaces:
        namespaces.enter()
        _stay_outside(orders, report)
        namespaces.own_mounts(jail.scratch, jail.limits.disk)
    libc.drop_privileges()
    _make_folders(jail.scratch)
    if jail.namespaces:
        _become_warden(orders, report, jail)
    os.close(orders)
    os.close(report)
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()  # no terminal, and by the session its own share of the processor
    set_limits(jail.limits, jail.namespaces)
    if jail.landlock:
        landlock.restrict(_allowed(jail))
    seccomp.restrict(own_process_only=not jail.namespaces)


def _stay_outside(orders: int, report: int) -> None:
    first = os.fork()
    if first:
        os.close(orders)
        os.close(report)
        status = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        _leave_as(status if status >= 0 else signal.SIGKILL + 128)
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)


def _become_warden(orders: int, report: int, jail: Jail) -> None:
    kernel = os.fork()
    if kernel:
        libc.prctl(libc.PR_SET_DUMPABLE, 0)  # nobody looks into the warden
        places = warden.Places([jail.scratch, SHARED_MEMORY], jail.sockets)
        status = warden.watch(kernel, orders, report, jail.limits, places)
        _leave_as(status if status >= 0 else 128 - status)


def _leave_as(status: int) -> None:
    """Ends this process without what Python does at the end: it is a copy of another one."""
    sys.stderr.flush()
    os._exit(status)


def _make_folders(scratch: str) -> None:
    for name in ("work", "home"):
        (Path(scratch) / name).mkdir()


def _allowed(jail: Jail) -> list[tuple[str, int]]:
    write = [jail.scratch]
    devices = [f"/dev/{name}" for name in DEVICES]
    if jail.namespaces:  # these are its own, then
        write.append(SHARED_MEMORY)
        devices += ["/dev/ptmx", "/dev/pts"]
    return [
        *((path, landlock.READ) for path in jail.readable),
        *((path, landlock.WRITE) for path in write),
        *((device, landlock.DEVICE) for device in devices),
        (jail.sockets, landlock.SOCKETS | landlock.READ),
    ]
