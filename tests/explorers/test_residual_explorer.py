"""The gallery of residual blocks is held to the package's own blocks, and the page to the gallery."""

import random
import re

import pytest
import torch
from torch import nn

from d2l_ext import explorers, fusion
from d2l_ext.counting import ShapeError, summarize
from d2l_ext.explorers.residual_curves import STARTS, build, images, measure
from d2l_ext.explorers.residual_diagram import drawing, words
from d2l_ext.explorers.residual_explorer import drawing_of, gallery, measured
from d2l_ext.explorers.residual_gallery import GALLERY
from d2l_ext.explorers.residual_graph import changes, check, count, uses

USUAL = {
    "channels": 64,
    "out_channels": 64,
    "stride": 1,
    "size": 14,
    "cardinality": 4,
    "ratio": 4,
    "growth_rate": 12,
    "scale": 0.5,
    "depth": 20,
    "start": "batch norm",
    "fused": True,
}


def random_settings(choice, valid_for=None):
    """Settings of any kind; those that a block can have, if one is named."""
    while True:
        settings = USUAL | {
            "channels": choice.choice([8, 12, 16, 24, 33, 64]),
            "out_channels": choice.choice([8, 16, 24, 32, 48, 66]),
            "stride": choice.choice([1, 1, 2, 3]),
            "size": choice.randint(0 if valid_for is None else 5, 17),
            "cardinality": choice.choice([1, 2, 3, 4, 8]),
            "ratio": choice.choice([1, 4, 16, 64]),
            "growth_rate": choice.randint(1, 13),
            "scale": choice.choice([0.3, 0.5, 1]),
        }
        if valid_for is not None and not GALLERY[valid_for].change:
            settings |= {"out_channels": settings["channels"], "stride": 1}
        if valid_for == "conv_shortcut" and settings["out_channels"] < settings["channels"]:
            continue  # the package's block cannot narrow, though its shortcut could
        try:
            if valid_for is not None:
                check(valid_for, settings)
            return settings
        except ShapeError:
            pass


def weighted(layers):
    """Kind, shape and cost of the layers with weights, in any order."""
    layers = (layer for layer in layers if layer.parameters)
    return sorted((x.kind, x.output_shape, x.parameters, x.macs) for x in layers)


@pytest.mark.parametrize("name", GALLERY)
def test_a_block_of_the_gallery_has_the_layers_of_the_packages_block(name):
    choice = random.Random(name)
    for _ in range(6):
        settings = random_settings(choice, valid_for=name)
        side = settings["size"]
        block = build(name, settings)
        expected = summarize(block, (settings["channels"], side, side)).layers
        mine = count(name, settings)
        assert weighted(mine) == weighted(expected), settings
        assert mine[-1].output_shape == expected[-1].output_shape
        ours, theirs = ([x.kind for x in layers].count("relu") for layers in (mine, expected))
        assert ours == theirs


PAGE = """data.cases.map(([name, settings]) => {
  try {
    const { results } = page.countBlock(data.catalogue, name, settings);
    return results.map((r) => [r.node.name, r.node.layer.kind, r.signal.shape, r.parameters, r.macs]);
  } catch (error) { return [error.message, error.fix]; }
})"""


def test_the_page_counts_and_refuses_as_python_does_and_its_way_out_works(node):
    choice = random.Random(0)
    cases = [(name, random_settings(choice)) for name in GALLERY for _ in range(12)]
    found = node("residual_graph.js", PAGE, {"catalogue": gallery(), "cases": cases})
    refused = 0
    for (name, settings), result in zip(cases, found, strict=True):
        try:
            rows = [
                [x.name, x.kind, list(x.output_shape), x.parameters, x.macs]
                for x in count(name, settings)
            ]
            assert result == rows, (name, settings)
        except ShapeError as error:
            refused += 1
            message, fix = result
            assert message == str(error)
            for _ in range(4):  # another setting may be impossible as well
                try:
                    count(name, settings := settings | fix)
                    break
                except ShapeError as next_error:
                    assert str(next_error) != message
                    again = {"catalogue": gallery(), "cases": [(name, settings)]}
                    [[message, fix]] = node("residual_graph.js", PAGE, again)
            else:
                pytest.fail(f"{name} found no way out of {settings}")
    assert 20 < refused < len(cases) - 20


def test_the_page_draws_as_python_does(node):
    choice = random.Random(1)
    cases = [(name, random_settings(choice, valid_for=name)) for name in GALLERY for _ in range(3)]
    drawn = [drawing_of(name, changes(GALLERY[name], settings)) for name, settings in cases]
    data = [[one, s, GALLERY[name].merge] for one, (name, s) in zip(drawn, cases, strict=True)]
    call = "data.map(([d, s, merge]) => [page.blockDrawing(d, s, true), page.inWords(d, s, merge)])"
    found = node("residual_diagram.js", call, data)
    for one, (name, settings), (picture, told) in zip(drawn, cases, found, strict=True):
        assert told == words(one["nodes"], settings, GALLERY[name].merge)
        assert picture == drawing(one["nodes"], one["layout"], settings, fused=True)


@pytest.fixture(scope="module")
def variants():
    """Every block where shapes agree, and where they do not."""
    cases = []
    for name, block in GALLERY.items():
        cases.append((name, USUAL | {"channels": 16, "out_channels": 16, "size": 9}))
        if block.change:
            changed = {"channels": 16, "out_channels": 32, "stride": 2, "size": 9}
            cases.append((name, USUAL | changed))
    return cases


