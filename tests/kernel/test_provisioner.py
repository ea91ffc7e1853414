"""The forked kernel, as Jupyter's own clients use it: by the name of its provisioner."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from d2l_ext.kernel import provisioner
from d2l_ext.kernel.install import specification
from d2l_ext.kernel.parent import CannotFork, ForkedProcess

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="kernels are forked on Linux; elsewhere they start cold"
)
SECONDS = 60


class Manager(KernelManager):
    """A manager for the specification as it would be installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**specification())


class Session:
    """A kernel with a client, and the shortest way to run code in it."""

    def __init__(self) -> None:
        self.manager = Manager()
        self.manager.start_kernel()
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def run(self, code: str) -> tuple[str, list[dict[str, Any]]]:
        """Standard output, and all messages."""
        messages: list[dict[str, Any]] = []
        self.client.execute_interactive(code, output_hook=messages.append, timeout=SECONDS)
        printed = [m["content"]["text"] for m in messages if m["msg_type"] == "stream"]
        return "".join(printed), messages

    def wait_for_end(self) -> float:
        start = time.monotonic()
        while self.manager.is_alive() and time.monotonic() - start < SECONDS:
            time.sleep(0.01)
        return time.monotonic() - start

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def test_kernel_is_forked_with_torch_imported(session: Session) -> None:
    assert isinstance(session.manager.provisioner.process, ForkedProcess)
    before = "import sys; print('torch' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    assert session.run(before)[0] == "True True\n"


def test_kernels_draw_different_numbers(session: Session) -> None:
    other = Session()
    draw = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1))"
    try:
        ours, theirs = session.run(draw)[0].split(), other.run(draw)[0].split()
    finally:
        other.close()
    assert not set(ours) & set(theirs)


def test_figure_is_shown(session: Session) -> None:
    messages = session.run("import matplotlib.pyplot as plt; plt.plot([1, 2]);")[1]
    assert any("image/png" in m["content"].get("data", {}) for m in messages)


def test_parallel_operations_of_torch_run(session: Session) -> None:
    code = "import torch; torch.set_num_threads(2); print(torch.rand(400, 400).matmul(torch.rand(400, 400)).shape)"
    assert "[400, 400]" in session.run(code)[0]


def test_widget_opens_a_comm_and_hears_from_it(session: Session) -> None:
    _, messages = session.run("import ipywidgets; w = ipywidgets.IntSlider(); w")
    opened = [m for m in messages if m["msg_type"] == "comm_open"]
    slider = next(
        m for m in opened if m["content"]["data"]["state"].get("_model_name") == "IntSliderModel"
    )
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    message = session.client.session.msg(
        "comm_msg", {"comm_id": slider["content"]["comm_id"], "data": data}
    )
    session.client.shell_channel.send(message)
    assert session.run("print(w.value)")[0] == "7\n"


def test_interrupt_stops_the_cell_and_keeps_the_kernel(session: Session) -> None:
    session.client.execute("x = 5\nwhile True: pass")
    time.sleep(1)
    session.manager.interrupt_kernel()
    assert session.client.get_shell_msg(timeout=SECONDS)["content"]["ename"] == "KeyboardInterrupt"
    assert session.run("print(x)")[0] == "5\n"


def test_end_is_noticed_and_the_kernel_can_be_restarted(session: Session) -> None:
    session.client.execute("import os; os._exit(3)")
    assert session.wait_for_end() < 2
    session.manager.restart_kernel(now=True)
    session.client.wait_for_ready(timeout=SECONDS)
    assert session.run("print('x' in globals())")[0] == "False\n"


def test_shutdown_that_is_asked_for_is_obeyed(session: Session) -> None:
    session.client.shutdown()
    assert session.wait_for_end() < 10


def test_what_a_kernel_started_ends_with_it(session: Session) -> None:
    child = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    process = int(session.run(child)[0])
    session.manager.shutdown_kernel(now=True)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{process}").exists()


def test_kernel_is_cold_where_it_cannot_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise CannotFork("not here")

    monkeypatch.setattr(provisioner, "shared_parent", refuse)
    session = Session()
    try:
        assert not isinstance(session.manager.provisioner.process, ForkedProcess)
        assert session.run("print(1)")[0] == "1\n"
    finally:
        session.close()


@pytest.mark.parametrize(
    "command",
    [
        ["/usr/bin/R", "-m", "ipykernel_launcher", "-f", "c.json"],
        [sys.executable, "-m", "another_kernel", "-f", "c.json"],
        [sys.executable, "-m", "ipykernel_launcher", "-f", "c.json", "--debug"],
    ],
)
def test_other_kernels_are_not_forked(command: list[str]) -> None:
    assert provisioner._settings(command) is None


def test_provisioner_is_known_to_jupyter_by_its_name() -> None:
    spec = KernelSpec(**specification())
    assert KernelProvisionerFactory.instance().is_provisioner_available(spec)


def test_unmodified_nbclient_takes_it_by_the_environment(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("import sys; print('torch' in sys.modules)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    code = (
        "import nbformat, nbclient; n = nbformat.read('n.ipynb', 4);"
        "nbclient.NotebookClient(n).execute(); print(n.cells[0].outputs[0].text)"
    )
    variables = os.environ | {"JUPYTER_DEFAULT_PROVISIONER_NAME": provisioner.NAME}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True", done.stderr
