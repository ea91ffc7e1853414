"""Where sparsity starts to pay on the machine at hand: times against density, dense being 1.

python -m benchmarks.sparsity [--device cpu] [--rounds 9]

Matrices of one size whose weights are kept in part: scattered (unstructured, compressed rows), in
blocks of 16 x 16 (block-sparse, compressed rows of blocks), or as equal groups along the diagonal
(what a grouped convolution is). Then convolutions of one map: grouped from dense to depthwise, and the
cheaper ways to write one. Needs torch alone. Writes results/sparsity_<device>.json.
"""

import argparse
import math
import warnings
from functools import partial

import torch
from torch import nn
from tqdm.auto import tqdm

from benchmarks import side_by_side

DENSITIES = (0.01, 0.03, 0.1, 0.3, 1.0)
FEATURES = 1024  # rows and columns of the matrices
POSITIONS = 784  # columns that they are multiplied with: a map of 28 x 28, as a 1x1 convolution
BLOCK = 16
CHANNELS, SIZE = 256, 28
GROUPS = (1, 2, 4, 8, 32, 256)  # 256 groups are a depthwise convolution

warnings.filterwarnings("ignore", message="Sparse .* tensor support is in beta state")


def scattered(density: float, device: str) -> torch.Tensor:
    """A matrix with this share of its weights, anywhere, in compressed rows."""
    kept = torch.rand(FEATURES, FEATURES) < density
    return (torch.randn(FEATURES, FEATURES) * kept).to_sparse_csr().to(device)


def in_blocks(density: float, device: str) -> torch.Tensor:
    """A matrix with this share of its blocks, anywhere, in compressed rows of blocks."""
    kept = torch.rand(FEATURES // BLOCK, FEATURES // BLOCK) < density
    kept[0, 0] = True
    whole = torch.randn(FEATURES, FEATURES) * kept.repeat_interleave(BLOCK, 0).repeat_interleave(
        BLOCK, 1
    )
    return whole.to_sparse_bsr((BLOCK, BLOCK)).to(device)


def along_diagonal(density: float, device: str) -> torch.Tensor:
    """Equal blocks along the diagonal, as many (a power of two) as come nearest to the density."""
    groups = 2 ** round(math.log2(1 / density))
    return torch.randn(groups, FEATURES // groups, FEATURES // groups, device=device)


def matrices(device: str, rounds: int) -> list[dict[str, object]]:
    """For each density, how many times as fast as the dense product the sparse ones are."""
    X = torch.randn(FEATURES, POSITIONS, device=device)
    dense = torch.randn(FEATURES, FEATURES, device=device)
    rows = []
    for density in tqdm(DENSITIES, desc="matrices"):
        unstructured, blocks = scattered(density, device), in_blocks(density, device)
        groups = along_diagonal(density, device)
        actions: dict[str, side_by_side.Action] = {
            "dense": partial(torch.matmul, dense, X),
            "unstructured": partial(torch.matmul, unstructured, X),
            "blocks": partial(torch.matmul, blocks, X),
            "groups": partial(torch.bmm, groups, X.unflatten(0, groups.shape[:2])),
        }
        times = side_by_side.ratios(actions, rounds, device)
        rows.append({"density": density, "density_of_groups": 1 / len(groups), **times})
    return rows


def timed(
    convolutions: dict[str, nn.Module], device: str, rounds: int
) -> dict[str, side_by_side.Ratio]:
    """Convolutions of the same map, the first of them being 1."""
    X = torch.randn(1, CHANNELS, SIZE, SIZE, device=device)
    actions: dict[str, side_by_side.Action] = {
        name: partial(net.to(device), X) for name, net in convolutions.items()
    }
    return side_by_side.ratios(actions, rounds, device)


def grouped(device: str, rounds: int) -> list[dict[str, object]]:
    """3x3 convolutions of more and more groups; one over the groups is the density."""
    nets = {
        str(groups): nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=groups, bias=False)
        for groups in GROUPS
    }
    times = timed(nets, device, rounds)
    return [{"groups": g, "density": 1 / g, "grouped": times[str(g)]} for g in GROUPS]


class Shifted(nn.Module):
    """A shift of each ninth of the channels in one of nine directions, then a 1x1 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        padded = nn.functional.pad(X, (1, 1, 1, 1))
        height, width = X.shape[2:]
        moved = [
            part[:, :, i // 3 : i // 3 + height, i % 3 : i % 3 + width]
            for i, part in enumerate(padded.tensor_split(9, dim=1))
        ]
        return self.mix(torch.cat(moved, dim=1))


def factors(device: str, rounds: int) -> list[dict[str, object]]:
    """Other ways to write a 3x3 convolution: how much less they compute, and how much faster."""

    def conv(kernel: int | tuple[int, int], padding: int | tuple[int, int], groups: int = 1):
        return nn.Conv2d(CHANNELS, CHANNELS, kernel, padding=padding, groups=groups, bias=False)

    nets: dict[str, nn.Module] = {
        "dense": conv(3, 1),
        "separable": nn.Sequential(conv(3, 1, CHANNELS), conv(1, 0)),
        "factorised": nn.Sequential(conv((3, 1), (1, 0)), conv((1, 3), (0, 1))),
        "shift": Shifted(),
    }
    weights = {name: sum(p.numel() for p in net.parameters()) for name, net in nets.items()}
    times = timed(nets, device, rounds)
    return [
        {"kind": name, "fewer_macs": round(weights["dense"] / weights[name], 2), "faster": ratio}
        for name, ratio in times.items()
    ]


@torch.inference_mode()
def main(device: str, rounds: int) -> None:
    torch.manual_seed(0)
    machine = side_by_side.machine(device)
    document: dict[str, object] = {
        "machine": machine,
        "settings": {
            "matrix": [FEATURES, FEATURES, POSITIONS],
            "block": BLOCK,
            "map": [CHANNELS, SIZE, SIZE],
            "rounds": rounds,
        },
    }
    for name, part in (("matrices", matrices), ("grouped", grouped), ("factors", factors)):
        rows = part(device, rounds)
        document[name] = rows
        print(f"\n{name}: times as fast as dense")
        for row in rows:
            print("  " + "  ".join(f"{key} {value}" for key, value in row.items()))
    side_by_side.write(f"sparsity_{device}", document)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--rounds", type=int, default=9)
    main(**vars(parser.parse_args()))
