"""Grading's speed, as ratios in one run: submissions against other graders, kernels, memory.

    python -m benchmarks.grading              writes results/grading.json
    python -m benchmarks.grading --soak 1000  grades so many in a row, and says what has grown

Each submission is a notebook of eight cells that imports torch. All graders run with one thread, on
the same cores, one submission after another; this one with its sandbox. nbgrader and otter-grader
are looked for in environments of their own, as their documentation has them installed:

    uv venv --python .venv/bin/python PEERS/nbgrader
    VIRTUAL_ENV=PEERS/nbgrader uv pip install nbgrader ipykernel

and `otter-grader` likewise, PEERS being the cache folder that `--peers` names. They borrow torch
from the course's environment, so that all import the same one.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Before torch is imported, here and by whatever is started from here.
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory

from benchmarks.side_by_side import Ratio, machine, write
from d2l_ext.grading.kernel import WatchedKernel
from d2l_ext.grading.launcher import Launcher
from d2l_ext.grading.notebook import Notebook, code_cell, dump, new_notebook
from d2l_ext.grading.queueing import family
from d2l_ext.grading.runner import Runner
from d2l_ext.kernel.parent import Parent
from d2l_ext.kernel.provisioner import NAME
from d2l_ext.sandbox import layers, plan
from d2l_ext.sandbox.limits import Limits

CELLS = {
    "setup": "import torch\nfrom torch import nn\nimport matplotlib.pyplot as plt",
    "block": "def block(c):\n    return nn.Conv2d(c, c, 3, padding=1)",
    "input": "x = torch.ones(1, 3, 8, 8)",
    "block-check": "assert tuple(block(3)(x).shape) == (1, 3, 8, 8)",
    "parameters": "print(sum(p.numel() for p in block(4).parameters()))",
    "mean": "def mean(v):\n    return sum(v) / len(v)",
    "mean-check": "assert mean([1, 2, 4.5]) == 2.5",
    "sum": "print(x.sum().item())",
}
READY = "import torch, matplotlib.pyplot; print(torch.ones(2).sum().item())"
PEERS = Path("~/.cache/d2l-ext-benchmarks").expanduser()
OTTER_TEST = """OK_FORMAT = True
case = {"code": ">>> mean([1, 2, 4.5])\\n2.5", "hidden": False, "locked": False}
suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
test = {"name": "q1", "points": 1, "suites": [suite]}
"""
# What is asked for, by what is measured: at least so many times as fast.
BARS = {"nbgrader": 12.0, "nbval": 6.0, "kernel": 15.0}
EFFICIENCY_BAR = 0.85

Batch = Callable[[int], object]
Times = dict[str, list[float]]


def notebook() -> Notebook:
    return new_notebook([code_cell(name, source) for name, source in CELLS.items()])


def nbgrader_notebook() -> Notebook:
    """The same, its definitions being answers and its assertions tests."""
    cells = []
    for name, source in CELLS.items():
        marks = {
            "grade_id": name,
            "schema_version": 3,
            "task": False,
            "locked": name.endswith("-check"),
            "grade": name.endswith("-check"),
            "solution": f"{name}-check" in CELLS,
        }
        if marks["grade"]:
            marks["points"] = 1
        own = {"nbgrader": marks} if marks["grade"] or marks["solution"] else {}
        cells.append(code_cell(name, source, **own))
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells) | {"metadata": {"kernelspec": spec}}


def call(command: list[str], folder: Path, **more: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | more, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[:3]}: {done.stderr[-1000:]}")


def nbval(folder: Path) -> Batch:
    (folder / "submission.ipynb").write_text(dump(notebook()))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["-p", "nbval.plugin"]
    command += ["--nbval-lax", "--nbval-current-env", "submission.ipynb"]
    # As in an environment that holds nothing beside it: plugins of the course's tests cost time.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return lambda number: [call(command, folder, **alone) for _ in range(number)]


def nbgrader(folder: Path, environment: Path, number: int) -> Batch:
    """nbgrader's own batch: one process for all."""
    path = f"{environment}/bin{os.pathsep}{os.environ['PATH']}"
    own = {f"JUPYTER_{n}_DIR": str(folder / n) for n in ("CONFIG", "DATA", "RUNTIME")}
    base = [str(environment / "bin" / "nbgrader")]

    def run(*arguments: str) -> None:
        call([*base, *arguments], folder, PATH=path, **own)

    places = [folder / "source" / "ps1"]
    places += [folder / "submitted" / f"s{i}" / "ps1" for i in range(number)]
    for place in places:
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(dump(nbgrader_notebook()))
    run("generate_assignment", "ps1")
    return lambda _: run("autograde", "ps1", "--force")


