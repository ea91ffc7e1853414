"""Cards as a learner sees them: in a notebook, in a terminal, read aloud."""

import base64
import dataclasses
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from d2l_ext import cli, zoo
from d2l_ext.zoo.drawing import BOTTOM, LEFT, RIGHT, TEST, TOP, TRAINING, svg
from d2l_ext.zoo.show import duration


def test_a_notebook_shows_first_what_a_learner_needs(tiny: str) -> None:
    card = zoo.card(tiny)
    html = card._repr_html_()
    first, folded = html.split("<details>")
    assert f"{card.accuracy:.2%}" in first
    assert f"{card.parameters:,}" in first
    assert "learning curve" in first.lower()
    assert card.sha256 in folded
    assert card.sha256 not in first
    assert "lr = 0.1" in folded
    assert not re.search(r"<(script|svg|style)|color:|background", html), "it fits either theme"


def test_what_is_shown_is_well_formed_and_the_same_each_time(tiny: str) -> None:
    html = zoo.card(tiny)._repr_html_()
    closed = re.sub(r"(<img[^>]*)>", r"\1/>", html)
    ElementTree.fromstring(f"<div>{closed}</div>")
    assert html == zoo.card(tiny)._repr_html_()
    assert repr(zoo.card(tiny)) == repr(zoo.card(tiny))


def test_the_curve_is_an_image_with_words_for_those_who_cannot_see_it(tiny: str) -> None:
    card = zoo.card(tiny)
    source, alt = re.search(r'<img [^>]*src="([^"]+)" alt="([^"]+)"', card._repr_html_()).groups()
    kind, content = source.split(",")
    assert kind == "data:image/svg+xml;base64"
    image = ElementTree.fromstring(base64.b64decode(content))
    assert {element.tag.split("}")[1] for element in image.iter()} <= {
        "svg",
        "rect",
        "path",
        "text",
        "polyline",
    }
    lines = [points.split() for element in image.iter() if (points := element.get("points"))]
    assert [len(line) for line in lines] == [len(card.epochs)] * 2
    assert f"{card.epochs[-1]['val_acc']:.1%}" in alt


@pytest.mark.parametrize("accuracies", [[0.5], [0.1, 0.95], [0.93, 0.94, 0.95], [1.0] * 200])
def test_every_curve_stays_inside_its_axes(tiny: str, accuracies: list[float]) -> None:
    epochs = tuple({"train_acc": value, "val_acc": value} for value in accuracies)
    image = ElementTree.fromstring(svg(dataclasses.replace(zoo.card(tiny), epochs=epochs)))
    for element in image.iter():
        for point in (element.get("points") or "").split():
            x, y = map(float, point.split(","))
            assert LEFT <= x <= RIGHT
            assert TOP <= y <= BOTTOM
    training, test = (
        float(element.get("y"))
        for element in image.iter()
        if element.get("fill") in (TRAINING, TEST)
    )
    assert abs(training - test) > 11, "labels do not cover each other"


def test_names_are_escaped(tiny: str) -> None:
    card = dataclasses.replace(zoo.card(tiny), network="<b>&", settings={"a": '"<i>'})
    assert "&lt;b&gt;&amp;" in card._repr_html_()
    assert "<i>" not in card._repr_html_()


def test_the_standard_error_is_that_of_a_proportion(tiny: str) -> None:
    card = zoo.card(tiny)
    run = dataclasses.replace(card.runs[0], right=9500)
    card = dataclasses.replace(card, runs=(run,))
    assert card.standard_error == pytest.approx(0.0022, abs=5e-5), "0.22 points at 95 %"
    assert "95.00% ± 0.22%" in repr(card)


def test_the_command_lists_and_shows(tiny: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["zoo"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["model", "accuracy"]
    assert row.startswith(tiny)
    assert cli.main(["zoo", "show", tiny]) == 0
    assert capsys.readouterr().out == f"{zoo.card(tiny)!r}\n"
    assert cli.main(["zoo", "show", "tinny_fmnist"]) == 2
    assert "did you mean tiny_fmnist?" in capsys.readouterr().err


def test_an_empty_zoo_says_how_to_fill_it(zoo_folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["zoo"]) == 0
    assert "d2l-ext zoo add" in capsys.readouterr().out


def test_cards_are_read_without_torch() -> None:
    code = (
        "import sys; from d2l_ext import zoo; [repr(zoo.card(name)) for name in zoo.list_models()];"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45.2, "45 s"), (720, "12 min"), (5400, "1 h 30 min"), (3599, "1 h 0 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words
