"""Blueprints are held to the networks that they were drawn from."""

import random
import re

import pytest
import torch
from torch import nn

from d2l_ext import counting, networks
from d2l_ext.explorers import blueprints
from d2l_ext.explorers.catalogue import PATH, catalogue
from d2l_ext.explorers.expansion import count, scaled
from d2l_ext.explorers.settings import LIMITS, Settings


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


def test_a_width_that_no_rule_gives_is_told_apart():
    assert blueprints.left_open([64, 24, 123, 9, 48, 80, 56, 64], classes=10) is None


def test_factors_are_told_from_rounding():
    # Four times the scaled 64, not the scaled 256: 4 x 24 = 96 at width 0.37, where 256 gives 95.
    values = [4 * scaled(64, width) for width in blueprints.WIDTHS]
    assert blueprints.left_open([*values, 256], classes=10) == [4, 64]


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
    call = f"page.count(data, 'net', {settings.__dict__})"
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