def otter(folder: Path, environment: Path) -> Batch:
    for name in ("tests", "out"):
        (folder / name).mkdir()
    (folder / "tests" / "q1.py").write_text(OTTER_TEST)
    (folder / "s.ipynb").write_text(dump(notebook()))
    program = str(environment / "bin" / "otter")
    path = f"{environment}/bin{os.pathsep}{os.environ['PATH']}"
    call([program, "generate", "--no-environment", "-t", "tests", "-o", "a.zip"], folder, PATH=path)
    command = [program, "run", "-a", "a.zip", "-o", "out", "--no-logo", "s.ipynb"]
    return lambda number: [call(command, folder, PATH=path) for _ in range(number)]


def ours(runner: Runner, workers: int = 1) -> Batch:
    def one(_: int) -> None:
        records = runner.run(notebook())
        assert all(record.outcome == "passed" for record in records.values()), records

    def run(number: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(number)))

    run(2 * workers)  # starts the workers
    return run


def borrow_torch(environment: Path) -> None:
    """Lets an environment see the course's packages, behind its own."""
    (packages,) = environment.glob("lib/python*/site-packages")
    (course,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (packages / "course.pth").write_text(f"{course}\n")


def seconds_each(batch: Batch, number: int) -> float:
    started = time.perf_counter()
    batch(number)
    return (time.perf_counter() - started) / number


def turns(batches: dict[str, Batch], numbers: dict[str, int], rounds: int) -> Times:
    """Seconds for each item of some batches, which take turns, so that all see the same load."""
    times: Times = {name: [] for name in batches}
    for turn in range(rounds):
        for name in list(batches)[:: 1 if turn % 2 else -1]:
            times[name].append(seconds_each(batches[name], numbers[name]))
    print({name: f"{statistics.median(own):.2f} s each" for name, own in times.items()}, flush=True)
    return times


def as_fast(times: Times, name: str, other: str) -> Ratio:
    """How many times as fast one is as another."""
    return Ratio.of([b / a for a, b in zip(times[name], times[other], strict=True)])


def graders(peers: Path, number: int, rounds: int) -> tuple[dict[str, Ratio], list[str]]:
    """This grader against each of the others; and those that were not to be had."""
    missing = []
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory()))

        runner = Runner()
        batches = {"this grader": ours(runner), "nbval": nbval(folder())}
        for name in ("nbgrader", "otter-grader"):
            try:
                borrow_torch(peers / name)
                make = nbgrader(folder(), peers / name, number) if name == "nbgrader" else None
                batches[name] = make or otter(folder(), peers / name)
            except (OSError, ValueError, RuntimeError) as error:
                missing.append(f"{name}: {error}"[:300])
        numbers = dict.fromkeys(batches, number) | {"this grader": 4 * number}
        times = turns(batches, numbers, rounds)
        runner.stop()
    others = list(batches)[1:]
    return {name: as_fast(times, "this grader", name) for name in others}, missing


def scaling(number: int, rounds: int) -> dict[str, Ratio]:
    """Submissions a second with more workers against one, for each core once."""
    cores = len(os.sched_getaffinity(0))
    if cores == 1:
        return {}
    runner = Runner()
    batches = {f"{n} workers": ours(runner, n) for n in sorted({2, cores})} | {"one": ours(runner)}
    times = turns(batches, dict.fromkeys(batches, 4 * number), rounds)
    runner.stop()
    return {name: as_fast(times, name, "one") for name in batches if name != "one"}


@contextmanager
def stock_provisioner(name: str) -> Iterator[None]:
    """How Jupyter's own clients start kernels for now."""
    factory = KernelProvisionerFactory.instance()
    before, factory.default_provisioner_name = factory.default_provisioner_name, name
    try:
        yield
    finally:
        factory.default_provisioner_name = before


def stock(provisioner: str) -> None:
    """A kernel until torch and pyplot were used, through Jupyter's client."""
    with stock_provisioner(provisioner):
        manager, client = start_new_kernel()
    client.execute_interactive(READY, output_hook=lambda _: None, timeout=120)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def judged(launcher: Launcher) -> None:
    """The same through this grader's client, in the sandbox."""
    kernel = WatchedKernel(launcher.launch, 120)
    kernel.await_reply(kernel.execute_cell_input(READY), 120)
    kernel.stop()


