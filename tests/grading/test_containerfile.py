"""The recipe of the image names what there is; it is not built here, where there is no registry."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from d2l_ext.sandbox import bubblewrap

ROOT = Path(__file__).parents[2]
# What each package of the system is installed for.
PROGRAMS = {"bubblewrap": bubblewrap.PROGRAM, "make": "make"}


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The instructions and their arguments, without comments, lines that go on joined."""
    lines = (ROOT / "Containerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined]


def arguments(steps: list[tuple[str, str]], instruction: str) -> list[str]:
    return [text for name, text in steps if name == instruction]


def test_base_is_pinned_to_a_version_of_python_that_the_course_runs_on(
    steps: list[tuple[str, str]],
) -> None:
    (base,) = arguments(steps, "FROM")
    found = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-\w+", base)
    assert found, base
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    assert int(low) <= int(found[2]) < int(high)


def test_what_is_copied_exists_and_suffices_for_the_set_up(steps: list[tuple[str, str]]) -> None:
    copied = {name for text in arguments(steps, "COPY") for name in text.split()[:-1]}
    assert not [name for name in copied if not (ROOT / name).exists()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rule = re.search(r"^\.venv/\.ready:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule
    needed = {"Makefile", project["readme"], *project["license-files"], *rule[1].split()}
    assert not [n for n in needed if n not in copied and n.split("/")[0] not in copied]
    assert not copied & {".", "solutions", "exercises", "tests"}


def test_targets_of_make_exist(steps: list[tuple[str, str]]) -> None:
    rules = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = [t for text in arguments(steps, "RUN") for t in re.findall(r"^make ([\w-]+)", text)]
    assert targets and set(targets) <= set(rules)


def test_packages_are_those_that_have_the_programs(steps: list[tuple[str, str]]) -> None:
    installed = re.search(r"install ((?:--\S+ )*)([^&]+)", " ".join(arguments(steps, "RUN")))
    assert installed and set(installed[2].split()) == set(PROGRAMS)
    for package, program in PROGRAMS.items():
        path = shutil.which(program)
        if path and shutil.which("dpkg"):
            owner = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True)
            assert owner.returncode or owner.stdout.split(":")[0] == package


def test_it_grades_and_not_as_root(steps: list[tuple[str, str]]) -> None:
    entry = json.loads(arguments(steps, "ENTRYPOINT")[0])
    assert [Path(entry[0]).name, *entry[1:]] == ["d2l-ext", "grade"]
    assert entry[0].startswith(arguments(steps, "WORKDIR")[0])
    names = [name for name, _ in steps]
    (user,) = arguments(steps, "USER")
    assert user != "root" and names.index("USER") < names.index("ENTRYPOINT")
    assert any(text.endswith(f" {user}") for text in arguments(steps, "RUN"))
