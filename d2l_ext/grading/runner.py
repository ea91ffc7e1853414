"""Keeps the processes that run notebooks, bounds their time, and reads their records."""

import contextlib
import dataclasses
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from d2l_ext.grading.errors import InfrastructureError, UserError
from d2l_ext.grading.fresh import DEFAULT_SEED, SEED_VARIABLE
from d2l_ext.grading.notebook import Notebook, dump
from d2l_ext.grading.queueing import PATIENCE
from d2l_ext.grading.texts import encodable, printable
from d2l_ext.sandbox import layers
from d2l_ext.sandbox.limits import MEMORY, parse_size
from d2l_ext.sandbox.view import DATA_VARIABLE

# Beside what its cells may take: importing, starting a kernel, stopping one that will not stop. Far
# more than these take on a busy machine, since whoever runs into it is blamed.
OVERHEAD_SECONDS = 600.0
STOP_SECONDS = 10.0
# A worker that ends in the middle may have been the machine's victim, such as of its lack of memory.
ATTEMPTS = 2
# A worker is replaced after so many notebooks, whatever it may have gathered.
JOBS_PER_WORKER = 200
# What ends a kernel before its last cell.
FAULTS = ("timeout", "died", "limit", "tamper")
OUTCOMES = ("passed", "differs", "error", *FAULTS)
# Longer than anything took; what is written down as longer is damaged.
SECONDS_LIMIT = 1e9
# What a worker may know of the machine. Everything else stays outside, such as the Python path,
# tokens, and where the solutions are; a kernel in a sandbox finds less.
VARIABLES = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"),
    *("MPLCONFIGDIR", "TORCH_HOME", DATA_VARIABLE, "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT"),
)
FOR_KERNELS = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", DATA_VARIABLE)
REFUSAL = (
    "this machine has no sandbox to keep the code of a submission away from your files. That takes "
    "Linux with bubblewrap (such as: apt install bubblewrap), or with Landlock and namespaces. "
    "--unsafe grades all the same: each submission then runs with your rights, can read, change "
    "and delete your files, and use the network"
)


@dataclass(frozen=True)
class Record:
    """What came of a cell.

    Attributes:
        cell: its id.
        outcome: `passed`, `differs`, `error`, or one of `FAULTS`.
        printed: its standard output.
        error: the last line of its error; for `limit` the limit, such as `process limit`.
        seconds: that it took.
    """

    cell: str
    outcome: str
    printed: str = ""
    error: str = ""
    seconds: float = 0.0

    @classmethod
    def from_json(cls, content: Any) -> "Record":
        """A record from what was written down of one.

        Args:
            content: as JSON gives it.

        Returns:
            The record; its texts, which a kernel chose, can be written down again.

        Raises:
            TypeError, ValueError: if it is none.
        """
        record = cls(**content)
        texts = (record.cell, record.outcome, record.printed, record.error)
        if not all(isinstance(text, str) for text in texts) or record.outcome not in OUTCOMES:
            raise ValueError("not a record")
        demand_seconds(record.seconds)
        error = printable(record.error)
        return dataclasses.replace(record, printed=encodable(record.printed), error=error)


def demand_seconds(value: Any) -> None:
    """Raises ValueError unless a value is a number of seconds that something may have taken."""
    if not isinstance(value, int | float) or not 0 <= value <= SECONDS_LIMIT:
        raise ValueError(f"{value!r} is no number of seconds")