def test_the_code_that_is_shown_runs_and_computes_what_the_packages_block_does(node, variants):
    data = {"catalogue": gallery(), "cases": variants}
    call = "data.cases.map(([name, settings]) => page.pytorch(data.catalogue, name, settings))"
    for (name, settings), program in zip(
        variants, node("residual_code.js", call, data), strict=True
    ):
        scope = {}
        exec(program, scope)
        mine, theirs = scope["block"], build(name, settings)
        randomise(theirs)
        copy_weights(theirs, mine)
        X = torch.randn(2, 16, 9, 9)
        with torch.no_grad():
            expected, found = theirs.eval()(X), mine.eval()(X)
        torch.testing.assert_close(found, expected, msg=lambda m, p=program: f"{p}\n{m}")


def is_norm(module):
    return isinstance(module, nn.BatchNorm2d)


def randomise(block):
    """Batch norm with other statistics than 0 and 1, so that its place shows."""
    torch.manual_seed(0)
    for module in block.modules():
        if is_norm(module):
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                nn.init.uniform_(values, 0.5, 1.5)


def copy_weights(source, target):
    """From one block to another whose layers bear other names, by the kind and order of layers."""
    lanes = []
    for block in (source, target):
        named = [
            (path, module)
            for path, module in block.named_modules()
            if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))
        ]

        def lane(path):
            found = re.search(r"(shortcut|gate|se)(?=[._]|$)", path.removeprefix("layer."))
            return found.group(1) if found else ""

        kinds = {nn.Conv2d: 0, nn.BatchNorm2d: 1}
        lanes.append(sorted(named, key=lambda pair: (lane(pair[0]), kinds[type(pair[1])])))
    for (_, theirs), (_, mine) in zip(*lanes, strict=True):
        mine.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize("name", [n for n, block in GALLERY.items() if block.factor is not None])
def test_the_factor_of_a_shortcut_is_what_remains_of_the_input_without_the_branch(name):
    block = build(name, USUAL)
    for path, module in block.named_modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        assert "shortcut" not in path or not isinstance(module, nn.Conv2d)
    X = torch.rand(2, 64, 14, 14)
    with torch.no_grad():
        output = block.eval()(X)[:, :64]
    torch.testing.assert_close(output, GALLERY[name].factor * X, rtol=1e-4, atol=1e-6)


def test_as_many_batch_norms_stay_as_when_the_packages_block_is_fused(variants):
    for name, settings in variants:
        left = [m for m in fusion.fuse(build(name, settings)).modules() if is_norm(m)]
        stays = drawing_of(name, changes(GALLERY[name], settings))["stays"]
        assert len(stays) == len(left), name


@pytest.mark.parametrize("start", STARTS)
def test_the_curves_are_what_a_measurement_gives(start):
    batch, known = images(), measured()
    for name in random.Random(start).sample(list(GALLERY), 6):
        for depth in (2, 10):
            here = known["depths"].index(depth)
            expected = [known["curves"][name][start][key][here] for key in ("signal", "gradient")]
            assert measure(name, start, depth, batch) == pytest.approx(expected, rel=0.05), name


def test_every_block_was_measured_at_every_start_and_depth():
    for name in GALLERY:
        for start in STARTS:
            for values in measured()["curves"][name][start].values():
                assert len(values) == len(measured()["depths"])


def test_the_page_reads_the_curves_and_the_products(node):
    settings = USUAL | {"depth": 50, "scale": 0.5}
    call = (
        "data.names.map((name) => { const { product, signal, gradient } = "
        "page.curvesOf(data.catalogue, name, data.settings).at; return [product, signal, gradient]; })"
    )
    names = ["half_both", "original", "bn_after_addition"]
    data = {"catalogue": gallery(), "settings": settings, "names": names}
    half, original, no_constant = node("residual_explorer.js", call, data)
    here = measured()["depths"].index(50)
    curve = measured()["curves"]["original"]["batch norm"]
    assert half[0] == pytest.approx(0.5**50)
    assert original == [1, curve["signal"][here], curve["gradient"][here]]
    assert no_constant[0] is None


def test_a_depth_between_those_measured_lies_on_the_line_between_them(node):
    values = node(
        "residual_explorer.js",
        "data.map((n) => page.between([2, 10, 20], [1, 100, 10000], n))",
        [2, 6, 15],
    )
    assert values == pytest.approx([1, 10, 1000])


def test_only_settings_that_a_block_uses_can_make_it_impossible():
    for name, block in GALLERY.items():
        others = {"cardinality", "ratio", "growth_rate"} - set(uses(block))
        check(name, USUAL | dict.fromkeys(others, 0))


def test_an_unknown_block_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no block called 'basic'; there are plain, original"):
        explorers.ResidualExplorer("basic")


def test_the_headline_counts_both_blocks():
    explorer = explorers.ResidualExplorer("bottleneck", None, channels=256, out_channels=256)
    assert explorer.headline() == (
        "Bottleneck: 256 x 56 x 56 to 256 x 56 x 56, 70,400 parameters, 218.4 M MACs"
    )


def test_constant_scaling_shows_its_curves_only_at_the_scale_that_was_measured():
    explorer = explorers.ResidualExplorer("half_both", None)
    assert "Through a stack" in explorer.table()
    explorer.scale = 0.9
    assert "Through a stack" not in explorer.table()
