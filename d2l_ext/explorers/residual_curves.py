"""Measure what blocks do to a signal and its gradient: python -m d2l_ext.explorers.residual_curves

Stacks of 2 to 100 blocks of the gallery between a stem and a head, at their random start: the size
of the signal behind the stack against that before it, and of the loss's gradient before it against
that behind it. Writes `residual_curves.json`. Needs torch, unlike the explorers that show it.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from d2l_ext import data
from d2l_ext.explorers.residual_gallery import GALLERY
from d2l_ext.explorers.residual_graph import LIMITS
from d2l_ext.networks.layers import initialise
from d2l_ext.training.hardware import hardware

PATH = Path(__file__).with_name("residual_curves.json")
DEPTHS = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)
SEEDS = (0, 1, 2)
SMALL: dict[str, Any] = {
    "channels": 16,
    "out_channels": 16,
    "stride": 1,
    "size": 14,
    "cardinality": 4,
    "ratio": 16,
    "growth_rate": 4,
    "scale": 0.5,
}
SETUP = (
    "16 channels (DenseNet: 4 more per layer; ResNeXt: 4 paths), 32 images of 14 x 14 pixels, "
    "float32, training mode, geometric mean of 3 seeds"
)
STARTS = {
    "batch norm": "batch norm, Kaiming's start",
    "kaiming": "no batch norm, Kaiming's start",
    "small": "no batch norm, PyTorch's start",
}


class DenseStep(nn.Module):
    """A dense layer with its concatenation, so that it can be stacked as a block."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, X: Tensor) -> Tensor:
        """The input with the layer's channels behind it."""
        return torch.cat((X, self.layer(X)), dim=1)


def build(name: str, settings: dict[str, Any]) -> nn.Module:
    """A block of the gallery as `d2l_ext.networks` has it.

    Args:
        name: Its key in the gallery.
        settings: Those of `residual_graph`.
    """
    module, _, kind = GALLERY[name].made_by.partition(".")
    made: Any = getattr(import_module(f"d2l_ext.networks.{module}"), kind)
    channels, out, stride = (settings[key] for key in ("channels", "out_channels", "stride"))
    if name == "dense":
        return DenseStep(made(channels, settings["growth_rate"]))
    if name == "highway":
        return made(channels)
    if name == "resnext":
        paths = settings["cardinality"]
        return made(channels, out, paths, out // 2 // paths, stride)
    if name.startswith("se"):
        made = type(kind, (made,), {"ratio": settings["ratio"]})
    if name.startswith("half"):
        made = type(kind, (made,), {"shortcut_scale": settings["scale"]})
    return made(channels, out // made.expansion, stride)


def without_norm(net: nn.Module) -> None:
    """Replace each batch norm by the identity."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())


def stack(name: str, depth: int, start: str) -> nn.Sequential:
    """Stem, blocks and head, as one of `STARTS` begins them."""
    channels = SMALL["channels"]
    stem = nn.Sequential(
        nn.Conv2d(1, channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )
    blocks = nn.Sequential()
    for _ in range(depth):
        blocks.append(build(name, SMALL | {"channels": channels}))
        channels += SMALL["growth_rate"] if name == "dense" else 0
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    net = nn.Sequential(stem, blocks, head)
    if start != "batch norm":
        without_norm(blocks)
    if start != "small":
        initialise(net)
    return net


def gains(net: nn.Sequential, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """How much the root mean square grows: of the signal forwards, of the gradient backwards.

    Args:
        net: From `stack`.
        images: Of shape (N, 1, H, W).
        labels: Of shape (N,).
    """
    stem, blocks, head = net
    before = stem(images)
    after = blocks(before)
    loss = F.cross_entropy(head(after), labels)
    first, last = torch.autograd.grad(loss, (before, after))
    return size(after) / size(before), size(first) / size(last)


def size(values: Tensor) -> Tensor:
    """Root mean square, in float64 so that the square itself neither vanishes nor overflows."""
    return values.detach().double().square().mean().sqrt()


def measure(name: str, start: str, depth: int, batch: tuple[Tensor, Tensor]) -> list[float | None]:
    """Gains of signal and gradient, geometric means over the seeds; None where one is not finite."""
    logs = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        logs.append(torch.stack(gains(stack(name, depth, start), *batch)).log())
    means = torch.stack(logs).mean(dim=0).exp().tolist()
    return [float(f"{gain:.3g}") if gain < float("inf") else None for gain in means]


def images() -> tuple[Tensor, Tensor]:
    """The images and labels of the measurement."""
    return next(iter(data.FashionMNIST(batch_size=32, resize=14).val_dataloader()))


def main() -> None:
    """Measure every block, and write the results with how they came about."""
    torch.set_num_threads(2)
    assert LIMITS["depth"] == (DEPTHS[0], DEPTHS[-1])
    batch = images()
    curves: dict[str, Any] = {}
    runs = [(name, start) for name in GALLERY for start in STARTS]
    for name, start in tqdm(runs):
        points = [measure(name, start, depth, batch) for depth in DEPTHS]
        signal, gradient = (list(values) for values in zip(*points, strict=True))
        curves.setdefault(name, {})[start] = {"signal": signal, "gradient": gradient}
    document = {
        "command": "python -m d2l_ext.explorers.residual_curves",
        "machine": hardware(torch.device("cpu"), "float32"),
        "setup": SETUP,
        "starts": STARTS,
        "depths": DEPTHS,
    }
    lines = ",\n".join(f'"{name}":{json.dumps(found)}' for name, found in curves.items())
    PATH.write_text(
        json.dumps(document)[:-1] + ',"curves":{\n' + lines + "\n}}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
