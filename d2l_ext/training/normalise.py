"""Standardised images: the first layer of a network that is trained by a recipe."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """Subtract each channel's mean and divide by its standard deviation.

    Its two buffers are not part of a state dict, so a network's weights keep their names.

    Shape: (N, C, H, W) to the same.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, X: Tensor) -> Tensor:
        """Images with mean 0 and standard deviation 1 over the training set."""
        return (X - self.mean) / self.std
