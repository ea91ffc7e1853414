"""What holds for every explorer, whatever it explores."""

import subprocess
import sys

import pytest

from d2l_ext import explorers
from d2l_ext.explorers.scripts import EXPORT, HERE, IMPORT, bundle, dependencies, read, sent
from tests.explorers.states import STATES

CASES = [(name, state) for name in explorers.__all__ for state in STATES.get(name, [{}])]


def make(name, state):
    return getattr(explorers, name)(**state)


def settings(explorer):
    return {name: getattr(explorer, name) for name in explorer.settings}


@pytest.mark.parametrize(("name", "state"), CASES)
def test_its_line_of_python_makes_the_same_explorer(name, state):
    explorer = make(name, state)
    again = eval(repr(explorer), {"explorers": explorers})
    assert settings(again) == settings(explorer)


def test_the_page_writes_the_same_line_of_keywords(node):
    data = []
    for name, state in CASES:
        explorer = make(name, state)
        if name != "LayerExplorer":  # its line begins with a network, and has a test of its own
            data.append([name, settings(explorer), explorer.usual, repr(explorer)])
    lines = node("base.js", "data.map(([n, s, u]) => page.keywordLine(n, s, u))", data)
    assert lines == [line for *_, line in data]


@pytest.mark.parametrize(("name", "state"), CASES)
def test_every_argument_is_a_setting_that_reset_restores(name, state):
    explorer = make(name, state)
    assert explorer.initial == settings(explorer)
    assert set(explorer.settings) <= set(explorer.page_state())


@pytest.mark.parametrize(("name", "state"), CASES)
def test_two_runs_show_the_same_text_and_snapshot(name, state):
    first, second = (make(name, state)._repr_mimebundle_()[0] for _ in range(2))
    live = "application/vnd.jupyter.widget-view+json"
    assert first.pop(live) != second.pop(live)
    assert first == second


@pytest.mark.parametrize(("name", "state"), CASES)
def test_a_snapshot_is_small_has_no_address_and_a_table_for_those_who_see_no_frame(name, state):
    html = make(name, state).snapshot()
    assert len(html.encode()) <= 300_000
    assert "://" not in html
    assert "<table>" in html.partition("</iframe>")[2] or "<p>" in html.partition("</iframe>")[2]


@pytest.mark.parametrize("name", explorers.__all__)
def test_without_arguments_it_shows_something(name):
    text = make(name, {})._repr_mimebundle_()[0]["text/plain"]
    line, headline = text.split("\n")
    assert line == f"explorers.{name}()"
    assert len(headline) > 20


@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.js")))
def test_scripts_are_small_and_name_no_address(script):
    text = (HERE / script).read_text()
    assert len(text.encode()) <= 50_000
    assert "://" not in text
    assert all(line.count("`") % 2 == 0 for line in text.splitlines())  # see scripts.sent


def test_all_scripts_together_are_small_as_pages_get_them():
    modules = (EXPORT.sub("", IMPORT.sub("", sent(path.name))) for path in HERE.glob("*.js"))
    assert sum(len(module.encode()) for module in modules) <= 150_000  # see scripts.bundle


@pytest.mark.parametrize("name", explorers.__all__)
def test_the_script_of_one_page_is_small(name):
    assert len(bundle(f"{getattr(explorers, name).script}.js").encode()) <= 70_000


@pytest.mark.parametrize("name", explorers.__all__)
def test_names_of_its_modules_collide_neither_with_each_other_nor_with_the_browsers(node, name):
    script = getattr(explorers, name).script
    assert node(f"{script}.js", "typeof page.show", None) == "function"
    for browsers_own in ("window", "document", "navigator", "location", "name", "top", "Element"):
        declared = (f"function {browsers_own}(", f"const {browsers_own} =", f"let {browsers_own} =")
        modules = dependencies(f"{script}.js", [])
        lines = [line for module in modules for line in read(module).splitlines()]
        assert not [line for line in lines if line.removeprefix("export ").startswith(declared)]


def test_showing_the_explorers_imports_neither_torch_nor_pyplot():
    program = (
        "import sys; from d2l_ext import explorers\n"
        "for name in explorers.__all__: getattr(explorers, name)()._repr_mimebundle_()\n"
        "print([name for name in ('torch', 'matplotlib.pyplot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
