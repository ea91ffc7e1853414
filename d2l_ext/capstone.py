"""The capstone of chapter 10: design a network under a budget; it is trained in seconds, always in one way.

Everything but the network is fixed: the images and their order, the steps, the optimiser. So two
accuracies of one seed differ because of the networks, and because of chance, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext import counting, data
from d2l_ext.training.schedules import triangular

INPUT = (1, 28, 28)
CLASSES = 10
PARAMETERS = 20_000  # the budget
MACS = 500_000  # the budget, for one image
STEPS, BATCH, LEARNING_RATE = 200, 64, 0.2
TRAIN_IMAGES, TEST_IMAGES = 10_000, 5_000
# A network that learns at all reaches the first, a linear one misses the second.
LEVELS = (0.6, 0.82)


@dataclass(frozen=True)
class Trial:
    """What came of one network.

    Attributes:
        parameters: Learned numbers.
        macs: Multiply-accumulates for one image.
        accuracy: On the test images, from 0 to 1; None where the budget forbade the training.
    """

    parameters: int
    macs: int
    accuracy: float | None

    @property
    def within_budget(self) -> bool:
        """Whether it costs at most what it may."""
        return self.parameters <= PARAMETERS and self.macs <= MACS


def trial(build: Callable[[], nn.Module], seed: int = 0) -> Trial:
    """Build a network, count it and, if it is within the budget, train and test it.

    Args:
        build: Called without arguments; returns a module from (N, 1, 28, 28) to (N, 10).
        seed: Fixes the first weights and the order of the images.

    Raises:
        TypeError: What `build` returns is not a module.
        ValueError: The network gives something else than ten scores, or cannot be counted.

    Example:
        >>> trial(lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10))).parameters
        7850
    """
    torch.manual_seed(seed)
    net = build()
    if not isinstance(net, nn.Module):
        raise TypeError(f"build() returns a {type(net).__name__}; a torch.nn.Module is asked for")
    summary = counting.summarize(net, INPUT)
    if summary.output_shape != (CLASSES,):
        raise ValueError(
            f"the network gives {summary.output_shape}; {CLASSES} scores are asked for"
        )
    counted = Trial(summary.parameters, summary.macs, None)
    if not counted.within_budget:
        return counted
    return Trial(summary.parameters, summary.macs, train(net, seed))


def train(net: nn.Module, seed: int = 0) -> float:
    """Train a network in place, as every network of the capstone is trained, and test it.

    Stochastic gradient descent on the first 10,000 training images of Fashion-MNIST, 200 steps of 64,
    the learning rate up and down along a triangle.

    Args:
        net: Images (N, 1, 28, 28), normalised, to scores (N, 10).
        seed: Fixes the order of the images.

    Returns:
        The share of the first 5,000 test images that it classifies correctly.
    """
    X, y, X_test, y_test = _images()
    optimiser = torch.optim.SGD(
        net.parameters(), LEARNING_RATE, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    order = torch.Generator().manual_seed(seed)
    net.train()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * triangular(step / STEPS)
        chosen = torch.randint(len(y), (BATCH,), generator=order)
        loss = F.cross_entropy(net(X[chosen]), y[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.eval()
    with torch.no_grad():
        right = sum(
            int((net(images).argmax(dim=1) == labels).sum())
            for images, labels in zip(X_test.split(500), y_test.split(500), strict=True)
        )
    return right / len(y_test)


def facts(build: Callable[[], nn.Module], seed: int = 0) -> dict[str, Any]:
    """What a check prints of a design: facts that are the same on every machine.

    Args:
        build: As for `trial`.
        seed: As for `trial`.

    Returns:
        Whether each budget is kept, whether each call of `build` makes a new network, and whether
        the accuracy reaches each of `LEVELS` (None without a training).
    """
    found = trial(build, seed)
    accuracy = found.accuracy
    return {
        "parameters within the budget": found.parameters <= PARAMETERS,
        "MACs within the budget": found.macs <= MACS,
        "a new network at each call": not _shared(build(), build()),
        **{
            f"reaches {level:.0%}": None if accuracy is None else accuracy >= level
            for level in LEVELS
        },
    }


def entry(build: Callable[[], nn.Module], seed: int = 0) -> dict[str, float | None]:
    """What a design brings to the leaderboard: its accuracy and its costs, all as floats.

    Args:
        build: As for `trial`.
        seed: As for `trial`.

    Returns:
        'accuracy', None for a network beyond the budget, 'parameters' and 'macs'.
    """
    found = trial(build, seed)
    return {
        "accuracy": found.accuracy,
        "parameters": float(found.parameters),
        "macs": float(found.macs),
    }


def _shared(a: nn.Module, b: nn.Module) -> bool:
    """Whether two networks have a weight in common."""
    places = {parameter.data_ptr() for parameter in a.parameters()}
    return any(parameter.data_ptr() in places for parameter in b.parameters())


@cache
def _images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, then those of the test, normalised as every network gets them."""
    source = data.FashionMNIST(train_size=TRAIN_IMAGES, val_size=TEST_IMAGES)

    def prepared(images: Tensor) -> Tensor:
        X = images.reshape(-1, *INPUT).float() / 255
        return (X - source.mean[0]) / source.std[0]

    return (
        prepared(source.train.images),
        source.train.labels.long(),
        prepared(source.val.images),
        source.val.labels.long(),
    )
