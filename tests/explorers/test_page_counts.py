"""What the page computes is held to what Python computes, under node."""

import json
import random
from collections import defaultdict

import pytest

from d2l_ext.counting import Node, ShapeError, propagate
from d2l_ext.explorers.catalogue import catalogue
from d2l_ext.explorers.expansion import count
from d2l_ext.explorers.numbers import short
from d2l_ext.explorers.settings import LIMITS, Settings

ROWS = """data.cases.map(([network, settings]) => {
  try {
    return page.count(data.catalogue, network, settings).rows
      .filter((row) => row.layer)
      .map((row) => [row.name, row.layer.kind, row.signal.shape, row.parameters, row.macs,
        row.field && row.field.sizes]);
  } catch (error) { return error.message; }
})"""


def layer_rows(layers):
    """Rows as JSON has them: tuples as lists, a field's two axes as two numbers."""
    rows = []
    for layer in layers:
        seen = layer.receptive_field
        seen = [seen, seen] if isinstance(seen, int) else seen and list(seen)
        shape = list(layer.output_shape)
        rows.append([layer.name, layer.kind, shape, layer.parameters, layer.macs, seen])
    return rows


def families():
    names = defaultdict(list)
    for name, blueprint in catalogue()["networks"].items():
        names[blueprint["family"]].append(name)
    return names


def structure(blueprint, choice):
    """Other paths, excitations, depths and stems; impossible ones among them."""
    depths = blueprint.get("published", {}).get("depths", [2, 2])
    return {
        "cardinality": choice.choice([None, 1, 3, 8, 64, 200]),
        "group_width": choice.choice([None, 1, 5, 40]),
        "ratio": choice.choice([None, 1, 4, 16, 200]),
        "depths": choice.choice(
            [None, [choice.randint(1, 9) for _ in depths], [2], [0, *depths[1:]]]
        ),
        "stem": choice.choice([None, "7x7", "3x3", "deep", "9x9"]),
    }


def in_python(network, settings):
    drawn = catalogue()
    try:
        return layer_rows(count(drawn["networks"][network], drawn["blocks"], Settings(**settings)))
    except ShapeError as error:
        return str(error)


def in_page(node, cases):
    return node("blueprint.js", ROWS, {"catalogue": catalogue(), "cases": cases})


@pytest.mark.parametrize("family", families())
def test_200_settings_of_each_family_give_the_same_layers(node, family):
    choice = random.Random(family)
    names = families()[family]
    cases = []
    for i in range(200):
        # Each network comes first; then those that count fast come more often.
        network = names[i] if i < len(names) else choice.choice(names[:3])
        fixed = catalogue()["networks"][network].get("fixed", ())
        own = catalogue()["networks"][network]["own"]["input_size"]
        settings = {
            "height": own if "input_size" in fixed else choice.randint(1, 300),
            "width": own if "input_size" in fixed else choice.randint(1, 300),
            "in_channels": choice.randint(1, 8),
            "num_classes": choice.randint(1, 2000),
            "width_mult": 1 if "width_mult" in fixed else round(choice.uniform(0.02, 3), 3),
            **(structure(catalogue()["networks"][network], choice) if i % 2 else {}),
        }
        cases.append((network, settings))
    for case, rows in zip(cases, in_page(node, cases), strict=True):
        assert rows == in_python(*case), case


def test_values_outside_of_the_limits_are_refused_in_the_same_words(node):
    good = {"height": 64, "width": 64, "in_channels": 3, "num_classes": 10, "width_mult": 1}
    cases = [
        ("resnet18", {**good, name: [2, value] if name == "depths" else value})
        for name, (low, high) in LIMITS.items()
        for value in (-3, 0, low, high, high + 1)
        if name != "height" or value != high
    ]
    messages = [rows for rows in in_page(node, cases) if isinstance(rows, str)]
    assert "height = 0 must lie between 1 and 2048. Try 1." in messages
    assert messages == [rows for rows in (in_python(*c) for c in cases) if isinstance(rows, str)]


def chain(*layers):
    """Layers one after another, as nodes; `from` counts backwards."""
    return [
        {"name": f"layer{i}", "kind": kind, "from": [1]} | attributes
        for i, (kind, attributes) in enumerate(layers)
    ]


def window(kernel, stride=1, **others):
    return {"kernel": [kernel, kernel], "stride": [stride, stride], **others}


