"""The capstone: what is counted, what is refused, and that the same design gives the same result."""

from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from d2l_ext import capstone
from d2l_ext.grading import fresh, leaderboard
from d2l_ext.grading.show import show

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capstone, "STEPS", 3)


def linear() -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(49, 10))


def too_many_parameters() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 26), nn.Linear(26, 10))


def too_many_macs() -> nn.Module:
    conv = nn.Conv2d(1, 71, kernel_size=3, padding=1)  # 9 * 71 * 784 = 500,976
    return nn.Sequential(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(71, 10))


def test_a_trial_counts_and_trains_and_its_seed_decides() -> None:
    first = capstone.trial(linear)
    assert (first.parameters, first.macs, first.within_budget) == (500, 490, True)
    assert capstone.trial(linear) == first
    assert capstone.trial(linear, seed=1).accuracy != first.accuracy


def test_a_trial_is_of_the_network_as_it_is_built_now() -> None:
    """In a notebook a function stays the same object while what it reads changes."""
    size, scaled = 4, False

    class Net(nn.Sequential):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return super().forward(X) * (10 if scaled else 1)

    def build() -> nn.Module:
        return Net(nn.AvgPool2d(size), nn.Flatten(), nn.Linear((28 // size) ** 2, 10))

    first = capstone.trial(build)
    size = 7
    second = capstone.trial(build)
    assert (first.parameters, second.parameters) == (500, 170)
    scaled = True
    assert capstone.trial(build).accuracy != second.accuracy


@pytest.mark.parametrize("build", [too_many_parameters, too_many_macs])
def test_what_is_beyond_the_budget_is_not_trained(build) -> None:
    found = capstone.trial(build)
    assert not found.within_budget
    assert found.accuracy is None
    facts = capstone.facts(build)
    assert facts["parameters within the budget"] is (build is too_many_macs)
    assert facts["MACs within the budget"] is (build is too_many_parameters)


def test_what_is_no_network_for_the_task_is_refused() -> None:
    with pytest.raises(TypeError, match="returns a Parameter"):
        capstone.trial(lambda: nn.Linear(2, 2).weight)
    with pytest.raises(ValueError, match="10 scores"):
        capstone.trial(lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 5)))


def test_a_network_that_is_kept_between_calls_is_noticed() -> None:
    kept = linear()
    assert capstone.facts(linear)["a new network at each call"] is True
    assert capstone.facts(lambda: kept)["a new network at each call"] is False


def test_an_entry_as_a_check_prints_it_is_what_the_leaderboard_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(capstone.entry, linear, too_many_macs)
    kept, dropped = capsys.readouterr().out.splitlines()
    assert leaderboard.read(kept) == (capstone.trial(linear).accuracy, 500, 490)
    assert leaderboard.read(dropped) is None


def test_the_hidden_check_counts_anew_whatever_an_answer_put_in_place_of_the_facts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = nbformat.read(ROOT / "solutions/10_model_zoo.ipynb", as_version=4)
    check = next(cell.source for cell in notebook.cells if cell.id == "q6-hidden")
    praise = dict.fromkeys(("parameters within the budget", "MACs within the budget"), True)
    monkeypatch.setattr(capstone, "facts", lambda build, seed=0: praise)
    names = {"torch": torch, "nn": nn, "show": show, "fresh": fresh, "capstone": capstone}
    exec(check, {**names, "build": too_many_parameters})
    printed = capsys.readouterr().out
    assert printed.count("'parameters within the budget': False") == 2  # the check has one as well
    assert printed.count("'torch counts': (False, True)") == 2
