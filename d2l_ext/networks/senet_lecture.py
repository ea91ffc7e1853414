"""The lecture's own weighting of channels: an inner product with the whole map, then a softmax."""

import torch
from torch import Tensor, nn

from d2l_ext.networks.checks import check_at_least


class InnerProductExcitation(nn.Module):
    """One learned weight for each value of the map: y_c = sum_hw X_chw W_chw, then X * softmax(y).

    The inner product is a depthwise convolution whose kernel is as large as the map. Beside the
    paper's block: the size of the image is fixed, the weights are C H W in place of 2 C^2 / r, and
    the gates sum to 1 over the channels, so that they average 1 / C.

    Args:
        channels: C.
        height: H of the map, the only one that fits.
        width: W of the map, the only one that fits.

    Shape: (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: A number is below 1; in `forward`, the map has another shape.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        check_at_least(1, channels=channels, height=height, width=width)
        self.weight = nn.Parameter(torch.empty(channels, height, width))
        nn.init.normal_(self.weight, std=(height * width) ** -0.5)

    def forward(self, X: Tensor) -> Tensor:
        if X.shape[1:] != self.weight.shape:
            raise ValueError(
                f"a map of shape {tuple(X.shape[1:])} does not fit the weights, which are for "
                f"{tuple(self.weight.shape)} alone; build the layer for that shape, or use "
                "SqueezeExcitation, which takes any height and width"
            )
        y = torch.einsum("nchw,chw->nc", X, self.weight)
        s = torch.softmax(y, dim=1)
        return X * s[:, :, None, None]
