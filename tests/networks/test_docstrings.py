"""What docstrings say is true: the parameters of the named constructors, and the examples."""

import doctest
import importlib
import pkgutil
import re
from collections.abc import Iterable
from types import ModuleType

import pytest

from d2l_ext import counting, networks
from d2l_ext.networks.registry import _CONSTRUCTORS
from tests.networks.reference import on_meta, parameters

STATED = {
    name: int(match[1].replace(",", ""))
    for name in networks.list_networks()
    if (match := re.match(r"([\d,]+) parameters", _CONSTRUCTORS[name].__doc__ or ""))
}


@pytest.mark.parametrize("name", STATED)
def test_the_parameters_in_a_docstring_are_those_of_the_network(name: str) -> None:
    assert parameters(on_meta(name)) == STATED[name]


def modules_of(package: ModuleType) -> Iterable[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(package.__path__, f"{package.__name__}.")


EXAMPLES = {
    example.name: example
    for package in (networks, counting)
    for name in (package.__name__, *(m.name for m in modules_of(package)))
    for example in doctest.DocTestFinder().find(importlib.import_module(name))
    if example.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_it_is_written(name: str) -> None:
    example = EXAMPLES[name]
    example.globs.clear()  # as a reader has it, who starts with nothing
    failed, _ = doctest.DocTestRunner(verbose=False).run(example)
    assert not failed
