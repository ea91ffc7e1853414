"""Refuse images that are too small for a network, in words."""

import torch.fx
from torch import Tensor


@torch.fx.wrap  # one call in a traced graph: what it decides depends on the image, not the network
def at_least(X: Tensor, smallest: int) -> Tensor:
    """`X` itself, if its height and width are at least `smallest`.

    Shape: (N, C, H, W) to the same.

    Raises:
        ValueError: The images are smaller; the message says what size would do.
    """
    height, width = X.shape[-2:]
    if height < smallest or width < smallest:
        raise ValueError(
            f"images of {height} x {width} are too small: nothing would be left of the map after "
            f"the last pooling; height and width must be at least {smallest}, so resize to "
            f"{max(height, smallest)} x {max(width, smallest)}"
        )
    return X
