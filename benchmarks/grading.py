"""Grading's speed: submissions a minute, and a kernel's start and memory, as ratios in one run.

python benchmarks/grading.py [SUBMISSIONS] [WORKERS]

Each submission is a notebook of eight cells that imports torch.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from d2l_ext.grading.notebook import Notebook, code_cell, dump, new_notebook
from d2l_ext.grading.runner import Runner
from d2l_ext.kernel.parent import Parent
from d2l_ext.kernel.provisioner import NAME

CELLS = [
    "import torch\nfrom torch import nn\nimport matplotlib.pyplot as plt",
    "def block(c):\n    return nn.Conv2d(c, c, 3, padding=1)",
    "x = torch.ones(1, 3, 8, 8)",
    "print(tuple(block(3)(x).shape))",
    "print(sum(p.numel() for p in block(4).parameters()))",
    "def mean(v):\n    return sum(v) / len(v)",
    "print(mean([1, 2, 4.5]))",
    "print(x.sum().item())",
]
READY = "import torch, matplotlib.pyplot; print(torch.ones(2).sum().item())"


def notebook() -> Notebook:
    return new_notebook([code_cell(f"cell-{i}", source) for i, source in enumerate(CELLS)])


def per_minute(run: Callable[[int], object], submissions: int, workers: int) -> float:
    """Submissions a minute, spread over threads that each wait for a process."""
    with ThreadPoolExecutor(workers) as pool:
        started = time.perf_counter()
        list(pool.map(run, range(submissions)))
    return 60 * submissions / (time.perf_counter() - started)


def graders(submissions: int, workers: int) -> None:
    runner = Runner()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.ipynb"
        path.write_text(dump(notebook()))
        nbval = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
        nbval += ["--nbval-lax", "--nbval-current-env", str(path)]

        def plain(_: int) -> None:
            subprocess.run(nbval, cwd=folder, capture_output=True, check=True)

        def ours(_: int) -> None:
            records = runner.run(notebook())
            assert all(record.outcome == "passed" for record in records.values())

        per_minute(ours, workers, workers)  # starts the workers
        print(f"sandbox: {runner.sandbox}; {submissions} submissions, {workers} workers")
        base = per_minute(plain, submissions, workers)
        print(f"{'pytest --nbval, one process each':40} {1:6.2f} x")
        print(f"{'this grader':40} {per_minute(ours, submissions, workers) / base:6.2f} x")


def seconds_until_ready(**options: str) -> float:
    """Time until torch and pyplot are imported and a cell has used them."""
    started = time.perf_counter()
    manager, client = start_new_kernel(**options)
    try:
        client.execute_interactive(READY, output_hook=lambda _: None, timeout=120)
        return time.perf_counter() - started
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def kernels(rounds: int = 5) -> None:
    cold = sorted(seconds_until_ready() for _ in range(rounds))[rounds // 2]
    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = NAME
    from jupyter_client.provisioning import KernelProvisionerFactory

    KernelProvisionerFactory.instance().default_provisioner_name = NAME
    seconds_until_ready()  # starts the parent
    forked = sorted(seconds_until_ready() for _ in range(rounds))[rounds // 2]
    print(f"{'kernel ready, torch usable: cold':40} {1:6.2f} x")
    print(f"{'forked, a stock client':40} {cold / forked:6.2f} x faster")
    runner = Runner()
    empty = new_notebook([code_cell("cell", READY)])
    runner.run(empty)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        runner.run(empty)
        times.append(time.perf_counter() - started)
    print(f"{'forked, sandboxed, judged':40} {cold / sorted(times)[rounds // 2]:6.2f} x faster")


def private_memory(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private"))


def memory() -> None:
    """Private memory of a kernel that was forked, beside that of a process that imported torch."""
    cold = subprocess.Popen(
        [sys.executable, "-c", f"{READY}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert cold.stdout is not None, "it was asked for"
    cold.stdout.readline()
    parent = Parent()
    with tempfile.TemporaryDirectory() as folder:
        ports = {f"{name}_port": 0 for name in ("shell", "iopub", "stdin", "control", "hb")}
        connection = {"transport": "tcp", "ip": "127.0.0.1", "key": "", **ports}
        parent.start(connection, os.environ, folder, quiet=True)
        children = Path(f"/proc/{parent.process.pid}/task/{parent.process.pid}/children")
        forked = private_memory(int(children.read_text().split()[0]))
        print(f"{'private memory, forked to cold':40} {forked / private_memory(cold.pid):6.2f}")
    parent.close()
    cold.kill()
    cold.wait()


if __name__ == "__main__":
    kernels()
    memory()
    given = [int(argument) for argument in sys.argv[1:]]
    graders(*(given + [12, 2][len(given) :]))
