"""The book: built from the checkout, then read in a real browser, all pages of it."""

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.browser.axe import barriers
from tools import book

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = [
    *(f"{name}/{p.stem}" for name in book.SOURCES for p in (book.ROOT / name).glob("*.ipynb")),
    *("search", "genindex"),
    *(path.stem for path in (book.ROOT / "docs").glob("*.md")),
    *(f"reference/{path.stem}" for path in (book.ROOT / "docs/reference").glob("*.md")),
]
# Turn the first knob of an explorer that moves something, and say whether the page has changed.
TURN = """root => {
    const text = () => root.querySelector('.d2l-body').innerHTML;
    const before = text();
    for (const node of root.querySelectorAll('select, input[type=number]')) {
        if (node.disabled || !node.checkVisibility()) continue;
        if (node.tagName === 'SELECT') node.selectedIndex = (node.selectedIndex + 1) % node.options.length;
        else node.value = Number(node.value) + Number(node.step || 1);
        node.dispatchEvent(new Event('input', { bubbles: true }));
        node.dispatchEvent(new Event('change', { bubbles: true }));
        if (text() !== before) return true;
    }
    return false;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("myst_nb", reason="the book's tools are not installed")
    folder = tmp_path_factory.mktemp("book") / "pages"
    assert book.build(folder) == 0, "Sphinx warned of something: a broken link, a page out of form"
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_narrow_open_to_all_and_asks_nobody(address: str, visit, name: str) -> None:
    opened = visit(width=360)
    opened.page.goto(f"{address}/{name}.html")
    opened.page.wait_for_load_state("networkidle")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert barriers(opened.page) == []
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith(address)] == []


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("chapters/")])
def test_every_explorer_answers_without_a_kernel(address: str, visit, name: str) -> None:
    opened = visit()
    opened.page.goto(f"{address}/{name}.html")
    frames = opened.page.locator("iframe")
    for i in range(frames.count()):
        frames.nth(i).scroll_into_view_if_needed()
        root = frames.nth(i).content_frame.locator(".d2l-explorer")
        root.locator("code").last.wait_for(state="attached", timeout=20_000)
        assert root.evaluate(TURN), f"explorer {i + 1} did not answer"
    assert opened.errors == []


def test_the_search_finds_a_word_of_a_chapter(address: str, visit) -> None:
    opened = visit()
    opened.page.goto(f"{address}/search.html?q=bottleneck")
    opened.page.locator("#search-results li a").first.wait_for(timeout=20_000)
    found = opened.page.locator("#search-results").inner_text()
    assert "ResNet" in found