def kernels(rounds: int) -> dict[str, Ratio]:
    """Kernels until they have used torch and are gone again, against a cold one."""
    launcher = Launcher(plan.make(layers.find(), Limits()), {"PATH": os.environ["PATH"]})
    actions: dict[str, Batch] = {
        "forked, in the sandbox, own client": lambda n: [judged(launcher) for _ in range(n)],
        "forked, Jupyter's client": lambda n: [stock(NAME) for _ in range(n)],
        "cold, Jupyter's client": lambda n: [stock("local-provisioner") for _ in range(n)],
    }
    for action in actions.values():
        action(1)
    times = turns(actions, dict(zip(actions, (6, 3, 2), strict=True)), rounds)
    launcher.close()
    *forked, cold = actions
    return {name: as_fast(times, name, cold) for name in forked}


def private_memory(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private"))


def memory() -> dict[str, float]:
    """Private megabytes of a kernel that was forked, and of a process that imported the same."""
    cold = subprocess.Popen(
        [sys.executable, "-c", f"{READY}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert cold.stdout is not None, "it was asked for"
    cold.stdout.readline()
    parent = Parent()
    with tempfile.TemporaryDirectory() as folder:
        ports = {f"{name}_port": 0 for name in ("shell", "iopub", "stdin", "control", "hb")}
        connection = {"transport": "tcp", "ip": "127.0.0.1", "key": "", **ports}
        kernel = parent.start(connection, os.environ, folder, quiet=True)
        assert kernel.forked, "it can be reached"
        found = {"forked": private_memory(kernel.forked), "cold": private_memory(cold.pid)}
    parent.close()
    cold.kill()
    cold.wait()
    return {name: round(kilobytes / 1024, 1) for name, kilobytes in found.items()}


def held() -> dict[str, int]:
    """What this process and those that it started hold: megabytes, descriptors, folders."""
    members = family(os.getpid())
    resident = [Path(f"/proc/{p}/statm").read_text().split()[1] for p in members]
    return {
        "megabytes": sum(map(int, resident)) * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "processes": len(members),
        "folders": len(list(Path(tempfile.gettempdir()).iterdir())),
    }


def soak(number: int, workers: int) -> dict[str, object]:
    """Grades so many submissions, and looks ten times at what is held."""
    runner = Runner()
    run = ours(runner, workers)
    looks = []
    for _ in range(10):
        run(number // 10)
        looks.append(held())
        print(looks[-1])
    runner.stop()
    return {"submissions": number // 10 * 10, "held": looks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=3, help="of each grader, each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=PEERS)
    parser.add_argument("--soak", type=int, metavar="N")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    if given.rounds < 2:
        parser.error("a spread takes two rounds")
    if given.soak:
        document = soak(given.soak, given.workers) | {"machine": machine()}
        write("grading_soak", document)
        return
    assert shutil.which("bwrap") or layers.find().enough, "there is no sandbox to measure with"
    before = machine()
    against_cold = kernels(given.rounds)
    against, missing = graders(given.peers, given.submissions, given.rounds)
    scaled = scaling(given.submissions, given.rounds)
    reached = {name: against[name].median for name in ("nbgrader", "nbval") if name in against}
    reached["kernel"] = next(iter(against_cold.values())).median
    most = max(scaled, default="")
    efficiency = scaled[most].median / int(most.split()[0]) if most else 1.0
    document = {
        "machine": before,
        "load_at_the_end": machine()["load"],
        "sandbox": str(layers.find()),
        "times_as_fast_as": {name: ratio._asdict() for name, ratio in against.items()},
        "not_to_be_had": missing,
        "kernel_times_as_fast_as_cold": {n: r._asdict() for n, r in against_cold.items()},
        "private_megabytes": memory(),
        "speed_with_workers": {name: ratio._asdict() for name, ratio in scaled.items()},
        "bars": {
            name: {"bar": bar, "reached": reached.get(name), "met": reached.get(name, 0.0) >= bar}
            for name, bar in BARS.items()
        }
        | {
            "speed for each worker": {
                "bar": EFFICIENCY_BAR,
                "reached": round(efficiency, 3),
                "met": efficiency >= EFFICIENCY_BAR,
            }
        },
    }
    for name, ratio in {**against, **against_cold, **scaled}.items():
        print(f"{name:40} {ratio} x")
    print(document["bars"], document["private_megabytes"], missing)
    write("grading", document)


if __name__ == "__main__":
    main()
