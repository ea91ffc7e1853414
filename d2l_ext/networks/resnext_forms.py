"""The three forms of the ResNeXt block (Figure 3), and their weights turned into one another.

Form (c), one grouped convolution, is `resnext.ResNeXtBlock`. Here are (a), C separate paths that
are summed, and (b), C paths that are concatenated before one 1x1 convolution. All three have equal
parameters and, with converted weights, equal outputs.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.resnet import projection
from d2l_ext.networks.resnext import ResNeXtBlock, check_paths


class Path(nn.Module):
    """One path up to where the forms part: 1x1 to d channels, 3x3 on those.

    Shape: (N, in_channels, H, W) to (N, group_width, H / stride, W / stride), rounded up.
    """

    def __init__(self, in_channels: int, group_width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, group_width, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(group_width)
        self.conv2 = nn.Conv2d(
            group_width, group_width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(group_width)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        return F.relu(self.bn2(self.conv2(Y)))


class WholePath(Path):
    """One path of form (a): it has its own 1x1 to all output channels.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.
    """

    def __init__(self, in_channels: int, out_channels: int, group_width: int, stride: int) -> None:
        super().__init__(in_channels, group_width, stride)
        self.conv3 = nn.Conv2d(group_width, out_channels, kernel_size=1, bias=False)

    def forward(self, X: Tensor) -> Tensor:
        return self.conv3(super().forward(X))


class ParallelPaths(nn.Module):
    """Form (a): split, transform, merge by a sum.

    The arguments, the shapes and the errors are those of `ResNeXtBlock`. The batch norm after the
    last 1x1 comes after the sum, as there is one for all paths.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        cardinality: int,
        group_width: int,
        stride: int = 1,
    ) -> None:
        super().__init__()
        check_paths(cardinality, group_width)
        self.paths = nn.ModuleList(
            WholePath(in_channels, out_channels, group_width, stride) for _ in range(cardinality)
        )
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = projection(in_channels, out_channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        first, *others = (path(X) for path in self.paths)
        Y = self.bn3(sum(others, start=first))
        Y += self.shortcut(X)
        return F.relu(Y)


class EarlyConcatenation(nn.Module):
    """Form (b): the paths are concatenated, and one 1x1 convolution merges them.

    The arguments, the shapes and the errors are those of `ResNeXtBlock`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        cardinality: int,
        group_width: int,
        stride: int = 1,
    ) -> None:
        super().__init__()
        check_paths(cardinality, group_width)
        self.paths = nn.ModuleList(
            Path(in_channels, group_width, stride) for _ in range(cardinality)
        )
        self.conv3 = nn.Conv2d(cardinality * group_width, out_channels, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = projection(in_channels, out_channels, stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = torch.cat([path(X) for path in self.paths], dim=1)
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


Form = ResNeXtBlock | ParallelPaths | EarlyConcatenation


def convert(block: Form, form: type[Form]) -> Form:
    """The same block in another form: its weights regrouped, its outputs equal.

    Args:
        block: A block in any of the three forms.
        form: `ParallelPaths` (a), `EarlyConcatenation` (b) or `ResNeXtBlock` (c).

    Returns:
        A new block, in the mode (train or eval), on the device and of the type of the given one.
    """
    grouped = joined(block.state_dict())
    cardinality, stride = paths_and_stride(block)
    width, in_channels = grouped["conv1.weight"].shape[:2]
    out_channels = len(grouped["conv3.weight"])
    result = form(in_channels, out_channels, cardinality, width // cardinality, stride)
    if not isinstance(result, ResNeXtBlock):
        grouped = separated(grouped, cardinality, whole=isinstance(result, ParallelPaths))
    result.to(grouped["bn3.weight"]).load_state_dict(grouped)
    return result.train(block.training)


def paths_and_stride(block: Form) -> tuple[int, int]:
    """The cardinality and the stride of a block in any form."""
    if isinstance(block, ResNeXtBlock):
        return block.conv2.groups, block.conv2.stride[0]
    first = block.paths[0]
    assert isinstance(first, Path)
    return len(block.paths), first.conv2.stride[0]


def separated(grouped: Mapping[str, Tensor], cardinality: int, whole: bool) -> dict[str, Tensor]:
    """Form (c)'s weights, dealt out to the paths of form (a), `whole`, or of form (b).

    A path's d channels are d rows of the first 1x1 and of the 3x3, and d columns of the last 1x1.
    """
    state = {}
    for name, value in grouped.items():
        layer = name.split(".")[0]
        if layer not in ("conv1", "bn1", "conv2", "bn2") and not (whole and layer == "conv3"):
            state[name] = value
            continue
        parts = (
            value.chunk(cardinality, dim=1 if layer == "conv3" else 0)
            if value.dim()
            else [value] * cardinality  # batch norm's count of batches
        )
        state.update({f"paths.{i}.{name}": part for i, part in enumerate(parts)})
    return state


def joined(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of any form, as form (c) has them."""
    grouped: dict[str, Tensor] = {}
    paths: dict[str, list[Tensor]] = {}
    for name, value in state.items():
        if name.startswith("paths."):
            paths.setdefault(name.split(".", 2)[2], []).append(value)
        else:
            grouped[name] = value
    for name, parts in paths.items():
        dim = 1 if name.startswith("conv3") else 0
        grouped[name] = torch.cat(parts, dim) if parts[0].dim() else parts[0]
    return grouped
