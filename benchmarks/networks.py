"""Our networks beside torchvision's and timm's of the same name: forward, and forward and backward.

python -m benchmarks.networks [--batch 4] [--size 128] [--rounds 11] [--device cpu]

A ratio of 1 says as fast; above 1, ours is faster; each is a median with its quartiles. The bar is
0.98. Writes results/networks_<device>.json.
"""

import argparse
from collections.abc import Callable

import timm
import torch
import torchvision
from torch import nn
from tqdm.auto import tqdm

from benchmarks import side_by_side
from d2l_ext import networks

# Ours, who has it too, and what it is called there.
PAIRS = [
    ("resnet18", "torchvision", "resnet18"),
    ("resnet50", "torchvision", "resnet50"),
    ("resnet50", "timm", "resnet50"),
    ("resnetv2_50", "timm", "resnetv2_50"),
    ("resnext50_32x4d", "torchvision", "resnext50_32x4d"),
    ("seresnet50", "timm", "seresnet50"),
    ("densenet121", "torchvision", "densenet121"),
    ("googlenet", "torchvision", "googlenet"),
    ("shufflenet_v2_x1_0", "torchvision", "shufflenet_v2_x1_0"),
    ("mobilenet_v1", "timm", "mobilenetv1_100"),
    ("mobilenet_v2", "torchvision", "mobilenet_v2"),
    ("regnetx_004_tv", "torchvision", "regnet_x_400mf"),
    ("regnety_002", "timm", "regnety_002"),
]


def reference(library: str, name: str) -> nn.Module:
    """The network that others wrote."""
    if library == "timm":
        return timm.create_model(name)
    settings = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return getattr(torchvision.models, name)(**settings)


def forward(net: nn.Module, X: torch.Tensor) -> Callable[[], object]:
    """The scores, as they are asked for when a network is used."""
    net.eval()

    @torch.inference_mode()
    def action() -> object:
        return net(X)

    return action


def step(net: nn.Module, X: torch.Tensor) -> Callable[[], object]:
    """The gradients, as they are asked for when it is trained."""
    net.train()

    def action() -> None:
        net.zero_grad()
        net(X).square().mean().backward()

    return action


def main(batch: int, size: int, rounds: int, device: str) -> None:
    X = torch.randn(batch, 3, size, size, device=device)
    machine = side_by_side.machine(device)
    rows = []
    for ours, library, name in tqdm(PAIRS):
        nets = {
            "theirs": reference(library, name).to(device),
            "ours": networks.get_network(ours).to(device),
        }
        row: dict[str, object] = {"network": ours, "reference": f"{library} {name}"}
        for what, make in (("forward", forward), ("forward_backward", step)):
            actions = {side: make(net, X) for side, net in nets.items()}
            row[what] = side_by_side.ratios(actions, rounds, device)["ours"]
        rows.append(row)
        tqdm.write(
            f"{ours:18} {row['reference']:30} forward {row['forward']}   "
            f"forward and backward {row['forward_backward']}"
        )
    settings = {"batch": batch, "size": size, "rounds": rounds}
    document = {"machine": machine, "settings": settings, "rows": rows}
    side_by_side.write(f"networks_{device}", document)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    main(**vars(parser.parse_args()))
