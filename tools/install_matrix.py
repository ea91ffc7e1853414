"""Install the course in every way that it offers, each in an empty environment, and use it there.

python -m tools.install_matrix                 all rows; they need a network and 7 GB of disk
python -m tools.install_matrix --only wheel    one of them

Every environment and every copy of the course is new, and deleted when its row is done.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.texts import ROOT

# What a newcomer's shell has; nothing of this environment, such as PYTHONPATH or VIRTUAL_ENV.
KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "PYENV_ROOT", "UV_CACHE_DIR")
# What the course uses of Colab's packages; its widgets are older than the course asks for.
COLAB = [
    *("torch", "torchvision", "matplotlib", "pandas", "scipy", "requests", "pytest", "tqdm"),
    *("ipykernel", "ipywidgets==7.7.1", "nbformat"),
]
EXERCISE = "02_residual_blocks.ipynb"
SNAPSHOTS = """
from d2l_ext import explorers
for name in explorers.__all__:
    page = getattr(explorers, name)()._repr_mimebundle_()[0]["text/html"]
    assert page.startswith("<iframe srcdoc=") and "show({" in page, name
"""
TRAINED = """
import torch
from d2l_ext import data, zoo
name = min(zoo.list_models(), key=lambda name: zoo.card(name).macs)
net, card = zoo.load(name), zoo.card(name)
size = card.input_size[1:]
module = data.FashionMNIST(batch_size=500, resize=size, train_size=1, val_size=500)
((images, labels),) = module.val_dataloader()
with torch.inference_mode():
    accuracy = (net(images).argmax(1) == labels).float().mean().item()
assert abs(accuracy - card.accuracy) < 0.05, (name, accuracy, card.accuracy)
"""
BOOK = """
import numpy, torch
from d2l import torch as d2l
from d2l_ext import networks
assert torch.from_numpy(numpy.ones(2)).sum() == 2
assert d2l.ResNeXtBlock and networks.get_network("resnet18", in_channels=1, num_classes=10)
"""


class InstallError(Exception):
    """A command of a row failed; the message has the end of what it printed."""


@dataclass(frozen=True)
class Place:
    """Where a row happens: a copy of the course as a clone has it, an environment, and neither."""

    course: Path
    env: Path
    outside: Path

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.env / "bin" / "python")


def run(
    command: list[str], folder: Path, extra: Mapping[str, str] | None = None, status: int = 0
) -> str:
    """What a command prints, run as a newcomer would.

    Raises:
        InstallError: it ended with another status than the one expected.
    """
    proxies = [name for name in os.environ if name.lower().endswith("_proxy")]
    shell = {name: os.environ[name] for name in (*KEPT, *proxies) if name in os.environ}
    with tempfile.TemporaryDirectory() as home:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=shell | {"HOME": home} | dict(extra or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if ended.returncode != status:
        words = " ".join(command)[:200]
        raise InstallError(f"{words}: status {ended.returncode}\n{ended.stdout[-3000:]}")
    return ended.stdout


def uv(place: Place, action: str, *arguments: str) -> None:
    """`uv pip`, told by name which environment is meant: it would prefer the one that it is in."""
    cache = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))}
    command = [sys.executable, "-m", "uv", "pip", action, "--python", place.python, *arguments]
    run(command, place.course, cache)


def environment(place: Place, version: str) -> None:
    """An empty environment of this Python, found by its name.

    pyenv keeps its versions behind one name and asks which is meant; others ignore the variable.
    """
    meant = {"PYENV_VERSION": version}
    run([f"python{version}", "-m", "venv", str(place.env)], place.outside, meant)


def locked(place: Place) -> None:
    """As `make env` does it: today's versions, from the lock file."""
    uv(place, "sync", "requirements.lock")
    uv(place, "install", "--no-deps", "--editable", ".")


def plain(place: Place) -> None:
    """pip alone, which takes the versions that d2l pins."""
    run([place.python, "-m", "pip", "install", "--quiet", "."], place.course)
    found = run([place.python, "-c", "import numpy; print(numpy.__version__)"], place.outside)
    if found.strip() != "1.23.5":
        raise InstallError(f"d2l pins numpy 1.23.5, but {found.strip()} was installed")


