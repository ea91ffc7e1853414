"""seccomp: which calls of the system a process may make, for good.

A filter is a program of the Berkeley packet filter that looks at the number of a call and at its
arguments; https://docs.kernel.org/userspace-api/seccomp_filter.html
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
# Where the data of a call hold its number, the machine, and the low halves of some arguments.
_NUMBER, _MACHINE = 0, 4
_ARGUMENT, _SECOND, _FOURTH = 16, 24, 40
_MACHINE_CODES = (0xC000003E, 0xC00000B7)
_X32 = 0x40000000  # calls of another convention on x86_64, with numbers of their own
_AF_UNIX, _AF_NETLINK = 1, 16
_NEW_NAMESPACES = 0x7E020000
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
# What is number 1 for every process inside namespaces of its own.
_WARDEN = 1

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
    # Memory that belongs to no process and no file system, so that nobody could count it.
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    # It can name a user, and with him the warden, which is to keep its share of the processor.
    "setpriority": (141, 140),
}
_SOCKET, _CLONE, _CLONE3, _MMAP = (41, 198), (56, 220), 435, (9, 222)
# The library of messages makes this call for each of its threads, and asks for the usual policy.
_SCHEDULER, _USUAL = (144, 119), 0
# Calls that could take the processor or the means away from whoever watches.
_SETTINGS = {
    "sched_setparam": (142, 118),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "prlimit64": (302, 261),
}
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
        own_process_only: also forbids signals to any other process, and settings of it, children
            included; for where nothing else keeps the others out of reach.

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
    # Shared memory without a file, which no limit of a process counts.
    yield _EQUAL, 0, 5, _MMAP[column]
    yield _LOAD, 0, 0, _FOURTH
    yield _ANY_BIT, 0, 2, _MAP_SHARED
    yield _ANY_BIT, 0, 1, _MAP_ANONYMOUS
    yield _fail(errno.EPERM)
    yield _RETURN, 0, 0, _ALLOW
    yield from _only_for(_SCHEDULER[column], _USUAL, argument=_SECOND)
    if own_process_only:
        for numbers in _SIGNALS.values():
            yield from _only_for(numbers[column], os.getpid())
        for numbers in _SETTINGS.values():
            yield from _only_for(numbers[column], 0, os.getpid())
    else:
        for numbers in _SETTINGS.values():
            yield from _not_for(numbers[column], _WARDEN)
    yield _RETURN, 0, 0, _ALLOW


def _only_for(number: int, *values: int, argument: int = _ARGUMENT) -> Iterator[_Instruction]:
    """Forbids a call unless an argument, such as the process it is for, is one of some values."""
    count = len(values)
    yield _EQUAL, 0, count + 3, number
    yield _LOAD, 0, 0, argument
    for place, value in enumerate(values, start=1):
        yield _EQUAL, count - place + 1, 0, value
    yield _fail(errno.EPERM)
    yield _RETURN, 0, 0, _ALLOW


def _not_for(number: int, process: int) -> Iterator[_Instruction]:
    """Forbids a call whose first argument is a process."""
    yield _EQUAL, 0, 4, number
    yield _LOAD, 0, 0, _ARGUMENT
    yield _EQUAL, 0, 1, process
    yield _fail(errno.EPERM)
    yield _RETURN, 0, 0, _ALLOW


def _fail(number: int) -> _Instruction:
    return _RETURN, 0, 0, _FAIL | number
