"""The sandbox, from inside: what code in it can reach, with bubblewrap and without."""

import dataclasses
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from d2l_ext.grading.kernel import LimitReached, WatchedKernel
from d2l_ext.grading.launcher import Launcher
from d2l_ext.sandbox import layers, plan
from d2l_ext.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
FOUND = layers.find()
pytestmark = pytest.mark.skipif(not FOUND.enough, reason="this machine has no sandbox")
SECONDS = 60
WITHOUT = dataclasses.replace(FOUND, bubblewrap=False)
KINDS = {"bubblewrap": FOUND, "Landlock": WITHOUT}


@pytest.fixture(scope="module", params=KINDS)
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    kind = KINDS[request.param]
    if request.param == "bubblewrap" and not FOUND.bubblewrap:
        pytest.skip("bubblewrap is not installed")
    if not kind.enough:
        pytest.skip("this machine has bubblewrap, and nothing that stands in for it")
    launcher = Launcher(plan.make(kind, Limits()), {"PATH": os.environ["PATH"]})
    yield launcher
    launcher.close()


@pytest.fixture(scope="module")
def kernel(launcher: Launcher) -> Iterator[WatchedKernel]:
    kernel = WatchedKernel(launcher.launch, SECONDS)
    yield kernel
    kernel.stop()


def run(kernel: WatchedKernel, code: str) -> str:
    """What code prints."""
    request = kernel.execute_cell_input(code)
    kernel.await_reply(request, SECONDS)
    kernel.await_idle(request, SECONDS)
    return kernel.printed.strip()


