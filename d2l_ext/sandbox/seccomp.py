"""seccomp: which calls of the system a process may make, for good.

A filter is a program of the Berkeley packet filter that looks at the number of a call and at its
first argument; https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator

from d2l_ext.sandbox import libc

_FILTER_MODE = 2
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
# Where the data of a call hold its number, the machine, and the low half of the first argument.
_NUMBER, _MACHINE = 0, 4
_ARGUMENT = 16
_MACHINE_CODES = (0xC000003E, 0xC00000B7)
_X32 = 0x40000000  # calls of another convention on x86_64, with numbers of their own
_AF_UNIX, _AF_NETLINK = 1, 16
_NEW_NAMESPACES = 0x7E020000

# Never needed by an answer: mounts, namespaces, other processes' memory, the kernel's own affairs.
# Each with its numbers on the machines that `libc.MACHINES` names, in that order.
_FORBIDDEN = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    "lookup_dcookie": (212, 18),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_secret": (447, 447),
}
_SOCKET, _CLONE, _CLONE3 = (41, 198), (56, 220), 435
_SIGNALS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}

_Instruction = tuple[int, int, int, int]


def restrict(own_process_only: bool = False) -> None:
    """Forbids this process, and what it starts, networks and calls that no answer needs.

    Args:
        own_process_only: also forbids signals to any other process, children included; for where
            nothing else keeps the others out of reach.

    Raises:
        OSError: if the kernel has no seccomp.
    """
    program = b"".join(struct.pack("HBBI", *line) for line in _program(own_process_only))
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    holder = ctypes.create_string_buffer(header, len(header))
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.prctl(libc.PR_SET_SECCOMP, _FILTER_MODE, ctypes.addressof(holder))


def _program(own_process_only: bool) -> Iterator[_Instruction]:
    column = libc.MACHINES.index(platform.machine())
    yield _LOAD, 0, 0, _MACHINE
    yield _EQUAL, 1, 0, _MACHINE_CODES[column]
    yield _fail(errno.EPERM)
    yield _LOAD, 0, 0, _NUMBER
    yield _ANY_BIT, 0, 1, _X32
    yield _fail(errno.ENOSYS)
    for numbers in _FORBIDDEN.values():
        yield _EQUAL, 0, 1, numbers[column]
        yield _fail(errno.EPERM)
    # A library that asks for clone3, whose flags cannot be looked at here, then asks for clone.
    yield _EQUAL, 0, 1, _CLONE3
    yield _fail(errno.ENOSYS)
    yield _EQUAL, 0, 4, _CLONE[column]
    yield _LOAD, 0, 0, _ARGUMENT
    yield _ANY_BIT, 0, 1, _NEW_NAMESPACES
    yield _fail(errno.EPERM)
    yield _RETURN, 0, 0, _ALLOW
    yield _EQUAL, 0, 6, _SOCKET[column]
    yield _LOAD, 0, 0, _ARGUMENT
    yield _EQUAL, 3, 0, _AF_UNIX
    yield _EQUAL, 0, 1, _AF_NETLINK
    yield _fail(errno.EOPNOTSUPP)  # at another answer the library of messages ends the process
    yield _fail(errno.EACCES)
    yield _RETURN, 0, 0, _ALLOW
    if own_process_only:
        yield from _no_signals(column)
    yield _RETURN, 0, 0, _ALLOW


def _no_signals(column: int) -> Iterator[_Instruction]:
    for numbers in _SIGNALS.values():
        yield _EQUAL, 0, 4, numbers[column]
        yield _LOAD, 0, 0, _ARGUMENT
        yield _EQUAL, 1, 0, os.getpid()
        yield _fail(errno.EPERM)
        yield _RETURN, 0, 0, _ALLOW


def _fail(number: int) -> _Instruction:
    return _RETURN, 0, 0, _FAIL | number
