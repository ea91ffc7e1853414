"""Importing the package loads nothing that is not needed."""

import subprocess
import sys

import pytest


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import d2l_ext",
        "from d2l_ext import networks, counting, data, training",
        "from d2l_ext import data; data.FashionMNIST(train_size=10)",
    ],
)
def test_neither_d2l_nor_torchvision_nor_pandas_is_imported(statement: str) -> None:
    assert not loaded_after(statement) & {"d2l", "torchvision", "pandas", "IPython"}


def test_the_package_alone_does_not_import_torch() -> None:
    assert not loaded_after("import d2l_ext") & {"torch", "numpy", "matplotlib"}
