"""Take the README's pictures from the real thing: the course in JupyterLab, in a browser.

python -m tools.pictures
"""

import shutil
import tempfile
from pathlib import Path

from tools import jupyterlab

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run chapter 3's explorer beside the chapter's text, and photograph the page."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as copy:
        for folder in ("chapters", "exercises"):
            shutil.copytree(ROOT / folder, Path(copy) / folder)
        with (
            jupyterlab.chromium() as browser,
            jupyterlab.serve(Path(home), Path(copy), browser) as lab,
        ):
            page = lab.show("chapters/03_resnet.ipynb", width=1500).page
            lab.command(page, "notebook:run-all-cells")
            page.wait_for_selector(".d2l-explorer table", timeout=120_000)
            page.locator(".d2l-explorer select").nth(1).select_option("resnet50")
            page.locator(".d2l-explorer").first.scroll_into_view_if_needed()
            page.wait_for_timeout(1500)
            picture = ROOT / "docs" / "course.png"
            picture.parent.mkdir(exist_ok=True)
            page.screenshot(path=picture)
            print(picture)


if __name__ == "__main__":
    main()
