"""The few calls of Linux that Python does not offer, each an `OSError` where it fails."""

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)

# Numbers of system calls differ between processors; these two are what laptops and servers have.
MACHINES = ("x86_64", "aarch64")

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
# More than there are: dropping one that does not exist fails, and is no harm.
_CAPABILITIES = 64


def known_machine() -> bool:
    """Whether this processor's system calls are known here."""
    return platform.machine() in MACHINES


def call(name: str, *arguments: object) -> int:
    """Calls a function of the C library.

    Raises:
        OSError: if it returns -1.
    """
    result: int = getattr(_libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Calls the kernel by number.

    Raises:
        OSError: if it fails.
    """
    return call("syscall", number, *arguments)


def prctl(option: int, argument: int = 0, second: int = 0) -> None:
    """Sets a property of this process.

    Raises:
        OSError: if the kernel refuses.
    """
    unsigned = ctypes.c_ulong
    call("prctl", option, unsigned(argument), unsigned(second), unsigned(0), unsigned(0))


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mounts a file system.

    Raises:
        OSError: if the kernel refuses.
    """
    form = kind.encode() if kind else None
    call("mount", source.encode(), target.encode(), form, ctypes.c_ulong(flags), options.encode())


def drop_privileges() -> None:
    """Gives all capabilities up, for this process and whatever it starts."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            continue
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())
