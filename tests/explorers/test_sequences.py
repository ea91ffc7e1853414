"""Random sequences of changes leave every explorer in a state that its line of Python makes again."""

import random

import pytest

from d2l_ext import explorers
from d2l_ext.explorers.base import or_why

CHANGES = 20
SAMPLED, ALL = 3, 1_000  # sequences


def drawn(explorer, control, choice):
    """A value for a control: of its options, or a number inside or just outside of its limits."""
    if control["kind"] == "tick":
        return choice.random() < 0.5
    if control["kind"] == "choice":
        known = getattr(explorer, "catalogue", {})
        place = {"network": "networks", "block": "blocks", "stem": "stems"}
        key = place.get(control["name"], "networks" if "networks" in known else "blocks")
        options = [one["value"] for one in control["options"]] or list(known[key])
        return choice.choice(
            [*options, None] if control["name"] in ("compare", "stem") else options
        )
    (low, high), step = control["limits"], control["step"]
    if choice.random() < 0.1:
        return choice.choice([low - step, high + step])
    top = high if choice.random() < 0.3 else min(high, low + 63 * step)
    return round(low + step * choice.randint(0, int((top - low) / step)), 4)


def assigned(explorer, name, value):
    """The traits that the page sets by a control: of its name, or what the control stands for."""
    if name in ("height", "width"):
        size = explorer.input_size
        height, width = (size, size) if isinstance(size, int) else size
        square = isinstance(size, int) and name == "height"
        both = (value, width) if name == "height" else (height, value)
        return {"input_size": value if square else both}
    if name == "square":
        size = explorer.input_size
        height = size if isinstance(size, int) else size[0]
        return {"input_size": height if value else (height, height)}
    if name.startswith("depths"):
        usual = explorer.catalogue["networks"][explorer.network].get("published", {})
        depths = list(explorer.depths or usual.get("depths") or [1])
        depths[int(name[7]) % len(depths)] = value
        return {"depths": tuple(depths)}
    if name in ("x", "y") and hasattr(explorer, "target"):
        x, y = explorer.target
        return {"target": (value, y) if name == "x" else (x, value)}
    return {name: int(value) if name == "layers" else value}


def after_changes(name, seed):
    """An explorer that a sequence of changes has passed through."""
    choice = random.Random(seed)
    explorer = getattr(explorers, name)()
    for _ in range(CHANGES):
        control = choice.choice(explorer.panel())
        for trait, value in assigned(
            explorer, control["name"], drawn(explorer, control, choice)
        ).items():
            setattr(explorer, trait, value)
    return explorer


LINES = {"LayerExplorer": "data.states.map((state) => page.line(data.catalogue, state))"}
OTHER_LINES = "data.states.map((state) => page.keywordLine(data.name, state, data.usual))"


def check(node, name, count):
    """Each state is shown or explained, its line makes it again, and the page writes that line."""
    states, lines, shown = [], [], set()
    for seed in range(count):
        explorer = after_changes(name, seed)
        shown.add(or_why(explorer.headline))
        assert or_why(explorer.table, markup=True)
        again = eval(repr(explorer), {"explorers": explorers})
        settings = {key: getattr(explorer, key) for key in explorer.settings}
        assert {key: getattr(again, key) for key in explorer.settings} == settings, repr(explorer)
        states.append(settings)
        lines.append(repr(explorer))
        again.close()
        explorer.close()
    assert len(shown) > 1  # the changes change something
    data = {"name": name, "states": states, "usual": explorer.usual}
    data["catalogue"] = getattr(explorer, "catalogue", {})
    script = "layer_explorer.js" if name in LINES else "base.js"
    assert node(script, LINES.get(name, OTHER_LINES), data) == lines


@pytest.mark.parametrize("name", explorers.__all__)
def test_some_sequences_of_changes_leave_a_state_that_its_line_makes_again(node, name):
    check(node, name, SAMPLED)


@pytest.mark.slow
@pytest.mark.parametrize("name", explorers.__all__)
def test_a_thousand_sequences_of_changes_do_too(node, name):
    check(node, name, ALL)
