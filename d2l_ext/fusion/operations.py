"""What fused steps run as: a layer with the sum and the activation behind it, in one module.

In a fused network each of them is one step: sum and activation work in place on the result of the
layer, which nobody else holds. Convolutions have a module of their own, `convolution`.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Name of an activation, and the same working in place.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "relu6": lambda X: F.relu6(X, inplace=True),
}


def finish(Y: Tensor, other: Tensor | None, activation: str | None) -> Tensor:
    """Add `other` to Y and apply an activation, in place: nobody else may hold Y."""
    if other is not None:
        alike = other.shape == Y.shape and other.dtype == Y.dtype
        Y = Y.add_(other) if alike else Y + other
    return Y if activation is None else ACTIVATIONS[activation](Y)


def described(activation: str | None, text: str = "") -> str:
    """`text` with the activation, as `extra_repr` shows it."""
    return ", ".join(filter(None, (text, activation and f"activation={activation}")))


class FusedLayer(nn.Module):
    """activation(layer(X) + other), for any layer whose result is a new tensor."""

    def __init__(self, layer: nn.Module, activation: str | None = None) -> None:
        super().__init__()
        self.layer = layer
        self.activation = activation
        self.train(layer.training)

    def forward(self, X: Tensor, other: Tensor | None = None) -> Tensor:
        """Run it."""
        return finish(self.layer(X), other, self.activation)

    def extra_repr(self) -> str:
        """The activation."""
        return described(self.activation)


class FusedSum(nn.Module):
    """activation(X + other)."""

    def __init__(self, activation: str) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, X: Tensor, other: Tensor) -> Tensor:
        """Run it."""
        return finish(X + other, None, self.activation)

    def extra_repr(self) -> str:
        """The activation."""
        return described(self.activation)


class ScaleAdd(nn.Module):
    """activation(X * scale + other), the multiplication and the sum as one pass over the map.

    Squeeze-and-excitation ends so: X the residual, `scale` one number for each channel.
    """

    def __init__(self, activation: str | None = None) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, X: Tensor, scale: Tensor, other: Tensor) -> Tensor:
        """Run it."""
        if not X.dtype == scale.dtype == other.dtype:
            return finish(X * scale + other, None, self.activation)
        return finish(torch.addcmul(other, X, scale), None, self.activation)

    def extra_repr(self) -> str:
        """The activation."""
        return described(self.activation)


class Affine(nn.Module):
    """X * scale + shift with constants: what two or more such steps in a row come to."""

    scale: Tensor
    shift: Tensor

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, X: Tensor) -> Tensor:
        """Run it."""
        if X.dtype != self.scale.dtype:  # images of whole numbers, for example
            return X * self.scale + self.shift
        return torch.addcmul(self.shift, X, self.scale)


class RowLinear(nn.Linear):
    """A linear layer with a batch norm folded into it, which was over features only for (N, features).

    For (N, L, features) the batch norm would have been over L.
    """

    def forward(self, X: Tensor) -> Tensor:
        """Run it.

        Raises:
            ValueError: X is not of shape (N, features).
        """
        if X.dim() != 2:
            raise ValueError(
                f"this linear layer has a batch norm folded into it and takes (N, features), not "
                f"{tuple(X.shape)}; flatten what goes in, or leave this part unfused"
            )
        return super().forward(X)


class Subsample(nn.Module):
    """Every `stride`-th row and column: 1x1 pooling, without a copy."""

    def __init__(self, stride: tuple[int, int]) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, X: Tensor) -> Tensor:
        """A view of X."""
        return X[..., :: self.stride[0], :: self.stride[1]]

    def extra_repr(self) -> str:
        """The stride."""
        return f"stride={self.stride}"
