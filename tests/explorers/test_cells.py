"""A cell that runs again closes the explorers that it made before, and no others."""

import ipywidgets
import pytest

from d2l_ext import explorers
from d2l_ext.explorers import cells


@pytest.fixture
def run(monkeypatch):
    """`run(cell)`: from here on, that cell is running anew."""
    runs = iter(range(100))

    def start(cell):
        now = f"run {next(runs)}"
        monkeypatch.setattr(cells, "current", lambda: (cell, now))

    return start


def closed(widget):
    return widget.comm is None


def test_running_a_cell_again_closes_what_it_made(run):
    run("a")
    first, second = explorers.LayerExplorer(), explorers.LayerExplorer()
    assert not closed(first) and not closed(second)
    run("a")
    explorers.LayerExplorer()
    assert closed(first) and closed(second)


def test_other_cells_keep_theirs(run):
    run("a")
    first = explorers.LayerExplorer()
    run("b")
    explorers.LayerExplorer()
    assert not closed(first)


@pytest.mark.parametrize("name", explorers.__all__)
def test_50_runs_leave_as_many_widgets_as_one(run, name):
    ipywidgets.Widget.close_all()
    run("a")
    getattr(explorers, name)()
    after_one = len(ipywidgets.widgets.widget._instances)
    for _ in range(50):
        run("a")
        getattr(explorers, name)()
    assert len(ipywidgets.widgets.widget._instances) == after_one
