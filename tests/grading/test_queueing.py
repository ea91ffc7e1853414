"""On a busy machine, the time in the queue for a core is not the student's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from d2l_ext.grading import queueing
from d2l_ext.grading.kernel import LocalHandle, WatchedKernel

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[WatchedKernel]:
    kernel = WatchedKernel(lambda: LocalHandle(CURRENT_ENV_KERNEL_NAME, tmp_path), 60)
    yield kernel
    kernel.stop()


def processes(folder: Path, queued: dict[int, tuple[int, float]]) -> Path:
    """Processes as Linux shows them: for each its parent, and the seconds it was in the queue."""
    for number, (parent, seconds) in queued.items():
        own = folder / str(number)
        own.mkdir()
        (own / "stat").write_text(f"{number} (a name) 7) R {parent} 0 0")
        (own / "schedstat").write_text(f"5 {int(seconds * 1e9)} 9\n")
    return folder


def test_longest_of_a_process_and_all_that_it_started_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {10: (1, 0.5), 11: (10, 1.0), 12: (11, 3.0), 20: (1, 9.0)}
    monkeypatch.setattr(queueing, "PROCESSES", processes(tmp_path, table))
    assert queueing.seconds_queued(10) == 3.0
    assert queueing.seconds_queued(11) == 3.0
    assert queueing.seconds_queued(99) == queueing.seconds_queued(None) == 0.0


@linux
def test_process_on_a_core_that_others_use_too_was_in_the_queue() -> None:
    core = {next(iter(os.sched_getaffinity(0)))}
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {core})\n{busy}\ninput()"],
            stdin=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    try:
        for rival in rivals:
            with pytest.raises(subprocess.TimeoutExpired):
                rival.wait(1)
        assert max(queueing.seconds_queued(rival.pid) for rival in rivals) > 0.05
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()


def test_answer_that_stood_in_the_queue_is_waited_for(
    kernel: WatchedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel.handle, "queued", lambda: 30.0)
    kernel.await_reply(kernel.execute_cell_input("import time\ntime.sleep(2)"), timeout=1)
    assert kernel.reply["status"] == "ok"


def test_answer_that_had_its_core_all_the_time_is_not_waited_for(
    kernel: WatchedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel.handle, "queued", lambda: 0.0)
    with pytest.raises(Empty):
        kernel.await_reply(kernel.execute_cell_input("import time\ntime.sleep(9)"), timeout=0.5)


def test_answer_in_the_queue_is_not_waited_for_without_end(
    kernel: WatchedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel.handle, "queued", lambda: 1e6)
    with pytest.raises(Empty):
        kernel.await_reply(kernel.execute_cell_input("import time\ntime.sleep(60)"), timeout=0.4)
