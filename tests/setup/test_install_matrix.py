"""The wheel holds all of the package; what else the install matrix does takes long."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tools import install_matrix


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    listing = ["git", "ls-tree", "-r", "--name-only", "HEAD", "d2l_ext"]
    tracked = subprocess.run(
        listing, cwd=install_matrix.ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("this copy is not a git checkout")
    install_matrix.clone(tmp_path / "course")
    with zipfile.ZipFile(install_matrix.build_wheel(tmp_path / "course", tmp_path)) as wheel:
        assert set(tracked.stdout.split()) <= set(wheel.namelist())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pip", "wheel", "newest"])
def test_a_row_of_the_matrix(name: str) -> None:
    """What `make test` and the lock file do not show: d2l's pins, no checkout, what came out since."""
    install_matrix.row(name)
