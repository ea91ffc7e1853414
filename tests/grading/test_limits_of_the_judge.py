"""What a submission sends cannot fill the memory of the process that hears it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from d2l_ext.grading.notebook import code_cell, new_notebook
from d2l_ext.grading.runner import Record, Runner
from d2l_ext.grading.worker import MEMORY
from d2l_ext.sandbox import layers

pytestmark = pytest.mark.skipif(
    not layers.find().enough, reason="only a kernel in a sandbox is kept from filling the memory"
)
SEND = """import time
part = bytes({size})
get_ipython().kernel.iopub_thread.socket.send_multipart([b"x"] + [part] * {count}, copy=False)
time.sleep(1)"""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner(10)
    yield runner
    runner.stop()


def send(runner: Runner, size: int, count: int) -> dict[str, Record]:
    flood = code_cell("flood", SEND.format(size=size, count=count))
    return runner.run(new_notebook([code_cell("before", "print(1)"), flood]))


def greatest_memory(runner: Runner) -> int:
    """Bytes that the worker ever held."""
    (worker,) = runner._all
    status = Path(f"/proc/{worker._process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_long_part_of_a_message_never_arrives(runner: Runner) -> None:
    records = send(runner, 120 * 2**20, 4)
    assert (records["flood"].outcome, records["flood"].error) == ("limit", "output limit")
    assert greatest_memory(runner) < 300 * 2**20


def test_parts_are_counted_together(runner: Runner) -> None:
    records = send(runner, 15 * 2**20, 2)
    assert (records["flood"].outcome, records["flood"].error) == ("limit", "output limit")


def test_parts_without_end_are_held_off_by_the_limit_of_the_process(runner: Runner) -> None:
    records = send(runner, 15 * 2**20, 2 * MEMORY // (15 * 2**20))
    assert records["before"].outcome == "passed"
    assert records["flood"].outcome in ("limit", "died")
    assert not runner._all or greatest_memory(runner) <= MEMORY