class Runner:
    """Runs notebooks, each in a kernel of its own, in the best sandbox that the machine has.

    It can be used from several threads: there are as many workers as notebooks run at a time.

    Args:
        timeout: seconds that a cell may take.
        seed: from which the inputs of hidden checks are drawn.
        memory: that a kernel with all that it starts may take, such as `2G`.
        unsafe: goes on where there is no sandbox.

    Attributes:
        sandbox: the layers in force, in words.

    Raises:
        UserError: if there is no sandbox and `unsafe` is not set, or `memory` is no size.
    """

    def __init__(
        self,
        timeout: float = 20.0,
        seed: str = DEFAULT_SEED,
        memory: str = "2G",
        unsafe: bool = False,
    ) -> None:
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        found = layers.find()
        if not (found.enough or unsafe):
            raise UserError(REFUSAL)
        try:
            size = parse_size(memory)
        except ValueError as error:
            raise UserError(f"--memory: {error}") from error
        self._memory = f"{size / 2**30:.3g} GB"
        self.timeout = timeout
        self.seed = seed
        self.sandbox = str(found) if found.enough else "none: --unsafe"
        self._settings = {
            "layers": dataclasses.asdict(found) if found.enough else None,
            "memory": size,
            "environment": _kernel_environment(seed),
        }
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
        limit = OVERHEAD_SECONDS + PATIENCE * self.timeout * len(cells)
        for attempt in range(1, ATTEMPTS + 1):
            with self._worker() as worker:
                ran = _parse(worker.run(job, limit))
                records = {record.cell: self._with_size(record) for record in ran}
            if self._stopped:
                raise InfrastructureError("stopped")
            if not records:
                raise InfrastructureError(f"no cell could be run: {worker.last_words()}")
            faulty = any(record.outcome in FAULTS for record in records.values())
            missing = next((cell for cell in cells if cell not in records), None)
            if missing is None or faulty:
                break
            if worker.late or attempt == ATTEMPTS:  # it was this cell that the worker ended at
                records[missing] = Record(missing, "timeout" if worker.late else "died")
                break
        return records

    def _with_size(self, record: Record) -> Record:
        """Says how much memory there was, where that was not enough."""
        if record.outcome == "limit" and record.error == MEMORY:
            return dataclasses.replace(record, error=f"{self._memory} limit")
        return record

    def stop(self) -> None:
        """Ends all workers and lets no other one start."""
        with self._lock:
            self._stopped = True
            for worker in self._all:
                worker.terminate()

    def __del__(self) -> None:
        for worker in self._all:
            worker.close()

    @contextlib.contextmanager
    def _worker(self) -> Iterator["Worker"]:
        with self._lock:
            if self._stopped:
                raise InfrastructureError("stopped")
            worker = self._idle.pop() if self._idle else Worker(self._settings, self.seed)
            self._all.add(worker)
        try:
            yield worker
        finally:
            with self._lock:
                if worker.usable:
                    self._idle.append(worker)
                else:
                    self._all.discard(worker)
            if not worker.usable:
                worker.close()


class Worker:
    """A process that runs one notebook at a time.

    Attributes:
        late: whether its last notebook took longer than all of its cells may.
    """

    def __init__(self, settings: dict[str, Any], seed: str) -> None:
        self.late = False
        self._jobs = 0
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "d2l_ext.grading.worker"],
            cwd=tempfile.gettempdir(),
            env=_worker_environment(seed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C comes to the grader alone, which then stops these
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._write(settings)

    @property
    def usable(self) -> bool:
        """Whether it can be given another notebook."""
        return not self.late and self._jobs < JOBS_PER_WORKER and self._process.poll() is None

    def run(self, job: dict[str, Any], limit: float) -> list[str]:
        """Runs a job; returns the lines of its records, as many as came within the time limit."""
        self._jobs += 1
        self._write(job)
        lines: list[str] = []
        deadline = time.monotonic() + limit
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self.late = True
                return lines
            if line in ("", "{}\n"):  # its end, or that of the job
                return lines
            lines.append(line)

    def last_words(self) -> str:
        """The last line that it wrote to standard error."""
        with contextlib.suppress(OSError, ValueError):
            self._errors.seek(0)
            return (self._errors.read().strip().splitlines() or ["no message"])[-1]
        return "no message"

    def terminate(self) -> None:
        """Asks it to end, with its kernel."""
        self._process.terminate()

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()  # an idle worker ends at once
        try:
            self._process.wait(0 if self.late else STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None, "it was asked for"
        with contextlib.suppress(OSError):  # it has ended, which reading will tell
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None, "it was asked for"
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


def _kernel_environment(seed: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in FOR_KERNELS if name in os.environ}
    return kept | {SEED_VARIABLE: seed, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}


def _worker_environment(seed: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return kept | {
        SEED_VARIABLE: seed,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONHASHSEED": "0",
        # One thread for each of as many workers as there are cores; none may spin in waiting.
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "CUDA_VISIBLE_DEVICES": "",
    }


def _parse(lines: list[str]) -> Iterator[Record]:
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):  # a line that was cut short
            yield Record.from_json(json.loads(line))
