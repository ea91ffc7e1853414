"""Several processes, started by torchrun, train one model: each takes its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn

from d2l_ext.training.board import Board


def join(gpu: bool) -> tuple[int, int]:
    """Join the processes that torchrun started.

    Args:
        gpu: Whether each process trains on a GPU of its own.

    Returns:
        The number of this process and how many there are; (0, 1) without torchrun.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1 or "RANK" not in os.environ:
        return 0, 1
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if gpu else "gloo")
    return distributed.get_rank(), processes


def same_random_numbers(device: torch.device) -> None:
    """Give all processes the random numbers of the first, so that they draw the same batches."""
    state = torch.get_rng_state().to(device)
    distributed.broadcast(state, src=0)
    torch.set_rng_state(state.cpu())


def share(batch: Sequence[Tensor], rank: int, processes: int) -> tuple[list[Tensor], float]:
    """This process's part of a batch, and its weight in the average over processes.

    The gradients are averaged over processes; each image counts once when a process that has n of
    N images weighs its loss by n * processes / N. A process that gets none computes with one image
    of another, weight 0.
    """
    images = len(batch[-1])
    mine = len(range(rank, images, processes))
    part = slice(rank, None, processes) if mine else slice(0, 1)
    return [tensor[part] for tensor in batch], mine * processes / images


def combine(board: Board) -> None:
    """Put the averages over all processes' images in the place of what this one has recorded."""
    if not board.waiting:
        return
    device = next((v.device for _, _, v, _ in board.waiting if isinstance(v, Tensor)), None)
    values = [
        torch.as_tensor(v, dtype=torch.float64, device=device) for _, _, v, _ in board.waiting
    ]
    images = torch.tensor([n for *_, n in board.waiting], dtype=torch.float64, device=device)
    sums = torch.stack([torch.stack(values) * images, images])
    distributed.all_reduce(sums)
    board.waiting = [
        (key, time, total / count, int(count))
        for (key, time, _, _), total, count in zip(
            board.waiting, sums[0].unbind(), sums[1].tolist(), strict=True
        )
    ]


class Step(nn.Module):
    """A model's training step as a forward pass, which `DistributedDataParallel` can wrap."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: list[Tensor]) -> Tensor:
        """The loss of a batch."""
        return self.model.training_step(batch)  # type: ignore[operator]
