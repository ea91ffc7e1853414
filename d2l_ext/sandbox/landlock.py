"""Landlock: which files a process may reach, for good, without any privilege.

Linux 5.13 and newer; https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
from collections.abc import Iterable

from d2l_ext.sandbox import libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_SOCK = 1 << 5, 1 << 9
_OF_THE_FIRST_VERSION = (1 << 13) - 1
# What later versions can forbid as well: renaming across folders, truncating, device controls.
_ADDED = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TCP_SINCE, _TCP = 4, 3
# Signals to processes outside, and Unix sockets without a path that belong to them.
_SCOPE_SINCE, _SCOPE = 6, 3

READ = _EXECUTE | _READ_FILE | _READ_DIR
# To files alone, others mean nothing.
_FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
SOCKETS = _MAKE_SOCK | _REMOVE_FILE | _READ_DIR
DEVICE = _READ_FILE | _READ_DIR | _WRITE_FILE | 1 << 15
WRITE = -1  # everything that this version of Linux knows


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version of Landlock that this machine has; 0 if it has none."""
    try:
        return libc.syscall(
            _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)
        )
    except OSError:
        return 0


def restrict(allowed: Iterable[tuple[str, int]]) -> None:
    """Forbids this process everything but what is allowed; threads that run already stay free.

    Args:
        allowed: paths and what may be done beneath each: `READ`, `WRITE`, `SOCKETS`, `DEVICE`.
            Paths that do not exist are passed over.

    Raises:
        OSError: if the machine has no Landlock.
    """
    known = version()
    handled = _OF_THE_FIRST_VERSION
    for since, right in _ADDED.items():
        handled |= right if known >= since else 0
    rules = _Ruleset(
        handled, _TCP if known >= _TCP_SINCE else 0, _SCOPE if known >= _SCOPE_SINCE else 0
    )
    ruleset = libc.syscall(
        _CREATE_RULESET,
        ctypes.byref(rules),
        ctypes.c_size_t(ctypes.sizeof(rules)),
        ctypes.c_uint32(0),
    )
    try:
        for path, rights in allowed:
            _allow(ruleset, path, rights & handled)
        libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
        libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112, a file descriptor is what counts
            rights &= _FOR_FILES
        rule = _Beneath(rights, place)
        libc.syscall(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(place)