def attempt(kernel: WatchedKernel, code: str) -> str:
    """`done`, or the type of the error."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    return run(
        kernel,
        f"try:\n{body}    print('done')\nexcept Exception as e:\n    print(type(e).__name__)",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/passwd",
        ROOT / "tests" / "conftest.py",
        ROOT / "README.md",
        ROOT / "solutions",
    ],
)
def test_file_of_the_machine_is_out_of_reach(kernel: WatchedKernel, path: Path) -> None:
    assert run(kernel, f"import os\nprint(os.access({str(path)!r}, os.R_OK))") == "False" or (
        attempt(kernel, f"open({str(path)!r}).read(1)") != "done"
    )


def test_file_of_another_program_is_out_of_reach(kernel: WatchedKernel) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".ipynb") as other:
        Path(other.name).chmod(0o644)
        assert attempt(kernel, f"open({other.name!r}).read()") != "done"


def test_environment_can_be_used_and_not_changed(kernel: WatchedKernel) -> None:
    assert attempt(kernel, "import d2l_ext.counting, torchvision") == "done"
    write = "import torch, pathlib\npathlib.Path(torch.__file__).write_text('')"
    assert attempt(kernel, write) in ("OSError", "PermissionError")


def test_folder_of_its_own_can_be_written(kernel: WatchedKernel) -> None:
    write = "import os, tempfile\nopen('x', 'w').write('1')\ntempfile.NamedTemporaryFile()\n"
    assert attempt(kernel, write + "open(os.path.expanduser('~/y'), 'w').write('1')") == "done"


def test_folder_of_sockets_holds_no_files(kernel: WatchedKernel) -> None:
    ip = kernel.handle.connection["ip"]
    inside = "/run/d2l-ext/" + Path(ip).parent.name
    for folder in (str(Path(ip).parent), inside):
        assert attempt(kernel, f"open('{folder}/x', 'w')") in (
            "PermissionError",
            "FileNotFoundError",
        )


def test_user_is_not_root_and_has_no_privilege(kernel: WatchedKernel) -> None:
    code = (
        "import os\nprint(os.getuid(), open('/proc/self/status').read().count('0000000000000000'))"
    )
    user, empty = map(int, run(kernel, code).split())
    assert user != 0
    assert empty >= 4  # inheritable, permitted, effective, bounding


def test_other_processes_are_neither_seen_nor_reached(kernel: WatchedKernel) -> None:
    code = "import os\nprint(len([n for n in os.listdir('/proc') if n.isdigit()]))"
    assert int(run(kernel, code)) <= 2
    for process in (os.getpid(), os.getppid(), 1):
        assert attempt(kernel, f"import os\nos.kill({process}, 15)") != "done"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_VSOCK"])
def test_there_is_no_network(kernel: WatchedKernel, family: str) -> None:
    code = f"import socket\nsocket.socket(socket.{family}, socket.SOCK_STREAM)"
    assert attempt(kernel, code) in ("OSError", "PermissionError")


def test_socket_of_another_program_cannot_be_reached(
    kernel: WatchedKernel, launcher: Launcher
) -> None:
    if not launcher.plan.layers.bubblewrap:
        pytest.skip("Landlock does not guard sockets that have a path")
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        Path(folder).chmod(0o755)
        server.bind(f"{folder}/s")
        Path(f"{folder}/s").chmod(0o777)
        server.listen()
        code = f"import socket\nsocket.socket(socket.AF_UNIX).connect('{folder}/s')"
        assert attempt(kernel, code) == "FileNotFoundError"


@pytest.mark.parametrize(
    "code",
    [
        "libc.unshare(0x10000000)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.ptrace(16, 1, 0, 0)",
        "libc.syscall(425, 8, 0)",
    ],
)
def test_call_that_no_answer_needs_is_refused(kernel: WatchedKernel, code: str) -> None:
    prelude = "import ctypes\nlibc = ctypes.CDLL(None)\n"
    assert run(kernel, f"{prelude}print({code})") == "-1"


def test_programs_can_be_run(kernel: WatchedKernel) -> None:
    assert "5" in run(kernel, "!echo $((2 + 3))")


def test_workers_of_a_data_loader_run(kernel: WatchedKernel) -> None:
    code = (
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.arange(8.0))\n"
        "print(sum(b[0].sum().item() for b in DataLoader(data, batch_size=2, num_workers=2)))"
    )
    assert run(kernel, code) == "28.0"


def test_memory_that_is_not_there_is_an_error(kernel: WatchedKernel) -> None:
    assert attempt(kernel, "x = bytearray(3 * 2**30)") == "MemoryError"


@pytest.mark.parametrize(
    "code",
    [
        "import mmap\nmmap.mmap(-1, 2**20)",
        "import mmap\nmmap.mmap(os.open('/dev/zero', os.O_RDWR), 2**20)",
        "os.memfd_create('x')",
    ],
)
def test_memory_that_nobody_counts_is_refused(kernel: WatchedKernel, code: str) -> None:
    assert attempt(kernel, f"import os\n{code}") in ("PermissionError", "OSError")


@pytest.mark.parametrize("number", [29, 68] if os.uname().machine == "x86_64" else [194, 186])
def test_memory_of_messages_between_programs_is_refused(kernel: WatchedKernel, number: int) -> None:
    code = f"import ctypes\nprint(ctypes.CDLL(None).syscall({number}, 0, 4096, 0o1600))"
    assert run(kernel, code) == "-1"


def test_memory_of_its_own_can_be_mapped(kernel: WatchedKernel) -> None:
    mapped = "import mmap\nmmap.mmap(-1, 2**20, flags=mmap.MAP_PRIVATE)[0] = 1\n"
    shared = "import torch\ntorch.ones(8).share_memory_()[0] = 2\n"
    locks = "import multiprocessing\nmultiprocessing.get_context('fork').Lock().acquire()"
    assert attempt(kernel, mapped + shared + locks) == "done"


@pytest.mark.parametrize("then", ["pass", "os.unlink(path)"])
def test_files_in_memory_count_as_memory(launcher: Launcher, then: str) -> None:
    limits = Limits(memory=1000 * 2**20, disk=600 * 2**20)
    small = Launcher(plan.make(launcher.plan.layers, limits), launcher.environment)
    kernel = WatchedKernel(small.launch, SECONDS)
    code = (
        "import os, time\nchunk = bytes(2**20)\nfor path in ('x', '/dev/shm/x'):\n"
        f"    f = open(path, 'wb')\n    {then}\n"
        "    for _ in range(550): f.write(chunk)\n    globals()[path] = f\ntime.sleep(5)"
    )
    try:
        with pytest.raises(LimitReached, match="memory limit"):
            run(kernel, code)
    finally:
        kernel.stop()
        small.close()


def test_sockets_without_end_end_the_kernel(launcher: Launcher) -> None:
    kernel = WatchedKernel(launcher.launch, SECONDS)
    folder = f"{launcher.plan.inside}/{Path(kernel.handle.connection['ip']).parent.name}"
    code = (
        f"import os, socket, time\nos.chdir({folder!r})\nfor i in range(1000):\n"
        "    socket.socket(socket.AF_UNIX).bind(str(i))\n    time.sleep(0.001)"
    )
    try:
        with pytest.raises(LimitReached, match="disk limit"):
            run(kernel, code)
    finally:
        kernel.stop()


@pytest.mark.parametrize(
    "code",
    [
        "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
        "os.sched_setparam(1, os.sched_param(0))",
        "os.sched_setaffinity(1, {0})",
        "os.setpriority(os.PRIO_PROCESS, 1, 19)",
        "os.setpriority(os.PRIO_USER, 0, 19)",
        "import resource\nresource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))",
    ],
)
def test_who_watches_is_not_held_up(kernel: WatchedKernel, code: str) -> None:
    assert attempt(kernel, f"import os\n{code}") == "PermissionError"


def test_kernel_runs_where_nothing_but_the_filter_keeps_others_out_of_reach() -> None:
    alone = dataclasses.replace(WITHOUT, namespaces=False)
    launcher = Launcher(plan.make(alone, Limits()), {"PATH": os.environ["PATH"]})
    kernel = WatchedKernel(launcher.launch, SECONDS)
    try:
        for process in ("os.getppid()", "1"):
            code = f"import os\nos.sched_setaffinity({process}, {{0}})"
            assert attempt(kernel, code) == "PermissionError"
        own = "import os\nos.sched_setaffinity(os.getpid(), os.sched_getaffinity(0))"
        assert attempt(kernel, own) == "done"
    finally:
        kernel.stop()
        launcher.close()


def test_process_can_set_what_is_its_own(kernel: WatchedKernel) -> None:
    code = (
        "import os, resource\nfor p in (0, os.getpid()):\n"
        "    os.sched_setaffinity(p, os.sched_getaffinity(p))\n"
        "    resource.prlimit(p, resource.RLIMIT_CORE, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert attempt(kernel, code) == "done"


def test_next_kernel_finds_nothing_of_this_one(launcher: Launcher, kernel: WatchedKernel) -> None:
    leave = "open('/dev/shm/x', 'w').write('1')\nopen('z', 'w').write('1')\nimport os\nprint(os.getcwd())"
    folder = run(kernel, leave)
    other = WatchedKernel(launcher.launch, SECONDS)
    try:
        look = (
            f"import os\nprint(os.listdir('/dev/shm'), os.listdir(), os.path.exists('{folder}/z'))"
        )
        assert run(other, look) == "[] [] False"
    finally:
        other.stop()


def test_bubblewrap_shows_nothing_but_the_environment(
    kernel: WatchedKernel, launcher: Launcher
) -> None:
    if not launcher.plan.layers.bubblewrap:
        pytest.skip("the view of the files is bubblewrap's")
    names = json.loads(run(kernel, f"import os, json\nprint(json.dumps(os.listdir('{ROOT}')))"))
    assert set(names) <= {"d2l_ext", ".venv"}
