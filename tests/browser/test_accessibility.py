"""axe finds nothing serious on the pages that people read: the book, every explorer, the feedback."""

import shutil
from pathlib import Path

import pytest

from d2l_ext import explorers
from d2l_ext.grading import feedback
from tests.browser.axe import barriers
from tests.grading import class_of
from tools import book

pytestmark = pytest.mark.browser

# A short one, with a table, folded answers and an explorer; the tests of the book see all.
CHAPTER = "00_start_here"


@pytest.fixture(scope="module")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One chapter as a page of the book; the whole book takes minutes."""
    main = pytest.importorskip("sphinx.cmd.build", reason="the book's tools are not installed")
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("pages")
    for path in ("docs/conf.py", "docs/static", f"chapters/{CHAPTER}.ipynb"):
        copy = shutil.copytree if (book.ROOT / path).is_dir() else shutil.copy
        copy(book.ROOT / path, sources / Path(path).name)
    # Links to other chapters lead nowhere here, which Sphinx may say to nobody.
    options = ["-b", "html", "-Q", "-D", f"root_doc={CHAPTER}"]
    assert main.build_main([*options, str(sources), str(out)]) == 0
    return out / f"{CHAPTER}.html"


def in_both_schemes(frame, page) -> list[str]:
    """What is against a page, or a frame of it, in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {barrier}" for barrier in barriers(frame)]
    return found


def test_a_chapter_of_the_book(visit, chapter: Path) -> None:
    page = visit().page
    page.goto(chapter.as_uri())
    assert in_both_schemes(page, page) == []


@pytest.mark.parametrize("name", explorers.__all__)
def test_an_explorer(visit, name: str) -> None:
    page = visit().page
    page.set_content(getattr(explorers, name)().snapshot())
    root = page.frame_locator("iframe").locator(".d2l-explorer")
    root.locator("code").last.wait_for(timeout=10_000)
    assert in_both_schemes(page.frames[1], page) == []


def test_a_page_of_feedback(visit) -> None:
    page = visit().page
    results = [class_of.result("Ada", wrong=("q1", "q2")), class_of.result("Ada", status="REJECT")]
    page.set_content(feedback.page("Ada", results))
    assert in_both_schemes(page, page) == []
