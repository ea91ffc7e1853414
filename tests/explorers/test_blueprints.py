"""Blueprints are held to the networks that they were drawn from."""

import json
import random
import re
from dataclasses import asdict

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.explorers import blueprints, width_rules
from d2l_ext.explorers.catalogue import PATH, catalogue
from d2l_ext.explorers.expansion import count
from d2l_ext.explorers.settings import LIMITS, STEMS, Settings
from d2l_ext.networks import resnet, resnext, senet
from d2l_ext.scaling import scaled


def test_every_listed_network_has_a_blueprint():
    assert list(catalogue()["networks"]) == networks.list_networks(), (
        "draw them anew: python -m d2l_ext.explorers.blueprints"
    )


def random_settings(blueprint, choice):
    """Settings of any size, except where the blueprint is fixed."""
    fixed, size = blueprint.get("fixed", ()), blueprint["own"]["input_size"]
    return Settings(
        height=size if "input_size" in fixed else choice.randint(32, 130),
        width=size if "input_size" in fixed else choice.randint(32, 130),
        in_channels=choice.randint(1, 5),
        num_classes=choice.randint(1, 50),
        width_mult=1 if "width_mult" in fixed else choice.randint(2, 220) / 100,
    )


@pytest.mark.parametrize("name", networks.list_networks())
def test_a_blueprint_counts_as_its_network_does_at_settings_it_was_not_drawn_at(name):
    settings = random_settings(catalogue()["networks"][name], random.Random(name))
    with torch.device("meta"):
        net = networks.get_network(
            name,
            in_channels=settings.in_channels,
            num_classes=settings.num_classes,
            width_mult=settings.width_mult,
        )
    expected = counting.summarize(net, settings.input_shape).layers
    drawn = catalogue()
    assert count(drawn["networks"][name], drawn["blocks"], settings) == list(expected), (
        "draw it anew: python -m d2l_ext.explorers.blueprints"
    )


@pytest.mark.parametrize("name", ["resnet50", "cifar_resnet20_b"])
def test_the_shapes_and_costs_are_those_of_a_run(name):
    drawn, settings = catalogue(), Settings(75, 62, 2, 11, 0.3)
    layers = count(drawn["networks"][name], drawn["blocks"], settings)
    net = networks.get_network(name, in_channels=2, num_classes=11, width_mult=0.3)
    mine = {layer.name: (layer.output_shape, layer.parameters, layer.macs) for layer in layers}
    rows = counting.measure(net, settings.input_shape)
    assert {row.name: (row.output_shape, row.parameters, row.macs) for row in rows}.items() <= (
        mine.items()
    )


@pytest.mark.slow
def test_drawing_anew_changes_nothing():
    assert PATH.read_text() == blueprints.document()


def fitted(values, known=()):
    settings = [Settings(1, 1, 1, 10, width) for width in blueprints.WIDTHS]
    return width_rules.rule(values, settings, list(known), {})


def test_a_width_that_no_rule_gives_is_told_apart():
    assert fitted([64, 24, 123, 9, 48, 80, 56]) is None


def test_factors_are_told_from_rounding():
    # Four times the scaled 64, not the scaled 256: 4 x 24 = 96 at width 0.37, where 256 gives 95.
    assert fitted([4 * scaled(64, width) for width in blueprints.WIDTHS]) == [4, 64]


