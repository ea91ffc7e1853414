"""The course as a static site, with explorers that work in the page.

python -m tools.book [FOLDER]     default: build/book

Gathers chapters, exercises and docs/ in one folder, since Sphinx wants its sources so, and lets Sphinx
and MyST-NB make the pages. Nothing is executed: the notebooks hold their outputs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools.texts import ROOT

SOURCES = ("chapters", "exercises")
OUT = ROOT / "build" / "book"


def gather(folder: Path) -> None:
    """Put everything that becomes a page into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder)
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))


def build(out: Path = OUT) -> int:
    """Make the site anew.

    Args:
        out: Where its pages go.

    Returns:
        Sphinx's exit status; a warning counts as a failure, since it is a broken link or a page
        that looks wrong.
    """
    from sphinx.cmd.build import build_main

    sources = out.with_name(f"{out.name}-sources")
    gather(sources)
    status = build_main(["-b", "html", "-q", "-W", "--keep-going", str(sources), str(out)])
    if not status:
        print(f"open {out / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(build(*map(Path, sys.argv[1:2])))
