"""Fit the small networks of the function class explorer: python -m d2l_ext.explorers.function_networks

One hidden layer of ReLUs, fitted to each truth by Adam from eight random starts. Writes
`function_networks.json`: the weights of the best, and how far each of the eight came. Needs torch,
unlike the explorer that shows them.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from d2l_ext.explorers.function_classes import NETWORKS, SIZES, TRUTHS, grid, truth
from d2l_ext.training.hardware import hardware

RUNS = 8
STEPS = 4000


def distances(x: Tensor, y: Tensor, weights: list[Tensor]) -> Tensor:
    """How far each run is from the truth: the root of the mean square, of shape (runs,).

    Args:
        x: Points, of shape (points,).
        y: The truth there.
        weights: Into the hidden layer, its biases, and out of it, each of shape (runs, width, 1)
            or its transpose; and the offset, of shape (runs, 1, 1).
    """
    into, biases, out, offset = weights
    hidden = torch.relu(into * x + biases)
    return ((out @ hidden + offset).squeeze(1) - y).square().mean(dim=1).sqrt()


def start(width: int) -> list[Tensor]:
    """Random weights of all runs, with the kinks of the ReLUs spread over [0, 1]."""
    into = torch.randn(RUNS, width, 1, dtype=torch.float64) * 3
    biases = -into * torch.rand(RUNS, width, 1, dtype=torch.float64)
    out = torch.randn(RUNS, 1, width, dtype=torch.float64) / width**0.5
    weights = [into, biases, out, torch.zeros(RUNS, 1, 1, dtype=torch.float64)]
    return [weight.requires_grad_() for weight in weights]


def fit(width: int, name: str, steps: int = STEPS) -> dict[str, Any]:
    """The best of all runs, and how far each came.

    Args:
        width: ReLUs of the hidden layer.
        name: One of `TRUTHS`.
        steps: Of Adam, its learning rate falling to zero.
    """
    x = torch.from_numpy(grid())
    y = torch.from_numpy(truth(name, grid()))
    torch.manual_seed(0)
    weights = start(width)
    optimiser = torch.optim.Adam(weights, lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        distances(x, y, weights).square().sum().backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        reached = distances(x, y, weights)
    winner = int(reached.argmin())
    into, biases, out, offset = (weight[winner].flatten().tolist() for weight in weights)
    return {
        "weights": rounded(into),
        "biases": rounded(biases),
        "outputs": rounded(out),
        "offset": rounded(offset)[0],
        "runs": [round(value, 4) for value in reached.tolist()],
    }


def rounded(values: list[float]) -> list[float]:
    """Six decimals are far more than a drawing shows."""
    return [round(value, 6) for value in values]


def main() -> None:
    """Fit all, and write the results with how they came about."""
    torch.set_num_threads(1)
    pairs = [(name, width) for name in TRUTHS for width in SIZES["networks"]["nested"]]
    fits: dict[str, dict[str, Any]] = {name: {} for name in TRUTHS}
    for name, width in tqdm(pairs):
        fits[name][str(width)] = fit(width, name)
    document = {
        "command": "python -m d2l_ext.explorers.function_networks",
        "machine": hardware(torch.device("cpu"), "float64"),
        "setup": f"best of {RUNS} random starts, {STEPS} steps of Adam each",
        "fits": fits,
    }
    NETWORKS.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
