"""Every explorer live in JupyterLab: shown by its name alone, deaf to the notebook's shortcuts."""

import pytest

from d2l_ext import explorers

pytestmark = pytest.mark.browser

NAMES = explorers.__all__


@pytest.fixture(scope="module")
def notebook(lab):
    """One notebook with all explorers, each in a cell of its own, and a cell that lists them."""
    opened = lab.open("from d2l_ext import explorers", *(f"explorers.{name}()" for name in NAMES))
    yield opened
    assert opened.errors == []
    assert opened.requests == []


def root_of(notebook, name):
    cell = notebook.page.locator(".jp-Cell").nth(1 + NAMES.index(name))
    cell.scroll_into_view_if_needed(timeout=20_000)
    root = cell.locator(".d2l-explorer")
    root.wait_for(timeout=20_000)
    return root


@pytest.mark.parametrize("name", NAMES)
def test_it_is_shown_by_its_name_alone(notebook, name):
    root = root_of(notebook, name)
    assert root.locator(".d2l-line code").last.inner_text() == f"explorers.{name}()"
    assert root.locator(".d2l-problem").is_hidden()


@pytest.mark.parametrize("name", NAMES)
def test_letters_typed_inside_leave_the_notebook_as_it_was(notebook, name):
    root = root_of(notebook, name)
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    before = cells.count(), cells.first.get_attribute("class")
    for place in root.locator("input[type=number], [role=button], button").all()[:3]:
        place.focus()
        for key in ("a", "b", "d", "d", "m", "r", "x", "y"):
            notebook.page.keyboard.press(key)
    assert (cells.count(), cells.first.get_attribute("class")) == before


def test_times_are_measured_in_the_kernel_and_shown(notebook):
    root = root_of(notebook, "CostExplorer")
    root.get_by_label("Map", exact=True).fill("9")
    notebook.page.wait_for_timeout(400)  # until Python has heard of it
    said = root.locator(".d2l-costs + p")
    assert "nearest that was measured" in said.inner_text()
    root.get_by_role("button", name="Measure here").click()
    root.get_by_role("button", name="Measure here").wait_for(timeout=60_000)
    assert "exactly this convolution, measured on the kernel's machine" in said.inner_text()
    assert "threads" in said.inner_text()
    root.get_by_role("button", name="Reset").click()
    assert "when this course was made" in said.inner_text()