CONV = ("conv", {"out": 12, **window(3), "padding": [1, 1]})
IMPOSSIBLE = {
    "kernel": chain(("conv", {"out": 4, **window(9, 2), "padding": [1, 1]})),
    "dilated kernel": chain(("conv", {"out": 4, **window(4), "dilation": [2, 2]})),
    "groups of inputs": chain(CONV, ("conv", {"out": 20, **window(1), "groups": 5})),
    "groups of outputs": chain(CONV, ("conv", {"out": 10, **window(1), "groups": 4})),
    "no groups": chain(("conv", {"out": 4, **window(1), "groups": 0})),
    "channels": chain(CONV, ("conv", {"in": 3, "out": 4, **window(1)})),
    "batch norm": chain(CONV, ("batch_norm", {"in": 3})),
    "features": chain(("flatten", {}), ("linear", {"in": 100, "out": 4})),
    "chunk": chain(CONV, ("chunk", {"chunks": 5, "index": 4})),
    "empty slice": chain(("slice", {"rows": [4, 2, None]})),
    "cropping": chain(("pad", {"padding": [0, 0, -4, -3]})),
    "no map": chain(("flatten", {}), ("max_pool", window(2, 2))),
    "addition": [
        *chain(CONV, ("max_pool", window(2, 2))),
        {"name": "sum", "kind": "add", "from": [2, 1]},
    ],
    "concatenation": [
        *chain(CONV, ("max_pool", window(2, 2))),
        {"name": "joined", "kind": "concat", "from": [1, 2]},
    ],
}
POSSIBLE = {
    "padding by ceiling": chain(("avg_pool", window(3, 2, ceil=True)), ("max_pool", window(2, 2))),
    "every second pixel": chain(("subsample", {"stride": [2, 2]}), ("pad_channels", {"out": 9})),
    "dilation": chain(("conv", {"out": 4, **window(3), "dilation": [2, 1], "bias": True})),
    "one gate for each channel": [
        *chain(CONV, ("adaptive_pool", {"size": [1, 1]}), ("sigmoid", {})),
        {"name": "gated", "kind": "multiply", "from": [3, 1]},
    ],
    "parts of the channels": [
        *chain(CONV, ("chunk", {"chunks": 5, "index": 3})),
        {"name": "first", "kind": "chunk", "from": [2], "chunks": 5, "index": 0},
        {"name": "joined", "kind": "concat", "from": [1, 2]},
    ],
    "slices": chain(
        ("pad", {"padding": [2, 1, 0, 3]}),
        CONV,
        (
            "slice",
            {"channels": [2, -3, 2], "rows": [-7, None, 2], "columns": [1, -1, None]},
        ),
        CONV,
    ),
    "nothing of one input": [
        *chain(CONV, CONV, ("slice", {"channels": [0, 0, None]})),
        {"name": "joined", "kind": "concat", "from": [1, 3]},
    ],
    "a parameter": [
        *chain(("parameter", {"shape": [12, 1, 1], "from": []})),
        {"name": "conv", "from": [2], "kind": "conv", **CONV[1]},
    ],
    "pooling in bins": chain(("adaptive_pool", {"size": [3, None]}), CONV),
    "two maps": [*chain(CONV), {"name": "joined", "kind": "concat", "from": [1, 2]}],
    "a layer used twice": chain(CONV, ("relu", {}), ("conv", {**CONV[1], "shared": True})),
    "no closed form": chain(CONV, ("Fold", {"shape": [3, 9, 9], "macs": 7, "parameters": 2})),
}
SYNTHETIC = IMPOSSIBLE | POSSIBLE


@pytest.mark.parametrize("case", SYNTHETIC)
def test_every_rule_says_and_counts_the_same(node, case):
    layers = SYNTHETIC[case]
    own = ("name", "kind", "from")
    nodes = [
        Node(
            layer["name"],
            layer["kind"],
            tuple(i - back for back in layer["from"]),
            {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in layer.items()
                if key not in own
            },
        )
        for i, layer in enumerate(layers)
    ]
    try:
        expected = layer_rows(propagate(nodes, (3, 6, 7)))
    except ShapeError as error:
        expected = str(error)
    assert isinstance(expected, str) == (case in IMPOSSIBLE)
    expression = """(() => { try {
      const nodes = data.map((layer) => ({ name: layer.name, from: layer.from, layer }));
      return page.propagate(nodes, [3, 6, 7]).map((result) => [
        result.node.name, result.node.layer.kind, result.signal.shape, result.parameters,
        result.macs, page.receptiveField(result.signal)?.sizes ?? null]);
    } catch (error) { return error.message; } })()"""
    assert node("counting.js", expression, layers) == expected


def test_the_nearest_valid_image_is_offered(node):
    layers = chain(("conv", {"out": 4, **window(7, 2)}), ("max_pool", window(3, 2)))
    networks = {"net": {"parts": layers}}
    data = {"networks": networks, "blocks": {}, "limits": LIMITS}
    settings = Settings(5, 40, 1, 10).__dict__
    vary = f"(height) => ({{...{json.dumps(settings)}, height}})"
    expression = f"page.nearestValid(data, ['net'], 5, [1, 2048], 1, {vary})"
    assert node("blueprint.js", expression, data) == 11


def test_numbers_are_shortened_alike(node):
    values = [0, 9_999, 10_000, 10_005, 99_995, 999_949, 999_950, 1_062_500_000, 1_814_073_344]
    values += [10**k - 1 for k in range(4, 16)] + [
        random.Random(0).randrange(10**13) for _ in "abc"
    ]
    shown = node("base.js", "data.map(page.short)", values)
    assert shown == [short(value) for value in values]
