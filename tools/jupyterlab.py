"""A real JupyterLab and a real browser, driven by a script: for the browser tests and the pictures."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

SETTINGS = {
    "notification": {"fetchNews": "false", "checkForUpdates": False},
    "themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
}

IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@dataclass
class Opened:
    """A page, with the errors and the foreign requests that it has made so far."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, without a window.

    Raises:
        FileNotFoundError: There is none; the message says how to get it.
    """
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("no Chromium on this machine; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


def watch(browser: Any, width: int = 1400, **options: Any) -> Opened:
    """A new page that writes down errors and requests to anything but this machine."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, **options)
    opened = Opened(context.new_page())
    local = ("http://localhost", "ws://localhost", "data:", "blob:", "file:", "about:")

    def note_error(message: Any) -> None:
        if message.type == "error":
            opened.errors.append(message.text)

    def note_request(request: Any) -> None:
        if not request.url.startswith(local):
            opened.requests.append(request.url)

    opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.page.on("console", note_error)
    opened.page.on("request", note_request)
    return opened


class Lab:
    """A running JupyterLab; `open` shows a notebook in it."""

    def __init__(self, url: str, folder: Path, browser: Any) -> None:
        self.url, self.folder, self.browser = url, folder, browser
        self.notebooks = 0

    def open(self, *cells: str, width: int = 1400, theme: str = "JupyterLab Light") -> Opened:
        """Write a notebook of these cells, open it and run them all.

        Returns when they have started to run; what they display is still to be waited for.
        """
        self.notebooks += 1
        name = f"notebook{self.notebooks}"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        nbformat.write(notebook, self.folder / f"{name}.ipynb")
        opened = self.show(f"{name}.ipynb", width, theme)
        self.command(opened.page, "notebook:run-all-cells")
        return opened

    def show(self, path: str, width: int = 1400, theme: str = "JupyterLab Light") -> Opened:
        """Open a notebook of the folder; its kernel is ready, and nothing has run."""
        opened = watch(self.browser)
        page = opened.page
        page.goto(f"{self.url}/lab/workspaces/{Path(path).stem}/tree/{path}")
        page.wait_for_function(IDLE, timeout=60_000)
        self.command(page, "apputils:change-theme", {"theme": theme})
        self.command(page, "application:toggle-left-area")
        page.set_viewport_size({"width": width, "height": 1000})
        return opened

    def end_kernels(self) -> None:
        """End what runs in the notebooks opened so far: each kernel holds half a gigabyte."""
        with urllib.request.urlopen(f"{self.url}/api/sessions", timeout=10) as answer:
            sessions = json.load(answer)
        for session in sessions:
            request = urllib.request.Request(
                f"{self.url}/api/sessions/{session['id']}", method="DELETE"
            )
            urllib.request.urlopen(request, timeout=30).close()

    @staticmethod
    def command(page: Any, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Start one of JupyterLab's commands. Its end is not waited for: some never report it."""
        page.evaluate(
            "([name, arguments]) => void window.jupyterapp.commands.execute(name, arguments)",
            [name, arguments or {}],
        )


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    """Whether a server is there yet."""
    try:
        with urllib.request.urlopen(f"{url}/api/status", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def serve(home: Path, folder: Path, browser: Any) -> Iterator[Lab]:
    """JupyterLab on a free port.

    Args:
        home: An empty folder for its settings and its log.
        folder: The notebooks that it shows.
        browser: From `chromium`.

    Raises:
        RuntimeError: It did not start; the message is the end of its log.
    """
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    for name, values in SETTINGS.items():
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    port = free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={port}"]
    command += [
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",  # `end_kernels` is no page of its own
        "--KernelManager.shutdown_wait_time=0.5",  # nothing of theirs is to be saved
        "--expose-app-in-browser",
    ]
    command += [f"--ServerApp.root_dir={folder}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    log = home / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.2)
        yield Lab(url, folder, browser)
    finally:
        server.terminate()
        try:
            server.wait(60)  # it ends its kernels first
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
