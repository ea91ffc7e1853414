"""A pytest plugin that makes nbval a judge of exercises: `pytest -p d2l_ext.grading.plugin`.

Beside nbval's own options, which all keep their meaning:

- A graded check is met when its standard output agrees, floats within the tolerance that the
  cell's metadata states (`d2l_ext.tolerance`); warnings, progress bars and figures do not count.
- The kernel runs in an empty folder, not in the notebook's.
- A kernel that dies is noticed at once, and a cell that hangs or kills it ends its notebook: the
  cells that follow are skipped.
- `--nbval-records FILE` writes a line of JSON for each cell that ran.
"""

import json
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags

from d2l_ext.grading.kernel import KernelDied, WatchedKernel
from d2l_ext.grading.notebook import printed_text
from d2l_ext.grading.verdict import agree, explain

PRINTED_LIMIT = 50_000
ERROR_LIMIT = 500


class Notebook(IPyNbFile):
    """A notebook whose kernel is watched; `fault` says what ended it early."""

    fault = ""

    def setup(self) -> None:
        """Starts the kernel."""
        option = self.config.option
        named = self.nb.metadata.get("kernelspec", {}).get("name", "python")
        name = CURRENT_ENV_KERNEL_NAME if option.nbval_current_env else option.nbval_kernel_name
        self.folder = TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
        self.kernel = WatchedKernel(
            name or named, Path(self.folder.name), option.nbval_kernel_startup_timeout
        )
        self.setup_sanitize_files()

    def teardown(self) -> None:
        """Stops the kernel and removes its folder."""
        super().teardown()
        self.folder.cleanup()

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

    def setup(self) -> None:
        """Skips the cell if the kernel is lost."""
        if self.parent.fault:
            pytest.skip(f"an earlier cell {self.parent.fault}")

    def runtest(self) -> None:
        """Runs the cell."""
        try:
            super().runtest()
            self.outcome = "passed"
        except KernelDied:
            self.outcome = "died"
            self.parent.fault = "ended the kernel"
            raise
        finally:
            if self.parent.timed_out:
                self.outcome = "timeout"
                self.parent.fault = "took too long"

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

    A record holds the cell's id, its outcome (`passed`, `differs`, `error`, `timeout` or `died`),
    what it printed, the last line of its error, and the seconds that it took.
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
            outputs = item.test_outputs or []
            record = {
                "cell": item.cell.get("id", item.name),
                "outcome": item.outcome,
                "printed": printed_text(outputs)[:PRINTED_LIMIT],
                "error": _last_error(outputs),
                "seconds": round(call.duration, 3),
            }
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
