"""One notebook under nbval, in a process of its own: a job on standard input, records on output.

`python -I -m d2l_ext.grading.worker` is started by `runner.Runner`. Neither the notebook, which
holds what the checks expect, nor the records have a path that the kernel could look up: the first
is deleted before the kernel starts, the second go through a pipe.
"""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

# nbformat imports a validator that spends a second on a grammar of international web addresses,
# if it is installed. No notebook holds one.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import pytest  # noqa: E402

from d2l_ext.grading import plugin  # noqa: E402

# Nobody's configuration, plugins or cache: the same judge everywhere.
ISOLATION = [
    "--noconftest",
    *("-p", "no:cacheprovider"),
    *("-p", "nbval.plugin"),
    *("-p", "d2l_ext.grading.plugin"),
    "--quiet",
    "--no-summary",
    "--tb=no",
    "--nbval-lax",
    "--nbval-current-env",
]


class ForgetNotebook:
    """Deletes the notebook as soon as pytest has read it, before there is a kernel."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_collection_finish(self) -> None:
        """Deletes it."""
        self.path.unlink()


def main() -> int:
    """Runs the job: the notebook as text, and the seconds that a cell may take."""
    job = json.load(sys.stdin)
    records = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the records go out alone; pytest's own words go with the errors
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the kernel is stopped too
    folder = Path(tempfile.mkdtemp(prefix="judge-"))
    notebook, configuration = folder / "notebook.ipynb", folder / "pytest.ini"
    notebook.write_text(job["notebook"], encoding="utf-8")
    configuration.write_text("[pytest]\n")
    arguments = ["-c", str(configuration), "--rootdir", str(folder), *ISOLATION]
    arguments += ["--nbval-cell-timeout", str(job["timeout"]), str(notebook)]
    return pytest.main(arguments, plugins=[plugin.Recorder(records), ForgetNotebook(notebook)])


if __name__ == "__main__":
    sys.exit(main())
