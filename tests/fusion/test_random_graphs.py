"""Random small networks, as nobody would draw them: shared layers, in-place steps, odd settings."""

import os

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tests.fusion.equality import assert_equal, settled

EXAMPLES = int(os.environ.get("FUSION_EXAMPLES", "60"))
CHANNELS = 4


class RandomNet(nn.Module):
    """Steps over a list of maps: each reads one or two of those before it, and adds its own.

    Args:
        layers: A pool of layers that keep the channels; a step may call one that another has called.
        steps: (kind, layer, first map, second map); numbers are taken modulo what there is.
    """

    def __init__(self, layers: list[nn.Module], steps: list[tuple[str, int, int, int]]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.steps = steps

    def forward(self, X: Tensor) -> Tensor:
        maps = [X]
        for kind, layer, first, second in self.steps:
            # Counted from the last: the small numbers, which are tried first, give chains.
            A, B = maps[-1 - first % len(maps)], maps[-1 - second % len(maps)]
            maps.append(self.step(kind, self.layers[layer % len(self.layers)], A, B))
        return torch.cat([x.mean((2, 3)) for x in maps[1:]] + [maps[-1].flatten(1)], dim=1)

    def step(self, kind: str, layer: nn.Module, A: Tensor, B: Tensor) -> Tensor:
        if kind == "layer":
            return layer(A)
        if kind == "relu":
            return F.relu(A)
        if kind == "relu in place":
            return F.relu(A, inplace=True)
        if kind == "sum in place":
            A += B
            return A
        if kind == "number":
            return 0.5 * A - 1
        if kind == "product":
            return A * torch.sigmoid(B.mean((2, 3), keepdim=True))
        if kind == "join":
            return torch.cat((A, B), dim=1)[:, 1::2]
        return A + B


@st.composite
def layer(draw: st.DrawFn) -> nn.Module:
    kind = draw(st.sampled_from(["conv", "conv", "norm", "relu", "pool", "nothing"]))
    if kind == "conv":
        size, dilation = draw(st.sampled_from([(1, 1), (3, 1), (3, 2), (5, 1)]))
        return nn.Conv2d(
            CHANNELS,
            CHANNELS,
            size,
            padding=dilation * (size // 2),
            dilation=dilation,
            groups=draw(st.sampled_from([1, 2, 4])),
            bias=draw(st.booleans()),
            padding_mode=draw(st.sampled_from(["zeros", "zeros", "reflect"])),
        )
    if kind == "norm":
        return nn.BatchNorm2d(
            CHANNELS,
            affine=draw(st.booleans()),
            track_running_stats=draw(st.sampled_from([True, True, True, False])),
        )
    if kind == "relu":
        return draw(st.sampled_from([nn.ReLU(), nn.ReLU6(), nn.ReLU(inplace=True)]))
    if kind == "pool":
        return nn.MaxPool2d(1) if draw(st.booleans()) else nn.AvgPool2d(3, 1, 1)
    return nn.Dropout(0.3) if draw(st.booleans()) else nn.Identity()


KINDS = ["layer"] * 6 + ["relu", "relu in place", "number", "sum", "sum"]
KINDS += ["sum in place", "product", "join"]
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, 7), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(layer(), min_size=2, max_size=8), st.lists(STEP, min_size=2, max_size=14))
def test_gives_the_same(layers: list[nn.Module], steps: list[tuple[str, int, int, int]]) -> None:
    torch.manual_seed(0)
    net = RandomNet(layers, steps)
    X = torch.randn(3, CHANNELS, 7, 6)
    assert_equal(settled(net, X.clone()), X)
