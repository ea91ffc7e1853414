"""The command line of bubblewrap: a view of the machine that holds only what is named."""

import os
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "bwrap"
# Without these the process inside could not become another user than root before it runs anything.
_TO_CHANGE_USER = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")


def command(
    readable: Sequence[str], writable: dict[str, str], empty: Sequence[str] = ()
) -> list[str]:
    """Arguments to put before a command.

    Processes are numbered as outside, and `/proc` is the machine's: whoever starts something that
    is not trusted inside gives it namespaces of its own.

    Args:
        readable: paths that are there, read-only.
        writable: folders outside, by the path that they have inside.
        empty: folders to be made, on which something is mounted later.

    Returns:
        The command line up to the command.
    """
    line = [PROGRAM, "--die-with-parent", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.getuid() == 0:
        line += ["--cap-drop", "ALL"]
        for capability in _TO_CHANGE_USER:
            line += ["--cap-add", capability]
    else:
        line += ["--unshare-user"]
    line += ["--dev", "/dev", "--bind", "/proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"]
    # A shared map of zero is memory that nobody counts, and not every machine has Landlock.
    line += ["--dev-bind", "/dev/null", "/dev/zero"]
    for folder in [*_parents(readable), *empty]:
        line += ["--perms", "0755", "--dir", folder]  # else only root could pass through
    for path in readable:
        line += _link(path) if Path(path).is_symlink() else ["--ro-bind", path, path]
    for inside, outside in writable.items():
        line += ["--bind", outside, inside]
    return [*line, "--chdir", "/", "--"]


def _parents(paths: Sequence[str]) -> list[str]:
    """The folders above some paths, those further up first."""
    above = {str(folder) for path in paths for folder in Path(path).parents} - {"/"}
    return sorted(above, key=len)


def _link(path: str) -> list[str]:
    target = str(Path(path).readlink())
    # A link to within the system stays one; any other is replaced by what it points to.
    return ["--symlink", target, path] if target.startswith("usr/") else ["--ro-bind", path, path]
