"""Augmentation of a whole batch at once, on whatever device the batch is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

# Of a rectangle that is erased: its area as a fraction of the image, and its height over its width.
ERASED_AREA = (0.02, 0.4)
ERASED_ASPECT = (0.3, 1 / 0.3)


@dataclass(frozen=True)
class Augment:
    """Shift, mirror and erase each image of a batch at random.

    The random numbers come from torch's generator on the CPU, so `torch.manual_seed` fixes them and
    a GPU makes the same images as the CPU does. Only they travel to the device, never images, and
    nobody waits for them.

    Args:
        pad: Shift by up to so many pixels in each direction, black coming in at the border: the
            random crop of the ResNet paper (section 4.2, with 4).
        flip: Mirror every second image, on average, left to right.
        erase: Probability of covering a random rectangle with one random colour (Zhong et al.,
            Random Erasing Data Augmentation, 2020, with 0.5; areas and aspects are theirs).

    Raises:
        ValueError: `pad` is negative, or `erase` is not a probability.

    Example:
        >>> Augment(pad=4)(torch.rand(8, 3, 32, 32)).shape
        torch.Size([8, 3, 32, 32])
    """

    pad: int = 2
    flip: bool = True
    erase: float = 0

    def __post_init__(self) -> None:
        if self.pad < 0:
            raise ValueError(f"pad = {self.pad} must be at least 0 pixels")
        if not 0 <= self.erase <= 1:
            raise ValueError(f"erase = {self.erase} is a probability, from 0 to 1")

    def __call__(self, X: Tensor) -> Tensor:
        """New images of the shape and type of X, (N, C, H, W): floats from 0 to 1, or uint8."""
        if self.pad:
            X = _shift(X, self.pad)
        if self.flip:
            X = _mirror(X)
        if self.erase:
            X = _erase(X, self.erase)
        return X


def _shift(X: Tensor, pad: int) -> Tensor:
    """Cut each image out of its padded self, at its own place."""
    N, _, H, W = X.shape
    windows = F.pad(X, (pad,) * 4).unfold(2, H, 1).unfold(3, W, 1)  # a view: (N, C, up, left, H, W)
    up, left = torch.randint(2 * pad + 1, (2, N)).to(X.device, non_blocking=True)
    return windows[torch.arange(N, device=X.device), :, up, left]


def _mirror(X: Tensor) -> Tensor:
    """Mirror about half of the images."""
    mirrored = torch.rand(len(X), 1, 1, 1) < 0.5
    return torch.where(mirrored.to(X.device, non_blocking=True), X.flip(-1), X)


def _erase(X: Tensor, probability: float) -> Tensor:
    """Cover a rectangle of some of the images; what would not fit is cut to the image's size."""
    N, C, H, W = X.shape
    chance, area, aspect, top, left = torch.rand(5, N)
    area = ERASED_AREA[0] + area * (ERASED_AREA[1] - ERASED_AREA[0])
    low, high = map(math.log, ERASED_ASPECT)
    aspect = torch.exp(low + aspect * (high - low))
    height = (H * W * area * aspect).sqrt().round().clamp(1, H) * (chance < probability)
    width = (H * W * area / aspect).sqrt().round().clamp(1, W)
    rows = _interval(top, height, H).to(X.device, non_blocking=True)
    columns = _interval(left, width, W).to(X.device, non_blocking=True)
    colour = torch.rand(N, C, 1, 1) * (1 if X.is_floating_point() else 255)
    colour = colour.to(X.device, X.dtype, non_blocking=True)
    covered = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(covered, colour, X)


def _interval(place: Tensor, length: Tensor, size: int) -> Tensor:
    """(N, size), true where an interval lies: `place` from 0 to 1 of where it can begin."""
    start = (place * (size - length + 1)).floor()[:, None]
    pixels = torch.arange(size)
    return (pixels >= start) & (pixels < start + length[:, None])
