"""How long a kernel stood in the queue for a core, so that a machine's load is not held against it.

Linux keeps the time for each process: https://docs.kernel.org/scheduler/sched-stats.html
"""

import contextlib
from pathlib import Path

PROCESSES = Path("/proc")
NANOSECONDS = 1e9
# A cell is given the time in the queue again, up to so many times what it may take.
PATIENCE = 5


def seconds_queued(process: int | None) -> float:
    """Seconds that a process, or one that it started, was ready to run while no core was free.

    Args:
        process: as it is numbered here; None if that is not known.

    Returns:
        The longest such time among them, each counted by its first thread. 0 where the system does
        not say: then only the clock on the wall counts.
    """
    if process is None:
        return 0.0
    return max((_queued(member) for member in family(process)), default=0.0)


def _queued(process: int) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((PROCESSES / str(process) / "schedstat").read_text().split()[1]) / NANOSECONDS
    return 0.0


def family(process: int) -> set[int]:
    """A process and all that it started, as far as their parents still live."""
    parents = {}
    with contextlib.suppress(OSError):
        for folder in PROCESSES.iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    # Behind the name, which may hold anything: its state, then its parent.
                    behind = (folder / "stat").read_text(errors="replace").rpartition(")")[2]
                    parents[int(folder.name)] = int(behind.split()[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
