"""A pytest plugin that makes nbval a judge of exercises: `pytest -p d2l_ext.grading.plugin`.

Beside nbval's own options, which all keep their meaning:

- A graded check is met when its standard output agrees, floats within the tolerance that the
  cell's metadata states (`d2l_ext.tolerance`); warnings, progress bars and figures do not count.
- The kernel runs in an empty folder, not in the notebook's.
- What a thread, a child process or a library in C prints is dropped, since when it comes is chance.
- Of a cell's time, what it waited for a core on a busy machine is not counted.
- A kernel that dies is noticed at once, and a cell that hangs, kills it or sends megabytes of
  output ends its notebook: the cells that follow are skipped.
- `--nbval-records FILE` writes a line of JSON for each cell that ran.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags

from d2l_ext.grading.kernel import (
    PRINTED_LIMIT,
    Handle,
    KernelDied,
    LimitReached,
    LocalHandle,
    TooSlow,
    WatchedKernel,
)
from d2l_ext.grading.notebook import printed_text
from d2l_ext.grading.surroundings import OUTPUT, limit_of
from d2l_ext.grading.verdict import agree, explain
from d2l_ext.sandbox.limits import MEMORY

ERROR_LIMIT = 500
# The record that says how many processes were still there when the kernel was stopped.
LEFT_BEHIND = "processes"
# Where a configuration may hold what starts kernels, in place of Jupyter's own way.
KERNELS = pytest.StashKey[Callable[[], Handle]]()


class Notebook(IPyNbFile):
    """A notebook whose kernel is watched; `fault` says what ended it early."""

    fault = ""

    def setup(self) -> None:
        """Starts the kernel."""
        option = self.config.option
        named = self.nb.metadata.get("kernelspec", {}).get("name", "python")
        name = CURRENT_ENV_KERNEL_NAME if option.nbval_current_env else option.nbval_kernel_name
        self.folder = TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
        folder = Path(self.folder.name)
        start = self.config.stash.get(KERNELS, lambda: LocalHandle(name or named, folder))
        self.kernel = WatchedKernel(start, option.nbval_kernel_startup_timeout)
        self.setup_sanitize_files()

    def teardown(self) -> None:
        """Stops the kernel and removes its folder."""
        if self.kernel is not None:
            self.kernel.stop()
        self.folder.cleanup()

    @property
    def left(self) -> int:
        """How many processes a kernel that was stopped had left behind."""
        return 0 if self.fault or self.kernel is None else self.kernel.left

    def collect(self) -> Iterator["Cell"]:
        """Yields the code cells."""
        for item in super().collect():
            yield Cell.from_parent(
                self,
                name=item.name,
                cell_num=item.cell_num,
                cell=item.cell,
                options=self._options(item),
            )

    def _options(self, item: IPyNbCell) -> dict[str, bool]:
        if "nbgrader" not in item.cell.metadata:
            return item.options
        # A comment that nbval obeys may be a student's, and has no say in an exercise.
        options = defaultdict(bool, find_metadata_tags(item.cell.metadata))
        options.setdefault("check", self.compare_outputs)
        return options


class Cell(IPyNbCell):
    """A cell that keeps what came of it: `outcome` is one of the words in `records`."""

    outcome = "error"
    limit = ""
    # Between the reply to a cell and the end of its outputs. It decides over points, where a cell
    # sent what cannot be heard; on a busy machine others take their time, too.
    output_timeout = 20

    def setup(self) -> None:
        """Skips the cell if the kernel is lost."""
        if self.parent.fault:
            pytest.skip(f"an earlier cell {self.parent.fault}")

    def runtest(self) -> None:
        """Runs the cell."""
        try:
            super().runtest()
            self._demand_no_error()
            self.outcome = "passed"
        except KernelDied:
            self._fault("died", "ended the kernel")
            raise
        except TooSlow:
            self._fault("timeout", "took too long")
            raise
        except LimitReached as error:
            self._fault("limit", "reached a limit", self._cause(str(error)))
            raise
        except Exception:
            # A cell that ended without its outputs: one was too long to come through.
            limit = OUTPUT if self.parent.timed_out else limit_of(self.error)
            if limit:
                self._fault("limit", "reached a limit", self._cause(limit))
            raise

    @property
    def error(self) -> str:
        """The last line of the error that ended the cell, if one did, or the limit."""
        kernel = self.parent.kernel
        unheard = kernel.unheard_error[:ERROR_LIMIT] if kernel else ""
        return self.limit or _last_error(self.test_outputs or []) or unheard

    @property
    def printed(self) -> str:
        """What the cell sent to standard output, cut where it is long."""
        if self.test_outputs:
            return printed_text(self.test_outputs)[:PRINTED_LIMIT]
        return self.parent.kernel.printed if self.parent.kernel else ""

    def _demand_no_error(self) -> None:
        """Raises what the kernel had no memory left to tell of but in its reply."""
        if self.parent.kernel.unheard_error and not self.options["check_exception"]:
            raise RuntimeError(self.error)

    def _cause(self, limit: str) -> str:
        """The limit; what waits to be sent fills the memory before it is heard."""
        return OUTPUT if limit == MEMORY and self.parent.kernel.talkative else limit

    def _fault(self, outcome: str, words: str, limit: str = "") -> None:
        self.outcome, self.limit, self.parent.fault = outcome, limit, words
        self.parent.kernel.stop()

    def compare_outputs(self, test: list[Any], ref: list[Any], skip_compare: Any = None) -> bool:
        """Whether what came agrees with what is stored."""
        if not self.cell.metadata.get("nbgrader", {}).get("grade"):
            return super().compare_outputs(test, ref, skip_compare)
        expected, printed = printed_text(ref), printed_text(test)
        tolerance = self.cell.metadata.get("d2l_ext", {}).get("tolerance")
        if agree(expected, printed, tolerance):
            return True
        self.outcome = "differs"
        self.comparison_traceback = [explain(expected, printed, tolerance)]
        return False


class Recorder:
    """Writes a line of JSON for each cell that ran, as soon as it ended.

    A record holds the cell's id, its outcome (`passed`, `differs`, `error`, `timeout`, `died` or
    `limit`), what it printed, the last line of its error or the limit, and the seconds it took.
    Processes that a sandboxed kernel left behind make a record of their own, `LEFT_BEHIND`.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Records the cell."""
        report = yield
        if isinstance(item, Cell) and call.when == "call":
            record = {
                "cell": item.cell.get("id", item.name),
                "outcome": item.outcome,
                "printed": item.printed,
                "error": item.error,
                "seconds": round(call.duration, 3),
            }
            print(json.dumps(record), file=self.stream, flush=True)
        elif isinstance(item, Cell) and call.when == "teardown" and item.parent.left:
            left = f"{item.parent.left} left behind"
            record = {"cell": LEFT_BEHIND, "outcome": "passed", "error": left}
            print(json.dumps(record), file=self.stream, flush=True)
        return report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option for the records."""
    group = parser.getgroup("nbval")
    group.addoption("--nbval-records", metavar="FILE", help="Write a line of JSON for each cell.")


def pytest_configure(config: pytest.Config) -> None:
    """Opens the file for the records, if one is asked for."""
    if path := config.option.nbval_records:
        stream = Path(path).open("w", encoding="utf-8")  # noqa: SIM115, the clean-up closes it
        config.add_cleanup(stream.close)
        config.pluginmanager.register(Recorder(stream), "nbval-records")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    parent: pytest.Collector,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Puts a `Notebook` in the place of each file that nbval collects."""
    collected = yield
    return [
        Notebook.from_parent(parent, path=file.path) if type(file) is IPyNbFile else file
        for file in collected
    ]


def _last_error(outputs: list[Any]) -> str:
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return ""
    first_line = (errors[-1].evalue.splitlines() or [""])[0]
    return f"{errors[-1].ename}: {first_line}".removesuffix(": ")[:ERROR_LIMIT]
