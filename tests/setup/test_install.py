"""The set-up from nothing: an empty home folder, a fresh copy, the commands of the README."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tools import install_matrix

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    copy = tmp_path_factory.mktemp("clone")
    install_matrix.clone(copy)
    return copy


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a newcomer's shell has: a path, an empty home, and how the network is reached."""
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "PYENV_ROOT", "PYENV_VERSION")
    proxies = [name for name in os.environ if name.lower().endswith("_proxy")]
    variables = {name: os.environ[name] for name in (*kept, *proxies) if name in os.environ}
    return {**variables, "HOME": str(tmp_path_factory.mktemp("home"))}


def run(place: Path, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )


def test_make_env_builds_a_working_set_and_a_second_call_does_nothing(
    place: Path, environment: dict[str, str]
) -> None:
    made = run(place, environment, "make", "env", f"PYTHON={sys.executable}")
    assert made.returncode == 0, made.stderr
    statement = "from d2l import torch; from d2l_ext import networks, explorers, grading"
    assert run(place, environment, ".venv/bin/python", "-c", statement).returncode == 0
    assert run(place, environment, ".venv/bin/d2l-ext", "--help").returncode == 0
    again = run(place, environment, "make", "env")
    assert "Nothing to be done" in again.stdout


def test_make_lab_serves_the_first_chapter(place: Path, environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [".venv/bin/python", "-m", "tools.lab", "--no-browser"]
    options = [f"--ServerApp.port={port}", "--IdentityProvider.token=t"]
    server = subprocess.Popen([*command, *options], cwd=place, env=environment)
    try:
        address = f"http://127.0.0.1:{port}/api/contents/chapters/00_start_here.ipynb?token=t"
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(address) as reply:
                    assert reply.status == 200
                    break
            except OSError:
                assert time.monotonic() < deadline, "JupyterLab did not answer within a minute"
                time.sleep(0.5)
    finally:
        server.terminate()
        server.wait(20)
