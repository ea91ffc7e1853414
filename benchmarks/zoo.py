"""Latency of every model of the zoo for one image, which the zoo explorer carries.

python -m benchmarks.zoo [--rounds 100] [--write]

Batch 1, float32, on the CPU; the models take turns. Only ratios to the fastest are kept, with the
machine, its load and the rounds.
"""

import argparse
import json
import os

from d2l_ext import zoo
from d2l_ext.explorers import zoo_latency
from d2l_ext.explorers.zoo_catalogue import LATENCY


def main(rounds: int, write: bool) -> None:
    load = round(os.getloadavg()[0], 2)
    found = zoo_latency.measure(zoo.list_models(), rounds=rounds, seconds=600)
    for name, ratio in sorted(found["ratios"].items(), key=lambda item: item[1]):
        print(f"{name:45} {ratio:7.2f}")
    if write:
        document = {"load": load, **found}
        LATENCY.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"written to {LATENCY.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    main(**vars(parser.parse_args()))
