"""What the kernels of a class hold in memory on one machine: cold ones beside forked ones.

python -m benchmarks.load [--kernels 30] [--spare 4]

Each kernel imports the course and runs a small network, as the first cells of a chapter do; it is
then asked to load weights in several ways. Memory is the proportional set size: a page that n
processes share counts 1/n for each. Starts fewer kernels where less than `spare` GiB would be
left. Writes results/load.json.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from tqdm.auto import tqdm

from benchmarks import side_by_side
from d2l_ext import networks
from d2l_ext.kernel.install import specification

SECONDS = 120
CHAPTER = """
import torch
from torch import nn
from d2l_ext import counting, data, explorers, networks, training, zoo
import matplotlib.pyplot as plt
net = networks.get_network("cifar_resnet20", in_channels=1, num_classes=10)
net(torch.rand(8, 1, 28, 28))
explorer = explorers.LayerExplorer()
"""
# Networks kept alive, so that their weights are still there when memory is read.
ZOO = "kept = [zoo.load(name) for name in zoo.list_models()]"
BARE = "with torch.device('meta'): kept = networks.get_network('resnet50')"
READ = """
import safetensors.torch
{bare}
with open({path!r}, "rb") as file: weights = safetensors.torch.load(file.read())
kept.load_state_dict(weights, assign=True)
seen = sum(float(p.sum()) for p in kept.parameters())
"""
MAPPED = """
import safetensors.torch
{bare}
kept.load_state_dict(safetensors.torch.load_file({path!r}), assign=True)
seen = sum(float(p.sum()) for p in kept.parameters())
"""


class Forked(KernelManager):
    """The kernel that `d2l-ext kernel install` offers."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**specification())


class Cold(KernelManager):
    """The same without its provisioner: what JupyterLab starts for any notebook."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**specification() | {"metadata": {}})


class Kernel:
    """A student's kernel, and the process that it is."""

    def __init__(self, make: Callable[[], KernelManager]) -> None:
        self.manager = make()
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)
        process = self.manager.provisioner.process
        self.process = getattr(process, "forked", None) or process.pid
        # What a fork shares with the others lies in its parent, which counts once.
        self.parent = process.pid

    def run(self, code: str) -> None:
        reply = self.client.execute_interactive(
            code, output_hook=lambda message: None, timeout=SECONDS
        )
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"{reply['content']['ename']}: {reply['content']['evalue']}")

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def mebibytes(processes: set[int]) -> float:
    """The proportional set size of several processes, pages that they share counted once."""
    texts = [Path(f"/proc/{process}/smaps_rollup").read_text() for process in processes]
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) for text in texts) / 1024


def spare_gibibytes() -> float:
    text = Path("/proc/meminfo").read_text()
    return int(re.search(r"^MemAvailable:\s+(\d+)", text, re.M)[1]) / 2**20


def per_student(
    make: Callable[[], KernelManager], count: int, spare: float, path: str
) -> dict[str, object]:
    """MiB for each of the kernels, once they have read a chapter, and what weights add to it."""
    kernels: list[Kernel] = []

    def memory() -> float:
        return mebibytes({k.process for k in kernels} | {k.parent for k in kernels})

    def added(code: str) -> float:
        before = memory()
        for kernel in kernels:
            kernel.run(code)
        more = memory() - before
        for kernel in kernels:
            kernel.run("import gc; del kept; weights = None; gc.collect()")
        return round(more / len(kernels), 1)

    try:
        for _ in tqdm(range(count), desc=make.__name__):
            if spare_gibibytes() < spare:
                break
            kernels.append(Kernel(make))
            kernels[-1].run(CHAPTER)
        if not kernels:
            raise SystemExit(f"less than {spare} GiB of memory are free")
        alone = memory()
        return {
            "kernels": len(kernels),
            "MiB_per_student": round(alone / len(kernels), 1),
            "MiB_more_per_student": {
                "zoo.load, every network": added(ZOO),
                "ResNet-50's weights, read": added(READ.format(bare=BARE, path=path)),
                "ResNet-50's weights, memory-mapped": added(MAPPED.format(bare=BARE, path=path)),
            },
        }
    finally:
        for kernel in kernels:
            kernel.close()


def main(kernels: int, spare: float) -> None:
    machine = side_by_side.machine()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "weights.safetensors")  # noqa: PTH118
        safetensors.torch.save_file(networks.get_network("resnet50").state_dict(), path)
        rows = {
            name: per_student(make, kernels, spare, path)
            for name, make in (("cold", Cold), ("forked", Forked))
        }
    for name, row in rows.items():
        print(name, row)
    side_by_side.write("load", {"machine": machine, "rows": rows})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernels", type=int, default=30)
    parser.add_argument("--spare", type=float, default=4.0, help="GiB to leave free")
    main(**vars(parser.parse_args()))
