"""Times of the ways to write a convolution, which the cost explorer carries: beside their counts.

python -m benchmarks.convolutions [--write]
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import d2l_ext.explorers
from d2l_ext.explorers import timing
from d2l_ext.explorers.convolutions import KINDS, Convolution, cost

FILE = Path(d2l_ext.explorers.__file__).with_name("convolution_times.json")

# Channels and map sizes as they go together in networks for images of 224 pixels.
STAGES = ((16, 112), (32, 112), (64, 56), (128, 28), (256, 14), (512, 7))
KERNELS = (3, 5)


def main(write: bool) -> None:
    rows = []
    for kernel_size in KERNELS:
        for channels, size in STAGES:
            convolution = Convolution(channels, channels, size, kernel_size)
            times = timing.milliseconds(convolution, rounds=300, seconds=10)
            rows.append({**asdict(convolution), "times": times})
            dense = cost(convolution, "dense")
            print(f"{channels} channels, {size} x {size}, kernel {kernel_size}")
            for kind in KINDS:
                fewer = dense.macs / cost(convolution, kind).macs
                faster = times["dense"] / times[kind]
                print(f"  {kind:12} {fewer:7.2f} times fewer MACs, {faster:6.2f} times as fast")
    if write:
        document = {"machine": timing.machine(), "rows": rows}
        text = json.dumps(document).replace('{"in_channels"', '\n{"in_channels"')
        FILE.write_text(text + "\n")


if __name__ == "__main__":
    main(write="--write" in sys.argv)
