"""Grouped convolutions: Python is held to gradients and to the networks, the page to Python."""

import random

import pytest
import torch
from torch import nn

from d2l_ext import explorers
from d2l_ext.counting import ShapeError, summarize
from d2l_ext.explorers import grouping
from d2l_ext.networks.resnext import ResNeXtBlock, equal_cost_width
from d2l_ext.networks.shufflenet import shuffle_permutation


def random_states(count, seed=0):
    """Settings that are possible, of every form."""
    choice = random.Random(seed)
    states = []
    for _ in range(count):
        cardinality = choice.randint(1, 6)
        states.append(
            {
                "in_channels": cardinality * choice.randint(1, 6),
                "out_channels": cardinality * choice.randint(1, 6),
                "cardinality": cardinality,
                "layers": choice.randint(1, 2),
                "shuffle": choice.random() < 0.5,
                "kernel_size": choice.randint(1, 4),
            }
        )
    return states


def reach_of(state):
    return grouping.reach(**{k: v for k, v in state.items() if k != "kernel_size"})


def network(node, state):
    """The code that the page shows, run."""
    code = node("grouped_convolution_explorer.js", "page.torchCode(data)", state)
    return eval(code, {"nn": nn})


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_what_reaches_what_is_what_gradients_reach_and_the_shown_code_costs_as_counted(node):
    for state in random_states(12):
        net = network(node, state)
        for parameter in net.parameters():
            nn.init.constant_(parameter, 1.0)  # so that nothing cancels
        image = (state["in_channels"], 5, 5)
        X = torch.ones(1, *image, requires_grad=True)
        Y = net(X)
        reached = [[] for _ in range(state["in_channels"])]
        for output in range(state["out_channels"]):
            (gradient,) = torch.autograd.grad(Y[0, output].sum(), X, retain_graph=True)
            for channel in gradient[0].flatten(1).abs().sum(1).nonzero().flatten().tolist():
                reached[channel].append(output)
        assert reached == reach_of(state), state
        counted = {k: v for k, v in state.items() if k != "shuffle"}
        assert summarize(net, image).parameters == grouping.weights(**counted)


def test_the_permutation_is_the_networks():
    for channels in range(1, 49):
        for cardinality in range(1, channels + 1):
            if channels % cardinality:
                continue
            moved = grouping.permutation(channels, cardinality)
            expected = shuffle_permutation(channels, cardinality)
            assert moved == expected.tolist()
            inverse = grouping.permutation(channels, channels // cardinality)
            assert torch.argsort(expected).tolist() == inverse


@pytest.mark.parametrize(("channels", "cardinality"), [(1, 1), (12, 3), (24, 8), (52, 4), (240, 3)])
def test_after_its_order_and_not_before_the_shuffle_is_undone(channels, cardinality):
    moved = torch.tensor(grouping.permutation(channels, cardinality))
    places = torch.arange(channels)
    rounds = 0
    while rounds == 0 or not torch.equal(places, torch.arange(channels)):
        places, rounds = places[moved], rounds + 1
    assert grouping.order(moved.tolist()) == rounds


@pytest.mark.parametrize("cardinality", [1, 2, 4, 8, 32, 64, 128])
def test_the_curve_is_that_of_the_networks_and_its_weights_are_the_blocks(cardinality):
    width = int(grouping.equal_cost_width(cardinality) + 0.5)
    assert width == equal_cost_width(cardinality)
    block = ResNeXtBlock(256, 256, cardinality, width)
    weights = sum(m.weight.numel() for m in block.modules() if isinstance(m, nn.Conv2d))
    assert weights == grouping.block_weights(cardinality, width)


PAGE = """data.map((state) => {
  const all = page.columns(state);
  const moved = page.permutation(state.out_channels, state.cardinality);
  return {
    reached: Array.from({ length: state.in_channels }, (_, channel) =>
      [...page.lit(all, channel).at(-1)].sort((a, b) => a - b)),
    count: page.reachCount(state),
    moved,
    order: page.order(moved),
    weights: page.groupedWeights(state),
    width: page.equalCostWidth(state.cardinality),
    block: page.blockWeights(state.cardinality, 3),
  };
})"""


def test_the_page_computes_the_same(node):
    states = random_states(200)
    for state, page in zip(states, node("grouping.js", PAGE, states), strict=True):
        reached = reach_of(state)
        moved = grouping.permutation(state["out_channels"], state["cardinality"])
        assert page["reached"] == reached, state
        assert {len(outputs) for outputs in reached} == {page["count"]}, state
        assert page["moved"] == moved
        assert page["order"] == grouping.order(moved)
        counted = {k: v for k, v in state.items() if k != "shuffle"}
        assert page["weights"] == grouping.weights(**counted)
        assert page["width"] == pytest.approx(grouping.equal_cost_width(state["cardinality"]))
        assert page["block"] == grouping.block_weights(state["cardinality"], 3)


def test_what_is_impossible_is_explained_in_the_same_words_with_a_way_out(node):
    good = {"in_channels": 64, "out_channels": 32, "cardinality": 4, "kernel_size": 1, "layers": 2}
    changes = [
        {"cardinality": 3},
        {"cardinality": 33},
        {"cardinality": 0},
        {"in_channels": 2000},
        {"out_channels": 30},
        {"layers": 3},
        {"kernel_size": 0},
    ]
    cases = [{**good, **change} for change in changes]
    expression = """data.map((state) => {
      try { page.checkGrouping(state); } catch (error) { return [error.message, error.fix]; }
    })"""
    for case, (message, fix) in zip(cases, node("grouping.js", expression, cases), strict=True):
        with pytest.raises(ShapeError) as error:
            grouping.check(**case)
        assert str(error.value) == message
        grouping.check(**{**case, **fix})


def test_the_example_of_the_lecture():
    with pytest.raises(ShapeError) as error:
        explorers.GroupedConvolutionExplorer(64, 64, 3).reached()
    assert str(error.value) == (
        "cardinality = 3 does not divide in_channels = 64 (64 = 3 x 21 + 1). Try 2 or 4."
    )


def test_the_headline_and_the_table_say_what_the_shuffle_changes():
    explorer = explorers.GroupedConvolutionExplorer(channel=5)
    assert "input channel 5 reaches 4 of 12 outputs" in explorer.headline()
    assert "<td" in explorer.table() and "4 to 7" in explorer.table()
    explorer.shuffle = True
    assert "input channel 5 reaches 12 of 12 outputs" in explorer.headline()
    assert "0 4 8 1 5 9" in explorer.table()


def test_a_channel_that_is_not_there_is_explained():
    shown, _ = explorers.GroupedConvolutionExplorer(channel=12)._repr_mimebundle_()
    assert "channel = 12 must lie between 0 and 11. Try 11." in shown["text/plain"]


def test_where_a_guess_is_asked_for_the_headline_does_not_answer_it():
    explorer = explorers.GroupedConvolutionExplorer(shuffle=True, predict=True)
    assert explorer.headline() == (
        "2 grouped convolutions in 3 groups with shuffle: "
        "how many of 12 outputs does each input channel reach?"
    )
