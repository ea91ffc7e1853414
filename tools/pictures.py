"""Take the pictures of the README and of docs/explorers.md from the real thing, in a browser.

python -m tools.pictures [course] [explorers]     default: both
"""

import io
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from d2l_ext import explorers
from tools import jupyterlab

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explorers.md"
# A line of Python that makes an explorer, and the picture below it.
SHOWN = re.compile(r"^`(explorers\..*)`\n\n!\[[^]]*\]\((.*\.png)\)$", re.MULTILINE)


def course(browser: Any) -> None:
    """Run chapter 3's explorer beside the chapter's text, and photograph the page."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as copy:
        for folder in ("chapters", "exercises"):
            shutil.copytree(ROOT / folder, Path(copy) / folder)
        with jupyterlab.serve(Path(home), Path(copy), browser) as lab:
            page = lab.show("chapters/03_resnet.ipynb", width=1500).page
            lab.command(page, "notebook:run-all-cells")
            page.wait_for_selector(".d2l-explorer table", timeout=120_000)
            page.locator(".d2l-explorer select").nth(1).select_option("resnet50")
            page.locator(".d2l-explorer").first.scroll_into_view_if_needed()
            page.wait_for_timeout(1500)
            picture = ROOT / "docs" / "course.png"
            page.screenshot(path=picture)
            print(picture)


def each_explorer(browser: Any) -> None:
    """Photograph what each line of docs/explorers.md makes, from its top."""
    page = jupyterlab.watch(browser, width=1200, reduced_motion="reduce").page
    for line, name in SHOWN.findall(PAGE.read_text(encoding="utf-8")):
        page.set_content(eval(line, {"explorers": explorers}).snapshot())
        root = page.frame_locator("iframe").locator(".d2l-explorer")
        root.locator("code").last.wait_for()
        tall = min(760, round(root.bounding_box()["height"]) + 8)
        taken = page.screenshot(clip={"x": 0, "y": 0, "width": 1200, "height": tall})
        picture = PAGE.parent / name
        picture.parent.mkdir(exist_ok=True)
        # 256 colours make a small file, and are enough for text and bars.
        Image.open(io.BytesIO(taken)).convert("RGB").quantize(256).save(picture, optimize=True)
        print(picture)


def main(names: list[str]) -> None:
    """Take the pictures of these names."""
    kinds = {"course": course, "explorers": each_explorer}
    with jupyterlab.chromium() as browser:
        for name in names or kinds:
            kinds[name](browser)


if __name__ == "__main__":
    main(sys.argv[1:])
