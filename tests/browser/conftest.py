"""A real JupyterLab and a real browser, once for all browser tests.

`lab.open(*cells)` gives a notebook whose cells have run, in a page that notes every error and every
request that leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tools import jupyterlab


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Debian's Chromium, without a window."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        with jupyterlab.chromium() as launched:
            yield launched
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def visit(browser: object) -> Callable[..., jupyterlab.Opened]:
    """`visit(width=1400, ...)`: a new, watched page without JupyterLab."""
    return partial(jupyterlab.watch, browser)


@pytest.fixture(scope="session")
def lab(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[jupyterlab.Lab]:
    """JupyterLab on a free port, with folders and settings of its own."""
    home, folder = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("notebooks")
    with jupyterlab.serve(home, folder, browser) as running:
        yield running