def test_half_of_what_came_before_is_told_from_a_width_of_its_own():
    before = [["sum", [1, 64], [6, 32]]]
    values = [(scaled(64, w) + 6 * scaled(32, w)) // 2 for w in blueprints.WIDTHS]
    assert fitted(values, before) == ["half", before[0]]


def counted(name, **settings):
    drawn = catalogue()
    chosen = Settings(**{"height": 71, "width": 64, "in_channels": 3, "num_classes": 10} | settings)
    return count(drawn["networks"][name], drawn["blocks"], chosen)


def traced(net, size=(71, 64)):
    return list(counting.summarize(net, (3, *size)).layers)


@pytest.mark.parametrize("seed", range(20))
def test_other_paths_and_depths_count_as_a_network_that_is_built_so(seed):
    choice = random.Random(seed)
    settings = {
        "cardinality": choice.randint(1, 40),
        "group_width": choice.randint(1, 9),
        "depths": tuple(choice.randint(1, 5) for _ in range(4)),
        "width_mult": choice.randint(10, 200) / 100,
    }
    with torch.device("meta"):
        net = resnext.ResNeXt(num_classes=10, **settings)
    assert counted("resnext50_32x4d", **settings) == traced(net)


@pytest.mark.parametrize("ratio", [1, 4, 5, 32])
def test_another_se_ratio_counts_as_a_block_of_that_ratio(ratio):
    block = type("Block", (senet.SEBottleneck,), {"ratio": ratio})
    with torch.device("meta"):
        net = resnet.ResNet(block, (2, 3, 1, 2), num_classes=10)
    drawn = counted("seresnet50", ratio=ratio, depths=(2, 3, 1, 2))
    assert [layer.parameters for layer in drawn] == [layer.parameters for layer in traced(net)]


def conv(channels, out, side, stride=1):
    return nn.Conv2d(channels, out, side, stride=stride, padding=side // 2, bias=False)


POOL = nn.MaxPool2d(3, stride=2, padding=1)
DEEP = (
    *(conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU()),
    *(conv(32, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), conv(32, 64, 3)),
)


@pytest.mark.parametrize(
    ("name", "kind", "first", "pool"),
    [
        ("resnet18", "3x3", (conv(3, 64, 3),), nn.Identity()),
        ("resnet18", "deep", DEEP, POOL),
        ("cifar_resnet20_b", "7x7", (conv(3, 16, 7, 2),), POOL),
    ],
)
def test_another_stem_counts_as_a_network_that_begins_so(name, kind, first, pool):
    net = networks.get_network(name, num_classes=10)
    net.conv1 = nn.Sequential(*first)
    if hasattr(net, "maxpool"):
        net.maxpool = pool
    else:
        net.layer1 = nn.Sequential(pool, net.layer1)

    def costs(layers):
        numbers = [(one.output_shape, one.parameters, one.macs) for one in layers]
        moving = [one.kind not in ("identity", "dropout") for one in layers]
        return [one for one, counts in zip(numbers, moving, strict=True) if counts]

    assert costs(counted(name, stem=kind)) == costs(traced(net))


def test_published_stems_are_among_those_that_can_be_chosen():
    assert counted("resnet50", stem="7x7") == counted("resnet50")
    assert set(STEMS) == {"7x7", "3x3", "deep"}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"fixed": ["width_mult"]}, "Net can be counted at width_mult = 1 only. Try 1."),
        ({"fixed": ["input_size"]}, "Net can be counted at input_size = 32 only. Try 32."),
    ],
)
def test_a_setting_that_is_fixed_is_not_silently_ignored(node, network, message):
    network = {"title": "Net", "own": {"input_size": 32}, "parts": [], **network}
    settings = Settings(32, 48, 3, 10, 0.5)
    with pytest.raises(counting.ShapeError, match=re.escape(message)):
        count(network, {}, settings)
    data = {"networks": {"net": network}, "blocks": {}, "limits": LIMITS}
    call = f"page.count(data, 'net', {json.dumps(asdict(settings))})"
    said = f"(() => {{ try {{ {call} }} catch (error) {{ return error.message }} }})()"
    assert node("blueprint.js", said, data) == message


def test_an_own_network_keeps_what_it_was_built_for():
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 24 * 24, 10))
    blueprint = blueprints.draw_own(net, "net", (1, 28, 28))
    with pytest.raises(counting.ShapeError, match="expects 3456 features, got 3750"):
        count(blueprint, {}, Settings(29, 29, 1, 10))


def test_a_layer_without_closed_form_fixes_the_image():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.PixelShuffle(2))
    assert blueprints.draw_own(net, "net", (1, 8, 8))["controls"] == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("resnet18", "ResNet-18"),
        ("resnet50_stride1x1", "ResNet-50 (stride1x1)"),
        ("cifar_resnet20_b", "CIFAR ResNet-20 (b)"),
        ("resnetv2_18", "ResNet-v2 (18)"),
        ("book_resnet18", "The book's ResNet-18"),
    ],
)
def test_titles_are_spelled_as_people_write_them(name, title):
    assert catalogue()["networks"][name]["title"] == title
