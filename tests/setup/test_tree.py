"""What holds for the whole tree: small, self-contained, one lesson of a number in each folder."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("this copy is not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


def size(files: list[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def test_the_repository_stays_small(tracked: list[Path]) -> None:
    assert size(tracked) < 48_000_000
    assert size([f for f in tracked if f.suffix == ".ipynb"]) < 8_000_000


def test_exercises_and_solutions_carry_the_same_names() -> None:
    exercises = {path.name for path in (ROOT / "exercises").glob("*.ipynb")}
    solutions = {path.name for path in (ROOT / "solutions").glob("*.ipynb")}
    chapters = {path.name for path in (ROOT / "chapters").glob("*.ipynb")}
    assert exercises == solutions
    assert {name for name in exercises if name[0].isdigit()} <= chapters


def test_every_module_says_what_it_is_for() -> None:
    for path in [*(ROOT / "d2l_ext").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        assert re.match(r'(#!.*\n)?"""[^"\n]', path.read_text()), f"{path} has no docstring"
