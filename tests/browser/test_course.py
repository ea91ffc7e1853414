"""The course as a student meets it: an exercise in JupyterLab, and `%check` under it."""

import shutil
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


def with_a_check(source: Path, target: Path) -> int:
    """Copies an exercise, with `%check` in a last cell; returns its number of questions."""
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("%check"))
    nbformat.write(notebook, target)
    return sum(cell.source.startswith("### Question") for cell in notebook.cells)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("exercises", "no answer yet"),
        pytest.param("solutions", "right", marks=pytest.mark.slow),
    ],
)
def test_check_answers_each_question_of_an_exercise(lab, folder: str, words: str) -> None:
    name = f"{folder}_02_residual_blocks.ipynb"
    questions = with_a_check(ROOT / folder / "02_residual_blocks.ipynb", lab.folder / name)
    opened = lab.show(name)
    lab.command(opened.page, "notebook:run-all-cells")
    opened.page.wait_for_function(
        "([words, count]) => [...document.querySelectorAll('.jp-OutputArea-output')]"
        ".some(output => output.innerText.split(words).length - 1 >= count)",
        arg=[words, questions],
        timeout=60_000,
    )
    assert opened.errors == []


def test_the_first_page_shows_images_and_an_explorer_and_asks_for_nothing_else(lab) -> None:
    shutil.copy(ROOT / "chapters" / "00_start_here.ipynb", lab.folder)
    opened = lab.show("00_start_here.ipynb")
    lab.command(opened.page, "notebook:run-all-cells")
    opened.page.wait_for_selector(".d2l-explorer table", timeout=60_000)
    assert opened.page.locator("img[alt^='Sixteen']").count() == 1
    assert opened.page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    # JupyterLab's own fonts and formulas come from the server as well.
    assert opened.requests == []
