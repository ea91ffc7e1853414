"""Formulas on a page without scripts: drawn as MathML, and kept as written where they are none."""

import json
import re
from pathlib import Path

import pytest

from d2l_ext.grading import formulas

ROOT = Path(__file__).parents[2]


def test_formula_in_a_line_and_on_its_own() -> None:
    page = formulas.html("A sum $w_l$:\n\n$$\\sum_l w_l$$\n")
    assert page.count("<math") == 2 and 'display="block"' in page
    assert "$" not in page and "\\sum" not in page


@pytest.mark.parametrize("broken", ["x^2 \\frac", "x_", "\\left( x", "<b>^"])
def test_what_is_no_formula_stays_as_it_was_written(broken: str) -> None:
    page = formulas.html(f"before ${broken}$ after")
    assert page.startswith("<p>before <") and page.endswith("> after</p>\n")
    assert "<b>" not in page


def test_other_html_is_escaped() -> None:
    assert "<script" not in formulas.html("<script>1</script>")


def test_every_formula_of_the_exercises_is_drawn() -> None:
    texts = [
        "".join(cell["source"])
        for path in sorted((ROOT / "exercises").glob("*.ipynb"))
        for cell in json.loads(path.read_text())["cells"]
        if cell["cell_type"] == "markdown"
    ]
    pages = "".join(map(formulas.html, texts))
    assert pages.count("<math") > 100
    assert not re.findall(r"<code>[^<]*\\[a-z][^<]*</code>", pages)
