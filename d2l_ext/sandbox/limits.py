"""What a submission may use of the machine."""

import platform
import re
from dataclasses import dataclass

MEGABYTE = 2**20
# What exceeded limits are called.
MEMORY, PROCESSES, DISK = "memory limit", "process limit", "disk limit"
# A kernel that was forked has inherited 860 MB, which count.
LEAST_MEMORY = 1024 * MEGABYTE
OPEN_FILES = 1024
# Names in the folder of a kernel's sockets, which lies on the machine's disk; it needs six.
SOCKETS = 20
# Between the number at which the warden ends everything and the one that the system refuses.
SPARE = 8
# From here on, processes are counted in each user namespace for itself.
_COUNTED_BY_NAMESPACE = (5, 14)


@dataclass(frozen=True)
class Limits:
    """Limits of one submission: bytes of memory and of files, processes, and threads of all."""

    memory: int = 2048 * MEGABYTE
    disk: int = 512 * MEGABYTE
    processes: int = 24
    threads: int = 96


def parse_size(text: str) -> int:
    """Bytes from a text such as `2G`, `1500M` or `1800 MB`.

    Raises:
        ValueError: if the text is no size, or less than a kernel needs.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MG])i?B?\s*", text, re.IGNORECASE)
    if not found:
        raise ValueError(f"{text!r} is not a size; write for example 2G or 1500M")
    size = int(float(found[1]) * MEGABYTE * (1024 if found[2] in "Gg" else 1))
    if size < LEAST_MEMORY:
        raise ValueError(f"{text!r} is too little; a kernel needs at least 1G")
    return size


def set_limits(limits: Limits, own_user_namespace: bool) -> None:
    """Sets what the system enforces for each process by itself.

    Args:
        limits: a memory limit gives a `MemoryError`, a file that grows too large an `OSError`.
        own_user_namespace: whether this process counts its processes apart from the user's others.
    """
    import resource  # not on Windows

    _set(resource.RLIMIT_DATA, limits.memory)
    _set(resource.RLIMIT_FSIZE, limits.disk)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, OPEN_FILES)
    if own_user_namespace and _release() >= _COUNTED_BY_NAMESPACE:
        # The warden's count comes first and says why; this holds off what is faster than it.
        _set(resource.RLIMIT_NPROC, limits.threads + SPARE)


def _set(what: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _release() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
