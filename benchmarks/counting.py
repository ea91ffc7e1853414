"""Counting ResNet-152 by closed forms, beside other tools and beside running it, in one run.

python -m benchmarks.counting [--rounds 11]

torchinfo and fvcore are left out where they are not installed. Writes results/counting.json.
"""

import argparse
import importlib.util
import logging

import torch

from benchmarks import side_by_side
from d2l_ext import counting, networks

SHAPE = (3, 224, 224)


def main(rounds: int) -> None:
    net = networks.get_network("resnet152").eval()
    X = torch.randn(1, *SHAPE)
    machine = side_by_side.machine()

    @torch.inference_mode()
    def forward() -> object:
        return net(X)

    actions: dict[str, side_by_side.Action] = {
        "running it on real tensors": forward,
        "closed forms (summarize)": lambda: counting.summarize(net, SHAPE),
        "on the meta device (measure)": lambda: counting.measure(net, SHAPE),
    }
    if importlib.util.find_spec("torchinfo"):
        import torchinfo

        actions["torchinfo"] = lambda: torchinfo.summary(net, (1, *SHAPE), verbose=0)
    if importlib.util.find_spec("fvcore"):
        from fvcore.nn import FlopCountAnalysis

        logging.getLogger("fvcore").setLevel(logging.ERROR)
        actions["fvcore"] = lambda: FlopCountAnalysis(net, X).total()
    ratios = side_by_side.ratios(actions, rounds)
    for name, ratio in ratios.items():
        share = ratios["closed forms (summarize)"].median / ratio.median
        print(f"{name:30} {share:7.2f} times as long as closed forms")
    settings = {"network": "resnet152", "input_shape": SHAPE, "rounds": rounds}
    document = {"machine": machine, "settings": settings, "times_as_fast_as_running_it": ratios}
    side_by_side.write("counting", document)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    main(**vars(parser.parse_args()))
