"""A zoo in an empty folder, and what the trainer leaves of a network that is trained for seconds."""

import shutil
from pathlib import Path

import pytest
import torch

from d2l_ext import cli
from d2l_ext.zoo import files

RECIPE = """
name = "tiny_fmnist"
network = "cifar_resnet20"
settings = { width_mult = 0.25 }
resize = 14
train_size = 600
batch_size = 25
epochs = 2
lr = 0.1
precision = "float32"
seeds = [5, 1]
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `d2l-ext train`: two seeds of one model."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    out = folder / "runs"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network is slower on two
    try:
        assert cli.main(["train", str(recipe), "--out", str(out), "--device", "cpu"]) == 0
    finally:
        torch.set_num_threads(threads)
    return out


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> list[Path]:
    """The folders of both runs, to be spoiled at will."""
    return [
        Path(shutil.copytree(folder, tmp_path / folder.name))
        for folder in sorted(trained.iterdir())
    ]


@pytest.fixture
def zoo_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the zoo lies during a test; empty."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    monkeypatch.setattr(files, "FOLDER", folder)
    return folder


@pytest.fixture(scope="session")
def stocked(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo with the trained model in it."""
    folder = tmp_path_factory.mktemp("stocked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "FOLDER", folder)
        assert cli.main(["zoo", "add", *map(str, trained.iterdir())]) == 0
    return folder


@pytest.fixture
def tiny(stocked: Path, zoo_folder: Path) -> str:
    """The name of a model that is in the zoo."""
    shutil.copytree(stocked, zoo_folder, dirs_exist_ok=True)
    return "tiny_fmnist"
