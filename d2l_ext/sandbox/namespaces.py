"""Namespaces of a process's own: users, processes, mounts, messages, network, host name."""

import os
import sys
from pathlib import Path

from d2l_ext.sandbox import libc

_NEW = {
    "mount": 0x00020000,
    "host name": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "network": 0x40000000,
}
# The user that owns nothing, on every Linux.
NOBODY = 65534

_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 1 << 14, 1 << 12
_NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 2, 4, 8


def enter() -> None:
    """Moves this process into namespaces of its own, its user mapped to itself.

    The next child is the first process of its namespace. Only with a single thread.

    Raises:
        OSError: if this machine or what runs it does not allow that.
    """
    user, group = os.getuid(), os.getgid()
    # Whoever is root outside is nobody inside.
    inner_user, inner_group = (user, group) if user else (NOBODY, NOBODY)
    libc.prctl(libc.PR_SET_DUMPABLE, 1)  # without, /proc/self belongs to root after setuid
    libc.call("unshare", sum(_NEW.values()))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inner_user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{inner_group} {group} 1")


def own_mounts(scratch: str, size: int) -> None:
    """Mounts what must be private, as the first process of the namespaces.

    Args:
        scratch: becomes an empty file system in memory.
        size: of it, in bytes; `/dev/shm` gets as much.

    Raises:
        OSError: if a mount is refused.
    """
    libc.mount("none", "/", None, _PRIVATE | _RECURSIVE)
    libc.mount("proc", "/proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS)
    options = f"size={size},nr_inodes=100000,mode=0700"
    libc.mount("tmpfs", scratch, "tmpfs", _NO_SETUID | _NO_DEVICES, options)
    libc.mount("tmpfs", "/dev/shm", "tmpfs", _NO_SETUID | _NO_DEVICES, options)
    terminals = "newinstance,ptmxmode=0666,mode=0620"
    libc.mount("devpts", "/dev/pts", "devpts", _NO_SETUID | _NO_PROGRAMS, terminals)
    libc.mount("/dev/pts/ptmx", "/dev/ptmx", None, _BIND)


def try_them() -> int:
    """Enters namespaces and mounts in them: what a program run for the purpose returns."""
    if os.getuid() == 0 and "--as-nobody" in sys.argv:
        os.setresuid(NOBODY, NOBODY, NOBODY)
    enter()
    first = os.fork()
    if first:
        return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    libc.mount("none", "/", None, _PRIVATE | _RECURSIVE)
    libc.mount("proc", "/proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS)
    return 0


if __name__ == "__main__":
    sys.exit(try_them())
