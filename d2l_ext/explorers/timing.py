"""How long the ways to write a convolution take on this machine. Needs torch."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from d2l_ext.explorers.convolutions import KINDS, Convolution, cost
from d2l_ext.networks.shift import Shift
from d2l_ext.training.hardware import hardware

MEMORY = 2**30  # bytes that the layers of one kind may move


def build(convolution: Convolution, kind: str) -> nn.Sequential:
    """The layers of one kind."""
    layers: list[nn.Module] = []
    channels = convolution.in_channels
    for name, part in convolution.parts(kind):
        if name == "shift":
            layers.append(Shift(channels, part["kernel"][0]))
            continue
        layers.append(
            nn.Conv2d(
                channels,
                part["out"],
                kernel_size=part["kernel"],
                padding=part["padding"],
                groups=part["groups"],
                bias=False,
            )
        )
        channels = part["out"]
    return nn.Sequential(*layers)


@torch.inference_mode()
def milliseconds(
    convolution: Convolution, rounds: int = 15, seconds: float = 2.0
) -> dict[str, float]:
    """The shortest time of each kind for one image in float32 on the CPU.

    The kinds take turns, so that what else the machine does falls on all of them; the shortest time
    is what it disturbed least.

    Args:
        convolution: What the kinds compute.
        rounds: Turns of each kind.
        seconds: No turn begins after so long.

    Raises:
        ShapeError: There is no such convolution; the message says why.
        ValueError: It would move more memory than is sensible here.
    """
    for kind in KINDS:
        traffic = cost(convolution, kind).traffic
        if traffic > MEMORY:
            raise ValueError(
                f"the {kind} kind would move {traffic / 2**30:.1f} GiB, more than the "
                f"{MEMORY / 2**30:.0f} GiB that are measured here; use fewer channels or a smaller map"
            )
    X = torch.randn(1, convolution.in_channels, convolution.size, convolution.size)
    nets = {kind: build(convolution, kind).eval() for kind in KINDS}
    shortest = dict.fromkeys(KINDS, float("inf"))
    began = time.perf_counter()
    for number in range(rounds + 1):
        for kind, net in nets.items():
            started = time.perf_counter()
            net(X)
            if number:  # the first round warms up
                shortest[kind] = min(shortest[kind], time.perf_counter() - started)
        if number and time.perf_counter() - began > seconds:
            break
    return {kind: round(1e3 * least, 4) for kind, least in shortest.items()}


def measure(convolution: Convolution) -> dict[str, Any]:
    """Times with what they were measured on, as the page of the cost explorer reads them."""
    times = milliseconds(convolution)
    return {"machine": machine(), "rows": [{**asdict(convolution), "times": times}]}


def machine() -> str:
    """This machine's processor and the threads in use, in words."""
    threads = torch.get_num_threads()
    name = hardware(torch.device("cpu"), "float32")
    return f"{name}, {threads} {'thread' if threads == 1 else 'threads'}"
