"""What is done to a model before it trains, and to torch while it does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy


def materialise(model: nn.Module, batch: Callable[[], list[Tensor]]) -> None:
    """Give lazy layers their shapes by showing the model a batch; draws no random numbers else."""
    if not any(is_lazy(tensor) for tensor in [*model.parameters(), *model.buffers()]):
        return
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model.eval()(*batch()[:-1])


def as_float32(module: nn.Module, inputs: object, output: Any) -> Any:
    """A forward hook: losses and accuracies are computed from scores in float32."""
    return output.float() if isinstance(output, Tensor) and output.is_floating_point() else output


@contextmanager
def deterministic_algorithms(wanted: bool) -> Iterator[None]:
    """The same bits in each run, for as long as this lasts, if wanted.

    Raises:
        RuntimeError: By torch, where an operation has no such algorithm; it names the operation.
    """
    if not wanted:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]