def binder(place: Place) -> None:
    """What conda hands to pip, then what Binder runs once."""
    dependencies = yaml.safe_load((place.course / "environment.yml").read_text())["dependencies"]
    (lines,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    (place.course / "from-conda.txt").write_text("\n".join(lines))
    uv(place, "install", "--requirement", "from-conda.txt")
    run(["./postBuild"], place.course, {"PATH": f"{place.env / 'bin'}:{os.environ['PATH']}"})


def colab(place: Place) -> None:
    """The lines for pip of the cell that docs/elsewhere.md gives, where Colab's packages are."""
    uv(place, "install", *COLAB)
    page = (place.course / "docs" / "elsewhere.md").read_text()
    for line in re.findall(r"^!(pip install .*)$", page, re.MULTILINE):
        run([place.python, "-m", *shlex.split(line)], place.course)


def wheel(place: Place) -> None:
    """The built wheel alone: the course's folder is gone before it is used."""
    built = build_wheel(place.course, place.outside)
    uv(place, "install", str(built))
    shutil.rmtree(place.course / "d2l_ext")


def build_wheel(course: Path, folder: Path) -> Path:
    """The package as one file, from a copy of the course."""
    run([sys.executable, "-m", "uv", "build", "--wheel", "--out-dir", str(folder)], course)
    (built,) = folder.glob("*.whl")
    return built


def newest(place: Place) -> None:
    """The newest versions that pyproject.toml allows, whatever the lock file says."""
    uv(place, "install", "--upgrade", ".")


def lowest(place: Place) -> None:
    """The oldest versions of direct dependencies that pyproject.toml allows."""
    uv(place, "install", "--resolution", "lowest-direct", ".")


# Name: the Python, and how the course comes into the environment.
ROWS: dict[str, tuple[str, Callable[[Place], None]]] = {
    "lock-3.11": ("3.11", locked),
    "lock-3.12": ("3.12", locked),
    "lock-3.13": ("3.13", locked),
    "pip": ("3.11", plain),
    "binder": ("3.11", binder),
    "colab": ("3.12", colab),
    "wheel": ("3.11", wheel),
    "newest": ("3.13", newest),
    "lowest": ("3.11", lowest),
}


def clone(to: Path) -> None:
    """The last commit, as a fresh clone has it."""
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(to, filter="data")


def use(python: Path, outside: Path) -> None:
    """The package as its users meet it, away from the course's folder.

    Args:
        python: The interpreter of an environment that has `d2l-ext` beside it.
        outside: A folder that holds nothing of the course; a student's file comes here.

    Raises:
        InstallError: something of it does not work.
    """
    command = str(python.with_name("d2l-ext"))
    if "fmnist" not in run([command, "zoo"], outside):
        raise InstallError("d2l-ext zoo lists no trained network")
    for program in (TRAINED, SNAPSHOTS):
        run([str(python), "-c", program], outside)
    for folder, status, verdict in (("solutions", 0, "right"), ("exercises", 1, "  0 of ")):
        shutil.copy(ROOT / folder / EXERCISE, outside / EXERCISE)
        said = run([command, "check", EXERCISE], outside, status=status)
        if verdict not in said:
            raise InstallError(f"d2l-ext check on {folder}/{EXERCISE} said\n{said}")


def row(name: str) -> None:
    """Install in one way, and use what came of it.

    Raises:
        InstallError: it does not install, or not work.
    """
    version, install = ROWS[name]
    with tempfile.TemporaryDirectory(prefix=f"d2l-ext-{name}-") as folder:
        place = Place(*(Path(folder) / part for part in ("course", "env", "outside")))
        place.outside.mkdir()
        clone(place.course)
        environment(place, version)
        install(place)
        run([place.python, "-c", BOOK], place.outside)
        use(Path(place.python), place.outside)


def main(only: list[str]) -> int:
    """Every row, or some, as a table; the status is 1 if one of them failed."""
    failed = False
    print(f"{'row':10} {'Python':6} {'seconds':>7}  result")
    for name in only or ROWS:
        started = time.monotonic()
        try:
            row(name)
            result = "works"
        except InstallError as error:
            failed = True
            result = f"FAILED\n{error}"
        print(
            f"{name:10} {ROWS[name][0]:6} {time.monotonic() - started:7.0f}  {result}", flush=True
        )
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=ROWS, default=[], metavar="ROW")
    sys.exit(main(parser.parse_args().only))
