"""The form that every notebook of the course has, so that learners find their way in each."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from d2l_ext import networks
from d2l_ext.networks import checks
from tools import notebooks

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
LESSONS = [path for path in CHAPTERS if not path.stem.startswith("00")]
# Chapter 11 judges the sources; what it finds is asked in the exercises of the chapters before.
EXERCISED = [path for path in LESSONS if not path.stem.startswith("11")]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
OBJECTIVE = re.compile(r"^- \*\*(\d+\.\d+)\*\*", re.MULTILINE)
NAMED = re.compile(r"\*Objectives? ([^*]+)\.?\*")


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in paths])


def prose(path: Path) -> str:
    cells = notebooks.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@each(CHAPTERS + SOLUTIONS)
def test_lands_executed_and_clean(path: Path) -> None:
    assert notebooks.problems(notebooks.read(path)) == []


@each(CHAPTERS + SOLUTIONS)
def test_every_picture_has_alternative_text(path: Path) -> None:
    for cell in notebooks.read(path).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert "image/png" not in data, f"{cell.id}: show it with figures.show(fig, alt=...)"
            for tag in re.findall(r"<img [^>]*>", "".join(data.get("text/html", ""))):
                assert re.search(r'alt="[^"]{20,}"', tag), f"{cell.id}: {tag[-200:]}"
        for alt in re.findall(r"!\[(.*?)\]\(", cell.source):
            assert len(alt) >= 20, f"{cell.id}: a picture without words"


@each(LESSONS)
def test_a_chapter_states_time_path_and_objectives_and_ends_with_recall_and_reading(
    path: Path,
) -> None:
    first = notebooks.read(path).cells[0].source
    assert "**Time**" in first
    assert "**Path**" in first
    assert 3 <= len(OBJECTIVE.findall(first)) <= 6
    headings = re.findall(r"^## (.+)$", prose(path), re.MULTILINE)
    assert headings[-3:] == ["Summary", "Recall", "Where to read on"]


@each(EXERCISED)
def test_every_objective_is_asked_for_and_every_question_has_one(path: Path) -> None:
    stated = set(OBJECTIVE.findall(prose(path)))
    exercise = ROOT / "solutions" / path.name
    questions = [
        cell.source
        for cell in notebooks.read(exercise).cells
        if cell.cell_type == "markdown" and cell.source.startswith("### Question")
    ]
    asked = [set(re.findall(r"\d+\.\d+", " ".join(NAMED.findall(q)))) for q in questions]
    assert all(asked), "a question names no objective"
    assert set().union(*asked) == stated


def is_check(line: ast.stmt) -> bool:
    """Whether a line calls one of the functions that refuse impossible settings."""
    call = line.value if isinstance(line, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) in vars(checks)


def bare(tree: ast.AST) -> str:
    """Code without what the package has and a chapter leaves out: docstrings, annotations, and
    checks of settings.
    """
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            rest = node.body[1:] if ast.get_docstring(node) else node.body
            node.body = [line for line in rest if not is_check(line)] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree)


@each(CHAPTERS)
def test_a_definition_that_is_taught_is_the_one_in_the_package(path: Path) -> None:
    modules = (
        importlib.import_module(f"d2l_ext.networks.{module.name}")
        for module in pkgutil.iter_modules(networks.__path__)
    )
    package = {
        name: bare(ast.parse(inspect.getsource(thing)))
        for module in modules
        for name, thing in vars(module).items()
        if inspect.isclass(thing) or inspect.isfunction(thing)
        if thing.__module__ == module.__name__
    }
    for cell in notebooks.read(path).cells:
        if cell.cell_type != "code" or cell.source.startswith("%"):
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in package:
                assert bare(node) == package[node.name], f"{cell.id}: {node.name}"
