"""A convolution with the sum and the activation behind it, as one call where there is one.

On a CPU, oneDNN computes all of it for float32, touches the result once, and keeps the weights as it
wants them, beside the weights themselves: at small batches, rearranging them in every call is what
costs. Elsewhere sum and activation work in place; gradients flow through that way, and
`torch.compile` takes it too.
"""

from typing import Any

import torch
from torch import Tensor, nn

from d2l_ext.fusion.operations import described, finish

# The calls are those that torch.compile generates; a torch without them does without.
ONEDNN = torch.backends.mkldnn.is_available() and all(
    hasattr(torch.ops.mkldnn, name)
    for name in ("_convolution_pointwise", "_reorder_convolution_weight")
)

# Name of an activation: oneDNN's name for it, and its constants.
ONEDNN_ACTIVATIONS: dict[str | None, tuple[str, list[float]]] = {
    None: ("none", []),
    "relu": ("relu", []),
    "relu6": ("hardtanh", [0.0, 6.0]),
}


class FusedConv2d(nn.Conv2d):
    """activation(conv(X) + other), with the weights of `conv`, which it shares.

    Weights that are changed through `.data` are not noticed once they are packed; those that are
    loaded, or changed by the usual operations, are.

    Args:
        conv: A convolution, in eval mode.
        activation: A key of `ACTIVATIONS`, or None.

    Shape: X as for `conv`; `other`, if it is given, anything that can be added to conv(X).
    """

    def __init__(self, conv: nn.Conv2d, activation: str | None = None) -> None:
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            conv.padding,  # type: ignore[arg-type]
            conv.dilation,  # type: ignore[arg-type]
            conv.groups,
            conv.bias is not None,
            conv.padding_mode,
            device="meta",
        )
        self.weight, self.bias = conv.weight, conv.bias
        self.activation = activation
        self._packed: tuple[tuple, Tensor] | None = None
        self.train(conv.training)

    def forward(self, X: Tensor, other: Tensor | None = None) -> Tensor:
        """Run it, with oneDNN where that can."""
        if self._onednn_can(X, other):
            return self._onednn(X, other)
        return finish(super().forward(X), other, self.activation)

    def _onednn_can(self, X: Tensor, other: Tensor | None) -> bool:
        """Whether oneDNN takes this call: plain float32 on the CPU, nothing watching."""
        return bool(
            not torch.compiler.is_compiling()
            and type(X) is Tensor
            and X.dtype == self.weight.dtype == torch.float32
            and X.device.type == self.weight.device.type == "cpu"
            and X.dim() == 4
            and X.numel() > 0
            and X.shape[1] == self.in_channels
            and self.padding_mode == "zeros"
            and not isinstance(self.padding, str)
            and ONEDNN
            and torch.backends.mkldnn.enabled
            and not torch.is_autocast_enabled("cpu")
            and not (torch.is_grad_enabled() and self._needs_gradient(X, other))
        )

    def _needs_gradient(self, X: Tensor, other: Tensor | None) -> bool:
        """Whether the result would be part of a gradient's way."""
        tensors = (X, self.weight, self.bias, other)
        return any(x is not None and x.requires_grad for x in tensors)

    def _onednn(self, X: Tensor, other: Tensor | None) -> Tensor:
        """One call for all of it, or two where `other` has a shape of its own."""
        name, constants = ONEDNN_ACTIVATIONS[self.activation]
        settings = (self.padding, self.stride, self.dilation, self.groups)
        operands = (self._packed_weight(X, settings), self.bias, *settings)
        run = torch.ops.mkldnn._convolution_pointwise
        if other is None:
            return run.default(X, *operands, name, constants, "")
        # A sum of equal shapes alone is oneDNN's; the result's shape tells whether it is one.
        if other.shape != self._output_shape(X) or other.dtype != X.dtype:
            return finish(run.default(X, *operands, "none", [], ""), other, self.activation)
        unary = None if self.activation is None else name
        return run.binary(X, other, *operands, "add", 1.0, unary, constants, None)

    def _packed_weight(self, X: Tensor, settings: tuple) -> Tensor:
        """The weights as oneDNN wants them, rearranged once and not in every call.

        They are arranged anew when they, or the images' shape, have changed.
        """
        weight = self.weight.detach()
        version = None if weight.is_inference() else self.weight._version
        key = (weight.data_ptr(), version, X.shape)
        if self._packed is None or self._packed[0] != key:
            arrange = torch.ops.mkldnn._reorder_convolution_weight
            self._packed = (key, arrange(weight, *settings, X.shape))
        return self._packed[1]

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Convert or move the weights, by `.half()` for example, and forget the packed ones.

        The new weights may lie in the memory of the old ones, and are of no later version.
        """
        self._packed = None
        return super()._apply(fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the packed weights, which a copy packs for itself."""
        return {**self.__dict__, "_packed": None}

    def _output_shape(self, X: Tensor) -> tuple[int, ...]:
        """Shape of conv(X)."""
        settings: Any = (self.padding, self.dilation, self.kernel_size, self.stride)
        size = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, p, d, k, s in zip(X.shape[2:], *settings, strict=True)
        )
        return (X.shape[0], self.out_channels, *size)

    def extra_repr(self) -> str:
        """The convolution's, and the activation."""
        return described(self.activation, super().extra_repr())
