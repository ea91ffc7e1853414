"""The instructors' page: its commands are understood, and what it names exists."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from d2l_ext import cli
from d2l_ext.grading import asserted, overrides, queueing, results, streams
from d2l_ext.grading.grade import add_arguments
from d2l_ext.sandbox import warden
from d2l_ext.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grading.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = [shlex.split(line, comments=True) for block in BLOCKS for line in block.splitlines()]


def parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(cli.COMMANDS[name][0]).add_arguments(parser)
    return parser


@pytest.mark.parametrize("line", [line for line in LINES if line[0] == "d2l-ext"], ids=" ".join)
def test_command_is_one(line: list[str]) -> None:
    parser(line[1]).parse_args(line[2:])


def test_image_is_run_with_what_the_command_takes() -> None:
    (line,) = (line for line in LINES if line[:2] == ["podman", "run"])
    given = parser("grade").parse_args(line[line.index("d2l-ext-grade") + 1 :])
    mounts = [line[place + 1].split(":")[1] for place, word in enumerate(line) if word == "-v"]
    assert {str(given.submissions), str(given.out)} <= set(mounts)
    (work,) = re.findall(r"^WORKDIR (.+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    assert f"{work}/{given.solutions}" in mounts


def test_every_line_is_of_a_known_program() -> None:
    assert {line[0] for line in LINES} == {"d2l-ext", "dask", "podman"}


@pytest.mark.parametrize("words", [["scheduler"], ["worker", "--nthreads", "--nworkers"]], ids=str)
def test_dask_has_these_commands(words: list[str]) -> None:
    pytest.importorskip("distributed", reason="Dask is optional")
    module = importlib.import_module(f"distributed.cli.dask_{words[0]}")
    options = {option for parameter in module.main.params for option in parameter.opts}
    assert set(words[1:]) <= options


def test_options_in_the_text_are_those_of_the_command() -> None:
    grade = argparse.ArgumentParser()
    add_arguments(grade)
    known = {option for action in grade._actions for option in action.option_strings}
    known |= {"--check", "--nbgrader"}
    prose = re.sub(r"^```sh\n.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert not set(re.findall(r"--[a-z]+", re.sub(r"\|[-|]+\|", "", prose))) - known


def test_numbers_are_those_of_the_code() -> None:
    limits = Limits()
    for words in (
        f"{limits.processes} processes, {limits.threads} threads",
        f"{limits.disk // 2**20} MB of files",
        f"{streams.CHARACTERS // 10**6} million characters",
        f"looks {1 / warden.POLL_SECONDS:.0f} times a second",
    ):
        assert words in PAGE
    assert (queueing.PATIENCE, "More than five times" in PAGE) == (5, True)


def test_each_status_and_flag_is_explained() -> None:
    statuses = {value for name, value in vars(results).items() if name.isupper() and name == value}
    assert len(statuses) == 7
    table = " ".join(re.findall(r"^\| ([A-Z, ]+) \|", PAGE, re.MULTILINE))
    assert set(re.findall(r"[A-Z]+", table)) == statuses
    assert f"`{overrides.FLAG}`" in PAGE and f"`{asserted.FLAG}`" in PAGE
    assert f"({', '.join(overrides.COLUMNS)})" in PAGE
