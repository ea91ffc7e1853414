"""Times of things that take turns in one run, as ratios, with the machine that they were taken on."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import torch

RESULTS = Path(__file__).parent / "results"
Action = Callable[[], object]


class Ratio(NamedTuple):
    """The median of several ratios, and their quartiles: a difference within these is none."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ratios: list[float]) -> Self:
        low, median, high = (round(value, 3) for value in statistics.quantiles(ratios, n=4))
        return cls(median, low, high)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def processor() -> str:
    """The processor's name, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def machine(device: str = "cpu") -> dict[str, object]:
    """What the times depend on; `load` above `cores` says that others were running too."""
    return {
        "device": processor() if device == "cpu" else torch.cuda.get_device_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def seconds(action: Action, repeats: int, device: str) -> float:
    """The time of one of several repeats, the accelerator's work included."""
    started = time.perf_counter()
    for _ in range(repeats):
        action()
    if device != "cpu":
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / repeats


def ratios(
    actions: dict[str, Action], rounds: int, device: str = "cpu", least: float = 0.01
) -> dict[str, Ratio]:
    """How many times as fast as the first action each one is, over the rounds.

    Within a round the actions follow each other, so that what else the machine does strikes all of
    them; every second round goes backwards. A round that does not count comes first.

    Args:
        actions: What is timed; the first is the one that the others are held to.
        rounds: How many rounds count.
        device: "cpu" or "cuda".
        least: Seconds that a measurement should last; what is shorter is repeated.
    """
    repeats = {}
    for name, action in actions.items():
        seconds(action, 1, device)
        repeats[name] = max(1, int(least / seconds(action, 1, device)))
    times: dict[str, list[float]] = {name: [] for name in actions}
    for i in range(rounds):
        for name in list(actions)[:: 1 if i % 2 else -1]:
            times[name].append(seconds(actions[name], repeats[name], device))
    first = times[next(iter(actions))]
    return {
        name: Ratio.of([base / mine for base, mine in zip(first, own, strict=True)])
        for name, own in times.items()
    }


def write(name: str, document: dict[str, object]) -> None:
    """Keep the results where the chapters find them."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"written to results/{path.name}")
