"""Starts the processes that run notebooks, bounds their time, and reads their records."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.fresh import DEFAULT_SEED, SEED_VARIABLE
from d2l_ext.grading.notebook import Notebook, dump

# Beside what its cells may take: importing, starting a kernel, stopping one that will not stop.
OVERHEAD_SECONDS = 60.0
STOP_SECONDS = 10.0
# What ends a notebook before its last cell.
FAULTS = ("timeout", "died")
# What a process may know of the machine. Everything else stays outside, such as the Python path,
# tokens, and where the solutions are.
VARIABLES = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"),
    *("MPLCONFIGDIR", "TORCH_HOME", "D2L_EXT_DATA", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT"),
)


@dataclass(frozen=True)
class Record:
    """What came of a cell; `outcome` is `passed`, `differs`, `error`, `timeout` or `died`."""

    cell: str
    outcome: str
    printed: str = ""
    error: str = ""
    seconds: float = 0.0


class Runner:
    """Runs notebooks, each in a process of its own.

    Args:
        timeout: seconds that a cell may take.
        seed: from which the inputs of hidden checks are drawn.
    """

    def __init__(self, timeout: float = 20.0, seed: str = DEFAULT_SEED) -> None:
        self.timeout = timeout
        self.seed = seed
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, notebook: Notebook) -> dict[str, Record]:
        """Runs the cells of a notebook in their order.

        Args:
            notebook: of code cells, each with an id of its own.

        Returns:
            A record for each cell that ran, by its id. If the last of them is a fault, the cells
            that follow did not run; otherwise there is a record for each.

        Raises:
            InfrastructureError: if not a single cell could be run.
        """
        cells = [cell["id"] for cell in notebook["cells"]]
        job = {"notebook": dump(notebook), "timeout": self.timeout}
        limit = OVERHEAD_SECONDS + self.timeout * len(cells)
        with TemporaryDirectory(prefix="d2l-ext-", ignore_cleanup_errors=True) as folder:
            written, complaints, in_time = self._run_process(json.dumps(job), Path(folder), limit)
        records = {record.cell: record for record in _parse(written)}
        if not records:
            last = (complaints.strip().splitlines() or ["no message"])[-1]
            raise InfrastructureError(f"no cell could be run: {last}")
        faulty = any(record.outcome in FAULTS for record in records.values())
        missing = next((cell for cell in cells if cell not in records), None)
        if missing and not faulty:  # the process itself ended while this cell was running
            records[missing] = Record(missing, "died" if in_time else "timeout")
        return records

    def stop(self) -> None:
        """Ends all processes that are running and lets no other one start."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()

    def _run_process(self, job: str, folder: Path, limit: float) -> tuple[str, str, bool]:
        with self._process(folder) as process:
            try:
                return *process.communicate(job, timeout=limit), True
            except subprocess.TimeoutExpired:
                process.terminate()
            try:
                return *process.communicate(timeout=STOP_SECONDS), False
            except subprocess.TimeoutExpired:
                process.kill()
            return *process.communicate(), False

    @contextlib.contextmanager
    def _process(self, folder: Path) -> Iterator[subprocess.Popen[str]]:
        with self._lock:
            if self._stopped:
                raise InfrastructureError("stopped")
            process = subprocess.Popen(
                [sys.executable, "-I", "-m", "d2l_ext.grading.worker"],
                cwd=folder,
                env=self._environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # Ctrl-C comes to the grader alone, which then stops these
            )
            self._running.add(process)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)

    def _environment(self, folder: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
        return (
            kept
            | temporary
            | {
                SEED_VARIABLE: self.seed,
                "IPYTHONDIR": str(folder / "ipython"),
                "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONHASHSEED": "0",
                # One thread for each of as many workers as there are cores; none may spin in waiting.
                "OMP_NUM_THREADS": "1",
                "OMP_WAIT_POLICY": "PASSIVE",
            }
        )


def _parse(written: str) -> Iterator[Record]:
    for line in written.splitlines():
        with contextlib.suppress(ValueError, TypeError):  # a line that was cut short
            yield Record(**json.loads(line))
