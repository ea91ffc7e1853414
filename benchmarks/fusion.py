"""Fused networks beside unfused ones, torch.compile and torch.ao, on this machine's CPU.

python benchmarks/fusion.py [--networks resnet18 ...] [--repeats 11] [--no-compile]

All variants of a network take turns on the same images in one run; the table shows how many times
faster than the network as it is (median against median) each of them is.
Writes benchmarks/results/fusion_cpu.json.
"""

import argparse
import copy
import json
import os
import platform
import statistics
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from d2l_ext import fusion, networks

NETWORKS = [
    "resnet18",
    "resnet50",
    "seresnet50",
    "googlenet",
    "densenet121",
    "resnetv2_50",
    "mobilenet_v2",
    "shufflenet_v1_g3",
]
BATCHES = (1, 8)
SIZE = (3, 224, 224)
RESULTS = Path(__file__).parent / "results" / "fusion_cpu.json"

Variant = tuple[nn.Module, Tensor]


def channels_last(net: nn.Module, X: Tensor) -> Variant:
    """A copy of both, with the channels of a pixel side by side."""
    net = copy.deepcopy(net).to(memory_format=torch.channels_last)
    return net, X.contiguous(memory_format=torch.channels_last)


def bfloat16(net: nn.Module, X: Tensor) -> Variant:
    """A copy of both in half the bits, channels side by side."""
    net, X = channels_last(net, X)
    return net.bfloat16(), X.bfloat16()


def by_torch_ao(net: nn.Module) -> nn.Module:
    """What torch's own fusion for quantisation makes of it."""
    from torch.ao.quantization.quantize_fx import fuse_fx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fuse_fx(copy.deepcopy(net))


def variants(net: nn.Module, X: Tensor, compiling: bool) -> dict[str, Variant]:
    """All forms in which a network is timed; the first of each pair is what the other is held to."""
    fused = fusion.fuse(net)
    forms = {
        "unfused": (net, X),
        "fused": (fused, X),
        "torch.ao": (by_torch_ao(net), X),
        "channels_last": channels_last(net, X),
        "channels_last fused": channels_last(fused, X),
        "bfloat16": bfloat16(net, X),
        "bfloat16 fused": bfloat16(fused, X),
    }
    if compiling:
        torch._dynamo.reset()
        forms["compiled"] = (torch.compile(copy.deepcopy(net), dynamic=False), X)
        forms["compiled fused"] = (torch.compile(copy.deepcopy(fused), dynamic=False), X)
    return forms


def seconds(forms: dict[str, Variant], repeats: int) -> dict[str, list[float]]:
    """Times of all forms, which take turns, after a round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in forms}
    for i in range(repeats + 1):
        for name, (net, X) in forms.items():
            started = time.perf_counter()
            net(X)
            if i:
                times[name].append(time.perf_counter() - started)
    return times


def cpu() -> str:
    """The processor's name, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def machine() -> dict[str, object]:
    """What the times depend on."""
    return {
        "processor": cpu(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def row(forms: dict[str, Variant], times: dict[str, list[float]]) -> dict[str, float]:
    """Medians in milliseconds."""
    return {name: round(1e3 * statistics.median(times[name]), 3) for name in forms}


def ratios(medians: dict[str, float]) -> dict[str, float]:
    """How many times faster than the plain network; fused forms also against their own unfused one."""
    found = {name: medians["unfused"] / value for name, value in medians.items()}
    for name in ("channels_last", "bfloat16", "compiled"):
        if name in medians:
            found[f"{name}: fused / unfused"] = medians[name] / medians[f"{name} fused"]
    return {name: round(value, 2) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument(
        "--no-compile", action="store_true", help="torch.compile needs a C++ compiler"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()

    started = machine()
    rows = []
    work: list[tuple[str, int]] = [(n, b) for n in arguments.networks for b in BATCHES]
    for name, batch in tqdm(work):
        torch.manual_seed(0)
        net = networks.get_network(name).eval().requires_grad_(False)
        X = torch.randn(batch, *SIZE)
        with torch.no_grad():
            forms = variants(net, X, compiling=not arguments.no_compile)
            medians = row(forms, seconds(forms, arguments.repeats))
        rows.append(
            {"network": name, "batch": batch, "milliseconds": medians, "faster": ratios(medians)}
        )
        shown = ", ".join(f"{form} {value:.2f}" for form, value in rows[-1]["faster"].items())
        tqdm.write(f"{name} x {batch}: {shown}")
        # After each row, so that what is there stays when the run is interrupted.
        load = {"load at the end": round(os.getloadavg()[0], 2), "repeats": arguments.repeats}
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"machine": started | load, "rows": rows}, indent=1)
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
