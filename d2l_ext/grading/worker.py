"""Runs notebooks under nbval, one after another: jobs on standard input, records on output.

`python -I -m d2l_ext.grading.worker` is started by `runner.Runner`, with its settings as the first
line of input. Neither the notebook, which holds what the checks expect, nor the records have a path
that a kernel could look up: the first is deleted before the kernel starts, the second go through a
pipe. A line without a cell ends the records of a job.
"""

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

# nbformat imports a validator that spends a second on a grammar of international web addresses,
# if it is installed. No notebook holds one.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import nbval.plugin  # noqa: E402
import pytest  # noqa: E402

from d2l_ext.grading import plugin  # noqa: E402
from d2l_ext.grading.kernel import Handle  # noqa: E402

# Parts of pytest that a notebook has no use for; each costs its share of every submission, the
# first two a search through all objects for what was not cleaned up.
WITHOUT = (
    *("unraisableexception", "threadexception", "cacheprovider", "doctest", "unittest", "logging"),
    *("junitxml", "pastebin", "stepwise", "faulthandler", "subtests"),
)
# Nobody's configuration, plugins or cache: the same judge everywhere.
ISOLATION = [
    "--noconftest",
    *(option for name in WITHOUT for option in ("-p", f"no:{name}")),
    "--quiet",
    "--no-summary",
    "--tb=no",
    "--nbval-lax",
    "--nbval-current-env",
]
# What this process may take. It needs a tenth of a gigabyte; a submission that sends more than can
# be heard ends it, and the cell that ran then is blamed.
MEMORY = 2 * 2**30


class Job:
    """What a single run of pytest is told beside its options.

    Args:
        path: of the notebook, which is deleted as soon as pytest has read it.
        start: starts a kernel; None for Jupyter's own.
    """

    def __init__(self, path: Path, start: Callable[[], Handle] | None) -> None:
        self.path, self.start = path, start

    def pytest_configure(self, config: pytest.Config) -> None:
        """Says how kernels are started."""
        if self.start:
            config.stash[plugin.KERNELS] = self.start

    def pytest_collection_finish(self) -> None:
        """Deletes the notebook, before there is a kernel."""
        self.path.unlink()


def main() -> None:
    """Answers jobs until there are no more."""
    settings = json.loads(sys.stdin.readline())
    records = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the records go out alone; pytest's own words go with the errors
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the kernel is stopped too
    with contextlib.ExitStack() as stack:
        start = _kernels(settings, stack)
        gc.freeze()  # what was imported is not looked through again for each submission
        for line in sys.stdin:
            run(json.loads(line), start, records)
            print("{}", file=records, flush=True)


def run(job: dict[str, Any], start: Callable[[], Handle] | None, records: TextIO) -> None:
    """Runs a job: the notebook as text, and the seconds that a cell may take."""
    with tempfile.TemporaryDirectory(prefix="judge-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        notebook, configuration = folder / "notebook.ipynb", folder / "pytest.ini"
        notebook.write_text(job["notebook"], encoding="utf-8")
        configuration.write_text("[pytest]\n")
        arguments = ["-c", str(configuration), "--rootdir", str(folder), *ISOLATION]
        arguments += ["--nbval-cell-timeout", str(job["timeout"]), str(notebook)]
        # As objects: by name, pytest looks through the metadata of all that is installed.
        judges = [nbval.plugin, plugin, plugin.Recorder(records), Job(notebook, start)]
        pytest.main(arguments, plugins=judges)


def _kernels(settings: dict[str, Any], stack: contextlib.ExitStack) -> Callable[[], Handle] | None:
    """What starts kernels in a sandbox, if there is one."""
    if settings["layers"] is None:
        return None
    from d2l_ext.grading.launcher import Launcher
    from d2l_ext.sandbox import plan
    from d2l_ext.sandbox.layers import Layers
    from d2l_ext.sandbox.limits import Limits

    launcher = Launcher(
        plan.make(Layers(**settings["layers"]), Limits(memory=settings["memory"])),
        settings["environment"],
    )
    stack.callback(launcher.close)
    _limit_memory()
    return launcher.launch


def _limit_memory() -> None:
    """Bounds what this process takes; kernels in a sandbox, with limits of their own, are free."""
    import resource  # not on Windows

    for what, wanted in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]  # stays, so that a kernel may be given more
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    main()
