"""The highway block (Srivastava et al. 2015): a learned choice between change and no change."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Gate(nn.Module):
    """A number from 0 to 1 for each value: sigmoid(W * x + b + start).

    The bias b is learned from 0 on; `start` is a constant, so that initialising the network, which
    sets biases to 0, does not undo where the gate begins.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the gate.
        start: Far below 0 the gate begins almost closed.
        kernel_size: Of the convolution W.
        stride: Of the convolution W.

    Shape: (N, in_channels, H, W) to (N, channels, H / stride, W / stride), rounded up.
    """

    def __init__(
        self, in_channels: int, channels: int, start: float, kernel_size: int = 1, stride: int = 1
    ) -> None:
        super().__init__()
        self.start = start
        self.conv = nn.Conv2d(in_channels, channels, kernel_size, stride, padding=kernel_size // 2)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, X: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(X) + self.start)


class HighwayBlock(nn.Module):
    """y = H(x) T(x) + x (1 - T(x)): the gate T says where the change H replaces the input.

    Both are 3x3 convolutions. A residual block always carries its whole input; here the gate can
    close that path.

    Args:
        channels: In and out.
        gate_start: Where the gate begins: below 0, most of the input is carried.

    Shape: (N, channels, H, W) to (N, channels, H, W).
    """

    def __init__(self, channels: int, gate_start: float = -2.0) -> None:
        super().__init__()
        self.change = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.gate = Gate(channels, channels, gate_start, kernel_size=3)

    def forward(self, X: Tensor) -> Tensor:
        H = F.relu(self.change(X))
        T = self.gate(X)
        return H * T + X * (1 - T)
