"""Ways to write a convolution: Python is held to modules that run, the page to Python."""

import json
import random

import pytest
import torch
from torch import nn

from d2l_ext import counting, explorers
from d2l_ext.explorers import timing
from d2l_ext.explorers.convolutions import KINDS, Convolution, cost
from d2l_ext.explorers.cost_explorer import bundled_times


def random_convolutions(count, seed=0):
    choice = random.Random(seed)
    convolutions = []
    for _ in range(count):
        groups = choice.randint(1, 5)
        convolutions.append(
            Convolution(
                in_channels=groups * choice.randint(1, 8),
                out_channels=groups * choice.randint(1, 8),
                size=choice.randint(1, 20),
                kernel_size=choice.choice((1, 3, 5, 7)),
                cardinality=groups,
            )
        )
    return convolutions


def traffic(net, X):
    """Bytes that the layers read and write, as a run passes them."""
    total = 0
    for layer in net:
        Y = layer(X)
        weights = sum(parameter.numel() for parameter in layer.parameters())
        total += 4 * (X.numel() + weights + Y.numel())
        X = Y
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_those_of_modules_that_run_and_of_the_code_that_is_shown(node, kind):
    convolutions = random_convolutions(8)
    states = [convolution.__dict__ for convolution in convolutions]
    codes = node("cost_explorer.js", f"data.map((s) => page.convolutionCode(s, '{kind}'))", states)
    for convolution, code in zip(convolutions, codes, strict=True):
        scope = {"nn": nn}
        exec(code, scope)
        image = (convolution.in_channels, convolution.size, convolution.size)
        counted = cost(convolution, kind)
        for net in (timing.build(convolution, kind), scope["net"]):
            X = torch.zeros(1, *image)
            assert net(X).shape == (1, convolution.out_channels, *image[1:])
            measured = counting.measure(net, image)
            assert counted.parameters == sum(p.numel() for p in net.parameters())
            assert counted.macs == sum(layer.macs for layer in measured)
            assert counted.traffic == traffic(net, X)


def test_the_page_counts_the_same(node):
    convolutions = random_convolutions(100, seed=1)
    states = [convolution.__dict__ for convolution in convolutions]
    expression = """data.map((state) => page.KINDS.map((kind) => {
      const { parameters, macs, traffic } = page.convolutionCost(state, kind);
      return [parameters, macs, traffic];
    }))"""
    for convolution, page in zip(
        convolutions, node("convolutions.js", expression, states), strict=True
    ):
        costs = [cost(convolution, kind) for kind in KINDS]
        assert page == [[c.parameters, c.macs, c.traffic] for c in costs], convolution


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"kernel_size": 4},
            "kernel_size = 4 has no middle, so the map would not keep its size. Try 3 or 5.",
        ),
        (
            {"cardinality": 3},
            "cardinality = 3 does not divide in_channels = 64 (64 = 3 x 21 + 1). Try 2 or 4.",
        ),
        ({"size": 0}, "size = 0 must lie between 1 and 512. Try 1."),
    ],
)
def test_what_is_impossible_is_explained_in_the_same_words_with_a_way_out(node, change, message):
    state = {**Convolution().__dict__, **change}
    with pytest.raises(counting.ShapeError) as error:
        cost(Convolution(**state), "dense")
    expression = """(() => {
      try { page.checkConvolution(data); } catch (error) { return [error.message, error.fix]; }
    })()"""
    said, fix = node("convolutions.js", expression, state)
    assert said == str(error.value) == message
    Convolution(**{**state, **fix}).check()


def test_the_bundled_times_are_of_valid_convolutions_and_name_their_machine():
    bundled = bundled_times()
    assert len(bundled["machine"]) > 5
    for row in bundled["rows"]:
        settings = {name: value for name, value in row.items() if name != "times"}
        Convolution(**settings).check()
        assert list(row["times"]) == list(KINDS)
        assert min(row["times"].values()) > 0


def test_what_is_measured_here_is_shown_with_the_machine():
    explorer = explorers.CostExplorer(8, 8, size=6)
    times = explorer.measure()
    assert list(times) == list(KINDS) and min(times.values()) > 0
    (row,) = explorer.measured["rows"]
    assert (row["in_channels"], row["size"], row["times"]) == (8, 6, times)
    assert "threads" in explorer.measured["machine"]
    json.dumps(explorer.measured)


def test_what_cannot_be_measured_is_explained():
    explorer = explorers.CostExplorer(2048, 2048, size=512)
    assert explorer.measure() == {}
    assert "GiB" in explorer.measured["error"]
    explorer = explorers.CostExplorer(kernel_size=2)
    explorer.measure()
    assert explorer.measured["error"].startswith("kernel_size = 2 has no middle")


def nearest(node, state, measured):
    expression = "page.nearestTimes(data.state, data.measured, data.table)"
    data = {"state": state, "measured": measured, "table": bundled_times()}
    return node("cost_explorer.js", expression, data)


def test_the_page_shows_own_times_where_they_fit_and_else_the_nearest(node):
    state = Convolution().__dict__
    exact = nearest(node, state, {})
    assert exact["exact"] and not exact["own"] and exact["size"] == 56
    other = nearest(node, {**state, "size": 60}, {})
    assert not other["exact"] and other["times"] == exact["times"]
    row = {**state, "size": 60, "times": dict.fromkeys(KINDS, 1.0)}
    own = nearest(node, {**state, "size": 60}, {"machine": "mine", "rows": [row]})
    assert own["exact"] and own["own"] and own["machine"] == "mine"


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (1 / 8, "Count and time agree."),
        (0.5, "7.89 times fewer MACs than dense, 2.00 times as fast. The count promises more"),
        (2.0, "but it takes 2.00 times as long. The count promises more"),
        (0.01, "The count promises less"),
    ],
)
def test_where_count_and_time_disagree_is_said_in_words(node, time, words):
    times = {**Convolution().__dict__, "times": {"dense": 1.0, "separable": time}}
    assert words in node("cost_explorer.js", "page.disagreement('separable', data)", times)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="choose one of dense, factorised"):
        explorers.CostExplorer(kind="sparse")
