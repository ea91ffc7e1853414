"""The layer explorer as Python sees it: traits, the line that makes it again, what it shows."""

import pytest
from torch import nn
from traitlets import TraitError

from d2l_ext import explorers
from d2l_ext.counting import ShapeError
from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.catalogue import catalogue

STATES = [
    {},
    {"network": "cifar_resnet20"},
    {"network": "resnet50", "compare": "resnet18", "opened": ("layer1", "layer1.0")},
    {"input_size": (225, 190), "in_channels": 1, "num_classes": 10, "width_mult": 0.25},
    {"network": "resnet152", "input_size": 64, "opened": ("conv1",)},
    {"input_size": 0},
]


def state(explorer):
    return {name: getattr(explorer, name) for name in explorer.settings}


@pytest.mark.parametrize("arguments", STATES)
def test_its_line_of_python_makes_the_same_explorer(arguments):
    explorer = explorers.LayerExplorer(**arguments)
    again = eval(repr(explorer), {"explorers": explorers})
    assert state(again) == state(explorer)


@pytest.mark.parametrize("arguments", STATES)
def test_the_page_shows_the_same_line(node, arguments):
    explorer = explorers.LayerExplorer(**arguments)
    data = {"catalogue": explorer.catalogue, "state": state(explorer)}
    assert node("layer_explorer.js", "page.line(data.catalogue, data.state)", data) == repr(
        explorer
    )


def test_the_page_names_own_networks_in_its_line(node):
    net, other = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 5)
    for arguments, line in [
        ({"network": net}, "explorers.LayerExplorer(net)"),
        ({"network": net, "compare": other}, "explorers.LayerExplorer(net, compare=other)"),
        ({"compare": other}, "explorers.LayerExplorer('resnet18', compare=other)"),
    ]:
        explorer = explorers.LayerExplorer(**arguments)
        data = {"catalogue": explorer.catalogue, "state": state(explorer)}
        assert repr(explorer) == line
        assert node("layer_explorer.js", "page.line(data.catalogue, data.state)", data) == line


def test_settings_that_are_left_out_are_those_of_the_publication():
    explorer = explorers.LayerExplorer("cifar_resnet20")
    assert (explorer.input_size, explorer.in_channels, explorer.num_classes) == (32, 3, 10)
    assert "269,722 parameters" in explorer.headline()


def test_setting_an_attribute_changes_what_is_shown():
    explorer = explorers.LayerExplorer()
    explorer.network = "resnet50"
    assert explorer.headline() == (
        "ResNet-50 on 3 x 224 x 224: 25,557,032 parameters, 4.089 G MACs"
    )


def test_plain_text_is_the_line_and_the_headline():
    data, _ = explorers.LayerExplorer("resnet34")._repr_mimebundle_()
    assert data["text/plain"] == (
        "explorers.LayerExplorer('resnet34')\n"
        "ResNet-34 on 3 x 224 x 224: 21,797,672 parameters, 3.664 G MACs"
    )


def test_an_unknown_network_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match="did you mean resnet18"):
        explorers.LayerExplorer("resnet-18")
    with pytest.raises((TraitError, ValueError), match="no network called 'resnet'"):
        explorers.LayerExplorer().network = "resnet"


def test_an_impossible_setting_is_explained_and_raises_nothing():
    explorer = explorers.LayerExplorer(input_size=0)
    data, _ = explorer._repr_mimebundle_()
    assert "height = 0 must lie between 1 and 2048. Try 1." in data["text/plain"]


def test_an_own_network_is_traced_at_the_channels_that_it_takes():
    net = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2))
    explorer = explorers.LayerExplorer(net, input_size=28)
    assert explorer.headline() == "Sequential on 1 x 28 x 28: 156 parameters, 117.6 k MACs"


def test_an_image_that_an_own_network_cannot_take_is_refused_in_words():
    with pytest.raises(ShapeError, match="kernel 5 is larger than the padded input 3"):
        explorers.LayerExplorer(nn.Conv2d(1, 6, 5), input_size=3)


def families():
    """One network of each family, the first."""
    first = {}
    for name, blueprint in catalogue()["networks"].items():
        first.setdefault(blueprint["family"], name)
    return [{"network": name, "compare": "cifar_resnet20"} for name in first.values()]


@pytest.mark.parametrize("arguments", [*STATES, *families()])
def test_a_snapshot_is_small_and_has_no_address(arguments):
    html = explorers.LayerExplorer(**arguments).snapshot()
    assert len(html.encode()) <= 300_000
    assert "://" not in html
    assert html.index("</iframe>") < html.index("<table>" if "<table>" in html else "<details>")


def test_the_plain_table_says_what_a_mac_is():
    assert NOTE in explorers.LayerExplorer().table()
