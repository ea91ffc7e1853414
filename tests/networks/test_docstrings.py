"""What the named constructors say of themselves is true."""

import re

import pytest

from d2l_ext import networks
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
