"""Counting ResNet-152 by closed forms, beside running it; medians of one run.

python benchmarks/counting.py
"""

import statistics
import time
from collections.abc import Callable

import torch

from d2l_ext import counting, networks

SHAPE = (3, 224, 224)


def milliseconds(action: Callable[[], object], rounds: int) -> float:
    """Median time of an action, after one round that does not count."""
    action()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def main() -> None:
    net = networks.get_network("resnet152").eval()
    X = torch.randn(1, *SHAPE)

    @torch.no_grad()
    def forward() -> None:
        net(X)

    closed = milliseconds(lambda: counting.summarize(net, SHAPE), rounds=15)
    meta = milliseconds(lambda: counting.measure(net, SHAPE), rounds=5)
    real = milliseconds(forward, rounds=5)
    print(f"closed forms            {closed:8.1f} ms")
    print(f"on the meta device      {meta:8.1f} ms   {meta / closed:5.1f} x")
    print(f"on real tensors, CPU    {real:8.1f} ms   {real / closed:5.1f} x")


if __name__ == "__main__":
    main()
