"""How long each model of the zoo takes for one image on this machine. Needs torch."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from d2l_ext import zoo
from d2l_ext.explorers.timing import machine


@torch.inference_mode()
def measure(names: Sequence[str], rounds: int = 15, seconds: float = 10.0) -> dict[str, Any]:
    """The median time for one image, batch 1, float32, on the CPU, as multiples of the fastest.

    The models take turns, each second round backwards, so that what else the machine does falls on
    all of them.

    Args:
        names: Models of the zoo.
        rounds: Turns of each.
        seconds: No turn begins after so long.

    Returns:
        'machine', in words; 'rounds', as many as there were; 'ratios' by name, the fastest 1.

    Raises:
        ZooError: There is no such model, or its weights are missing or damaged.
    """
    nets = {name: zoo.load(name) for name in names}
    images = {name: torch.rand(1, *zoo.card(name).input_size) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    began = time.perf_counter()
    turn = 0
    while turn <= rounds and (turn < 4 or time.perf_counter() - began < seconds):
        for name in list(names)[:: 1 if turn % 2 else -1]:
            started = time.perf_counter()
            nets[name](images[name])
            if turn:  # the first round warms up
                times[name].append(time.perf_counter() - started)
        turn += 1
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    fastest = min(medians.values(), default=1.0)
    return {
        "machine": machine(),
        "rounds": turn - 1,
        "ratios": {name: round(median / fastest, 3) for name, median in medians.items()},
    }
