"""Chapters and solutions run top to bottom and print what they say they print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"


def nbval(*arguments: str | Path) -> subprocess.CompletedProcess:
    """Plain nbval in a process of its own, as an instructor would start it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]
    return subprocess.run(
        [*command, "--nbval-current-env", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        check=False,
    )


def named(paths: list[Path]) -> list:
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.mark.parametrize("chapter", named(sorted((ROOT / "chapters").glob("*.ipynb"))))
def test_a_chapter_reproduces_its_outputs(chapter: Path) -> None:
    """Strictly: every output but those of cells tagged `nbval-ignore-output`."""
    result = nbval("--nbval", "--nbval-sanitize-with", SANITIZE, chapter)
    assert result.returncode == 0, result.stdout[-6000:]


@pytest.mark.parametrize("solution", named(sorted((ROOT / "solutions").glob("*.ipynb"))))
def test_a_solution_passes_plain_nbval(solution: Path) -> None:
    result = nbval("--nbval-lax", "--nbval-sanitize-with", SANITIZE, solution)
    assert result.returncode == 0, result.stdout[-6000:]


@pytest.mark.parametrize("exercise", named(sorted((ROOT / "exercises").glob("*.ipynb"))))
def test_an_untouched_exercise_fails_plain_nbval_at_every_visible_check(exercise: Path) -> None:
    import nbformat

    checks = [
        cell
        for cell in nbformat.read(exercise, as_version=4).cells
        if "nbval-check-output" in cell.metadata.get("tags", []) and cell.outputs
    ]
    result = nbval("--nbval-lax", "-rN", exercise)
    assert f"{len(checks)} failed" in result.stdout, result.stdout[-6000:]
