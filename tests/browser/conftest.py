"""A real JupyterLab and a real browser, once for all browser tests; they end before other tests begin.

`lab.open(*cells)` gives a notebook whose cells have run, in a page that notes every error and every
request that leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools import jupyterlab


@pytest.fixture(scope="package")
def browser() -> Iterator:
    """Debian's Chromium, without a window."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        with jupyterlab.chromium() as launched:
            yield launched
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., jupyterlab.Opened]]:
    """`visit(width=1400, ...)`: a new, watched page without JupyterLab, closed after the test."""
    pages = []

    def open_page(**options: Any) -> jupyterlab.Opened:
        pages.append(jupyterlab.watch(browser, **options))
        return pages[-1]

    yield open_page
    for opened in pages:
        opened.page.context.close()


@pytest.fixture(scope="module")
def lab(running_lab: jupyterlab.Lab) -> Iterator[jupyterlab.Lab]:
    """JupyterLab; the pages and kernels of a file's tests end with them: they are large."""
    yield running_lab
    for context in running_lab.browser.contexts:
        context.close()
    running_lab.end_kernels()


@pytest.fixture(scope="package")
def running_lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[jupyterlab.Lab]:
    """JupyterLab on a free port, with folders and settings of its own."""
    home, folder = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("notebooks")
    with jupyterlab.serve(home, folder, browser) as running:
        yield running
