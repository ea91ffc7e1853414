"""The counts of a network by running it on the meta device: what the closed forms are held to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from d2l_ext.counting.rules import Shape

BATCH = 2  # batch norm cannot train on a single value per channel


@dataclass(frozen=True)
class Measurement:
    """One leaf module, as it ran: its name, its output's shape, its parameters and its MACs.

    Or a parameter that no leaf holds: its name, its own shape, its size, and no MACs.
    """

    name: str
    output_shape: Shape
    parameters: int
    macs: int


def on_meta(module: nn.Module) -> dict[str, torch.Tensor]:
    """A module's weights without their data, for `functional_call`; what is tied stays tied."""
    copies: dict[torch.Tensor, torch.Tensor] = {}
    return {
        name: copies.setdefault(value, value.to("meta"))
        for name, value in module.state_dict(keep_vars=True).items()
    }


def measure(net: nn.Module, input_shape: Shape) -> list[Measurement]:
    """Run `net` on a meta tensor and write down what each leaf module does.

    A part made of other modules has a row for each parameter that it holds itself. A parameter counts
    where it is used first.

    The network itself is left as it is: its weights stay where they are, and batch norm's
    statistics do not move. MACs are half of what torch's own counter calls FLOPs.

    Args:
        net: Any module that takes one image batch.
        input_shape: (channels, height, width).
    """
    leaves = {name: m for name, m in net.named_modules() if not list(m.children())}
    rows: list[Measurement] = []
    used: set[torch.Tensor] = set()
    counter = FlopCounterMode(display=False)
    total = 0

    def first_use(parameters: Iterable[nn.Parameter]) -> int:
        new = [p for p in parameters if p not in used]
        used.update(new)
        return sum(p.numel() for p in new)

    def before(module: nn.Module, inputs: Any) -> None:
        nonlocal total
        total = counter.get_total_flops()

    def after(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
            macs = (counter.get_total_flops() - total) // (2 * BATCH)
            own = first_use(module.parameters())
            rows.append(Measurement(name, tuple(output.shape[1:]), own, macs))

        return hook

    def before_part(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any) -> None:
            for key, parameter in module.named_parameters(prefix=name, recurse=False):
                if own := first_use([parameter]):
                    rows.append(Measurement(key, tuple(parameter.shape), own, 0))

        return hook

    parts = {name: m for name, m in net.named_modules() if name not in leaves}
    handles = [m.register_forward_pre_hook(before_part(name)) for name, m in parts.items()]
    handles += [m.register_forward_pre_hook(before) for m in leaves.values()]
    handles += [m.register_forward_hook(after(name)) for name, m in leaves.items()]
    X = torch.empty((BATCH, *input_shape), device="meta")
    try:
        with torch.no_grad(), counter:
            torch.func.functional_call(net, on_meta(net), (X,))
    finally:
        for handle in handles:
            handle.remove()
    return rows
