"""The texts that people read here, with the place where each stands.

Notebooks' markdown cells, the pages in Markdown, and the docstrings of the package.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import notebooks

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ("chapters", "exercises", "solutions")


@dataclass(frozen=True)
class Text:
    """A piece of text. `place` says where: a file, and the cell, the line or the name in it."""

    path: Path
    place: str
    source: str


def of_file(path: Path) -> Iterator[Text]:
    """The texts of a notebook, a page in Markdown or a Python module."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    if path.suffix == ".ipynb":
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "markdown":
                yield Text(path, f"{name}, {cell.id}", cell.source)
            for wrong in cell.metadata.get("d2l_ext", {}).get("wrong", []):
                yield Text(path, f"{name}, {cell.id}, {wrong['name']}", wrong["sentence"])
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            if isinstance(node, kinds) and (text := ast.get_docstring(node)):
                yield Text(path, f"{name}, {getattr(node, 'name', 'module')}", text)
    else:
        yield Text(path, str(name), path.read_text(encoding="utf-8"))


def files(*suffixes: str) -> list[Path]:
    """The files with texts, of these suffixes or of all: `.ipynb`, `.md`, `.py`."""
    found = [path for folder in NOTEBOOKS for path in sorted((ROOT / folder).glob("*.ipynb"))]
    found += [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
    found += [ROOT / "solutions" / "README.md", *sorted((ROOT / "d2l_ext").rglob("*.py"))]
    return [path for path in found if not suffixes or path.suffix in suffixes]


def slug(heading: str) -> str:
    """What stands behind the # of a link to a heading, as JupyterLab writes it."""
    return heading.replace(" ", "-")
