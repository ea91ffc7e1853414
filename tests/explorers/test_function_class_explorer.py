"""Classes of functions: the page is held to Python, and Python to closed forms and to chapter 1."""

import itertools
import math
import random

import numpy as np
import pytest

from d2l_ext import explorers
from d2l_ext.counting import ShapeError
from d2l_ext.explorers import function_classes as classes
from d2l_ext.explorers import function_networks

ALL = [
    (functions, size, truth)
    for functions, kinds in classes.SIZES.items()
    for size in sorted({size for chain in kinds.values() for size in chain})
    for truth in classes.TRUTHS
]


def page_data():
    return explorers.FunctionClassExplorer().catalogue


def test_the_page_finds_the_same_best_members(node):
    call = (
        "data.all.map(([f, size, truth]) => { const { values, distance } = "
        "page.bestMember(data.catalogue, f, size, truth); return [distance, values[100], values[500]]; })"
    )
    found = node("function_classes.js", call, {"catalogue": page_data(), "all": ALL})
    for (functions, size, truth), (distance, *values) in zip(ALL, found, strict=True):
        best = classes.best(functions, size, truth)
        assert distance == pytest.approx(classes.distance(functions, size, truth), abs=1e-9)
        assert values == pytest.approx([best[100], best[500]], abs=1e-8), (functions, size, truth)


def test_the_page_finds_the_same_nearest_points(node):
    choice = random.Random(0)
    regions = [region for chain in classes.REGIONS.values() for region in chain]
    cases = [
        (region, (choice.uniform(-3, 4), choice.uniform(-3, 3)))
        for region in regions
        for _ in range(20)
    ]
    call = "data.map(([region, target]) => page.nearestPoint(region, target))"
    found = node("function_classes.js", call, cases)
    for (region, target), point in zip(cases, found, strict=True):
        assert point == pytest.approx(classes.nearest(region, target), abs=1e-9)


def exact_steps(k):
    """Distance of the best steps from the jump, by Pythagoras as in chapter 1."""
    edges = np.linspace(0, 1, k + 1)
    area = edges**2 / 2 + np.maximum(edges - 1 / 3, 0)
    return math.sqrt(17 / 9 - np.mean((np.diff(area) * k) ** 2))


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 7, 8, 16])
def test_steps_come_as_near_as_the_closed_form_says(k):
    assert classes.distance("steps", k, "jump") == pytest.approx(exact_steps(k), abs=2e-3)


def test_the_cartoon_is_that_of_chapter_1():
    explorer = explorers.FunctionClassExplorer()
    assert [round(distance, 1) for *_, distance in explorer.members()] == [3.2, 1.8, 0.7, 1.4, 2.1]
    explorer.classes = "nested"
    assert [round(distance, 1) for *_, distance in explorer.members()] == [2.4, 2.1, 1.8, 1.5, 1.2]


def test_each_nested_region_contains_the_one_before():
    for inner, outer in itertools.pairwise(classes.REGIONS["nested"]):
        size, turn, (x, y) = inner
        for i in range(90):
            angle = 2 * math.pi * i / 90
            r = classes.radius(size, turn, angle)
            point = x + r * math.cos(angle), y + r * math.sin(angle)
            assert classes.nearest(outer, point) == point


def test_the_area_of_a_region_is_that_of_its_polygon():
    size, turn, _ = classes.REGIONS["non-nested"][4]
    angles = 2 * math.pi * np.arange(20_000) / 20_000
    r = np.array([classes.radius(size, turn, angle) for angle in angles])
    assert classes.area(size) == pytest.approx(np.mean(r**2) * math.pi, rel=1e-6)


@pytest.mark.parametrize("functions", ["polynomials", "steps", "splines"])
def test_nested_classes_contain_the_members_of_the_smaller_ones(functions):
    chain, x = classes.SIZES[functions]["nested"], classes.grid()
    for small, large in itertools.pairwise(chain):
        member = classes.basis(functions, small, x) @ np.random.default_rng(0).normal(
            size=classes.parameters(functions, small)
        )
        columns = classes.basis(functions, large, x)
        fitted = columns @ np.linalg.lstsq(columns, member, rcond=None)[0]
        np.testing.assert_allclose(fitted, member, atol=1e-9)


def test_the_page_marks_the_classes_that_are_further_away_than_a_smaller_one(node):
    state = {"functions": "steps", "classes": "non-nested", "truth": "jump", "target": [0, 0]}
    call = "data.map(([c, s]) => page.setbacks(page.members(c, s)).map((one) => one.label))"
    [found] = node("function_class_explorer.js", call, [[page_data(), state]])
    exact = [exact_steps(k) for k in range(1, 9)]
    assert found == [f"{k} pieces" for k in range(2, 9) if exact[k - 1] > exact[k - 2]] != []


def test_what_a_network_reached_is_what_its_weights_give():
    for truth, widths in classes.networks()["fits"].items():
        for width, fit in widths.items():
            distance = classes.distance("networks", int(width), truth)
            assert distance == pytest.approx(min(fit["runs"]), abs=2e-4)


def test_fitting_a_network_again_comes_as_far():
    again = function_networks.fit(1, "sine", steps=1000)
    known = classes.networks()["fits"]["sine"]["1"]
    assert min(again["runs"]) == pytest.approx(min(known["runs"]), rel=0.01)


@pytest.mark.slow
def test_fitting_a_wide_network_again_comes_about_as_far():
    again = function_networks.fit(4, "peak")
    known = classes.networks()["fits"]["peak"]["4"]
    assert min(again["runs"]) == pytest.approx(min(known["runs"]), rel=0.2)


@pytest.mark.parametrize("functions", ["polynomials", "networks"])
def test_classes_that_are_always_nested_are_not_shown_as_anything_else(node, functions):
    with pytest.raises(ShapeError, match="so these classes are nested") as refused:
        classes.sizes(functions, "non-nested")
    call = (
        "(() => { try { page.sizesOf(data[0], data[1], 'non-nested'); } "
        "catch (error) { return [error.message, error.fix]; } })()"
    )
    said, fix = node("function_classes.js", call, [page_data(), functions])
    assert said == str(refused.value)
    assert classes.sizes(functions, fix["classes"])


def test_a_target_inside_a_class_is_reached():
    explorer = explorers.FunctionClassExplorer("nested", target=(0.2, 0.1))
    assert [distance for *_, distance in explorer.members()] == [0] * 5


def test_an_unknown_choice_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="classes = 'both' is none of nested, non-nested"):
        explorers.FunctionClassExplorer("both")


def test_where_a_guess_is_asked_for_the_headline_does_not_answer_it():
    near, far = (
        explorers.FunctionClassExplorer("nested", target=target, predict=True)
        for target in ((0.2, 0.1), (4, 3))
    )
    assert near.headline() == far.headline() == "Cartoon, nested: which class comes nearest?"
