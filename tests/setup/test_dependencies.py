"""pyproject.toml, environment.yml and requirements.lock name the same direct dependencies."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def project() -> list[str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-")


def test_conda_asks_for_the_same_packages_in_the_same_versions() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert sorted(set(pip) - {"--editable ."}) == sorted(project())


def test_every_dependency_of_conda_has_its_reason() -> None:
    lines = (ROOT / "environment.yml").read_text().splitlines()
    bare = [line for line in lines if line.startswith("      - ") and "  # " not in line]
    assert not bare


def test_the_lock_file_marks_the_same_packages_as_direct() -> None:
    """uv writes under each package who asked for it."""
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    direct = {
        name(entry)
        for entry in entries
        if re.search(r"#\s+(?:via )?d2l-ext \(pyproject\.toml\)", entry)
    }
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    wanted = {name(r) for r in project()} | {name(r) for r in extras["dev"]}
    assert direct == wanted


def test_the_lock_file_pins_every_package_and_holds_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    requirements = [line for line in lock.splitlines() if line and line[0] not in " #"]
    assert all(re.match(r"[a-z0-9._-]+==\S+( ; .+)?$", line) for line in requirements)
    assert "://" not in lock


def test_the_lock_file_does_not_pin_a_torch_that_has_no_matching_torchvision() -> None:
    assert "torch==2.13.0" not in (ROOT / "requirements.lock").read_text()
