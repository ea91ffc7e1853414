"""The layer explorer as Python sees it: traits, the line that makes it again, what it shows."""

import math
import re

import pytest
import torch
from torch import nn
from traitlets import TraitError

from d2l_ext import counting, explorers, networks
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
    {
        "network": "seresnext50_32x4d",
        "cardinality": 8,
        "group_width": 9,
        "ratio": 4,
        "predict": True,
    },
    {"depths": (1, 2, 3, 1), "stem": "deep", "compare": "resnet34"},
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


def test_an_se_ratio_above_the_channels_is_explained():
    data, _ = explorers.LayerExplorer("seresnet18", ratio=65)._repr_mimebundle_()
    assert (
        "ratio = 65 is above the 64 channels that it would reduce. Try 64." in (data["text/plain"])
    )


CODES = """data.names.map((name) => {
  const { own } = data.catalogue.networks[name];
  const settings = { ...own, height: own.input_size, width: own.input_size, width_mult: 1 };
  const { rows, results } = page.count(data.catalogue, name, settings);
  const kinds = new Map(rows.map((row) => [row.type ?? row.layer?.kind ?? row.name, row]));
  return [...kinds.values()].map((row) => [
    row.name, row.parameters, row.signal.shape,
    page.partCode(row.name, row.name, results.slice(row.first, row.last + 1))]);
})"""


def test_each_kind_of_part_is_written_as_code_that_builds_it(node):
    names = [arguments["network"] for arguments in families()]
    data = {"catalogue": catalogue(), "names": names}
    for name, rows in zip(names, node("layer_explorer.js", CODES, data), strict=True):
        for part, parameters, shape, code in rows:
            if code.startswith("#"):
                joins = re.search(r"\.(add|multiply|concat)(_\d+)?$", part)  # of several maps
                assert joins, (name, part, code)
                continue
            made = {}
            definition, _, call = code.partition("\n\n\npart = ")
            exec(definition, made)
            image = re.search(r"randn\(2, ([^)]*)\)", call).group(1)
            with torch.device("meta"):
                module = made["Part"]()
                output = module(torch.randn(2, *map(int, image.split(", "))))
            assert sum(p.numel() for p in module.parameters()) == parameters, (name, part)
            assert list(output.shape[1:]) == shape, (name, part)


FIELDS = """data.map(([field, outputs]) => [
  page.middleField(field, outputs), page.fieldWords([0, 1].map(() => page.middleField(field, outputs)))])"""


def test_the_field_of_the_middle_output_is_where_a_gradient_arrives(node):
    net = nn.Sequential(nn.Conv2d(1, 1, 5, stride=2, padding=2), nn.Conv2d(1, 1, 3, padding=1))
    for weights in net.parameters():
        nn.init.constant_(weights, 1.0)
    image = torch.zeros(1, 1, 12, 12, requires_grad=True)
    net(image)[0, 0, 2, 2].backward()
    seen = image.grad[0, 0].any(dim=1).nonzero().flatten().tolist()
    field = {"image": 12, "start": -4, "end": 4, "jump": 2, "whole": False}
    [[middle, words]] = node("field_picture.js", FIELDS, [[field, 6]])
    assert list(range(middle["from"], middle["to"] + 1)) == seen
    assert words == (
        "output (2, 2) sees rows 0 to 8 and columns 0 to 8, 9 × 9 of 12 × 12 pixels. "
        "It lies inside the image."
    )


def test_a_field_beyond_the_image_is_told(node):
    field = {"image": 12, "start": -8, "end": 9, "jump": 4, "whole": False}
    [[middle, words]] = node("field_picture.js", FIELDS, [[field, 3]])
    assert (middle["before"], middle["after"]) == (4, 2)
    assert "beyond the image, by 4 above, 2 below, 4 to the left, 2 to the right" in words


SHARES = """data.names.map((name) => {
  const { own, title } = data.catalogue.networks[name];
  const counted = page.count(data.catalogue, name,
    { ...own, height: own.input_size, width: own.input_size, width_mult: 1 });
  const sums = ["parameters", "macs", "activations"].map((key) =>
    page.sharesOf(counted, key).reduce((sum, one) => sum + one.value, 0) - counted[key]);
  return [sums, counted.activations, page.riddleOf([title], [counted])];
})"""


# Stem, layer1, then stages of four 3x3s and a 1x1 on maps of half the size, and the scores.
RESNET18_ACTIVATIONS = (
    64 * 112**2 + 4 * 64 * 56**2 + 5 * sum(c * (3584 // c) ** 2 for c in (128, 256, 512)) + 1000
)


def test_shares_add_up_and_the_riddle_asks_for_the_largest(node):
    data = {"catalogue": catalogue(), "names": ["resnet18", "cifar_resnet20"]}
    (sums, activations, riddle), _ = node("layer_explorer.js", SHARES, data)
    assert sums == [0, 0, 0]
    assert activations == RESNET18_ACTIVATIONS
    assert riddle["options"][riddle["answer"]] == "layer1"
    assert "most parameters in layer4 with 71.8 %" in riddle["why"]


def test_activations_are_what_convolutions_and_linear_layers_give():
    with torch.device("meta"):
        layers = counting.summarize(networks.get_network("resnet18"), (3, 224, 224)).layers
    sizes = [math.prod(one.output_shape) for one in layers if one.kind in ("conv", "linear")]
    assert sum(sizes) == RESNET18_ACTIVATIONS


def test_where_a_guess_is_asked_for_the_headline_does_not_answer_it():
    explorer = explorers.LayerExplorer("resnet50", compare="resnet18", predict=True)
    assert explorer.headline() == "ResNet-50 and ResNet-18: what do you expect?"
