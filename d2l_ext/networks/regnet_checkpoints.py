"""Weights of RegNets from timm and torchvision, under the names of this package, and back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

StateDict = Mapping[str, Tensor]


@dataclass(frozen=True)
class Naming:
    """What a library calls the layers of a RegNet.

    Attributes:
        outer: Its names of the stem's and the head's layers, by ours.
        inner: Its names of the layers within a block, by ours.
        block: Its name of a block, given the stage and the block, both counted from 0.
        pattern: How a block's name is found again: two numbers.
        first: The number of the first block.
    """

    outer: Mapping[str, str]
    inner: Mapping[str, str]
    block: Callable[[int, int], str]
    pattern: str
    first: int


TIMM = Naming(
    outer={"conv1": "stem.conv", "bn1": "stem.bn", "fc": "head.fc"},
    inner={
        "conv1": "conv1.conv",
        "bn1": "conv1.bn",
        "conv2": "conv2.conv",
        "bn2": "conv2.bn",
        "se.fc1": "se.fc1",
        "se.fc2": "se.fc2",
        "conv3": "conv3.conv",
        "bn3": "conv3.bn",
        "shortcut.0": "downsample.conv",
        "shortcut.1": "downsample.bn",
    },
    block=lambda stage, block: f"s{stage + 1}.b{block + 1}",
    pattern=r"s(\d+)\.b(\d+)\.",
    first=1,
)
TORCHVISION = Naming(
    outer={"conv1": "stem.0", "bn1": "stem.1", "fc": "fc"},
    inner={
        "conv1": "f.a.0",
        "bn1": "f.a.1",
        "conv2": "f.b.0",
        "bn2": "f.b.1",
        "se.fc1": "f.se.fc1",
        "se.fc2": "f.se.fc2",
        "conv3": "f.c.0",
        "bn3": "f.c.1",
        "shortcut.0": "proj.0",
        "shortcut.1": "proj.1",
    },
    block=lambda stage, block: f"trunk_output.block{stage + 1}.block{stage + 1}-{block}",
    pattern=r"trunk_output\.block(\d+)\.block\d+-(\d+)\.",
    first=0,
)


def our_name(name: str, theirs: Naming) -> str:
    """The name of a weight here, given its name there."""
    layer, _, tensor = name.rpartition(".")
    place = re.match(theirs.pattern, name)
    if place is None:
        outer = {value: key for key, value in theirs.outer.items()}
        return f"{outer[layer]}.{tensor}"
    inner = {value: key for key, value in theirs.inner.items()}
    stage, block = int(place[1]) - 1, int(place[2]) - theirs.first
    return f"stages.{stage}.{block}.{inner[layer[place.end() :]]}.{tensor}"


def their_name(name: str, theirs: Naming) -> str:
    """The name of a weight there, given its name here."""
    layer, _, tensor = name.rpartition(".")
    place = re.match(r"stages\.(\d+)\.(\d+)\.", name)
    if place is None:
        return f"{theirs.outer[layer]}.{tensor}"
    block = theirs.block(int(place[1]), int(place[2]))
    return f"{block}.{theirs.inner[layer[place.end() :]]}.{tensor}"


def from_timm(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of timm's RegNetX or RegNetY, under the names of this package.

    Example:
        >>> import timm
        >>> from d2l_ext.networks import get_network
        >>> from d2l_ext.networks.regnet_checkpoints import from_timm
        >>> net = get_network('regnety_002')
        >>> net.load_state_dict(from_timm(timm.create_model('regnety_002').state_dict()))
        <All keys matched successfully>
    """
    return {our_name(name, TIMM): value for name, value in state_dict.items()}


def to_timm(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of one of this package's RegNets, under timm's names."""
    return {their_name(name, TIMM): value for name, value in state_dict.items()}


def from_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of torchvision's RegNet, for the network here of the same widths.

    torchvision's `regnet_x_400mf` is `regnetx_004_tv` here, `regnet_y_800mf` `regnety_008_tv` and
    `regnet_y_8gf` `regnety_080_tv`; the others have timm's widths.
    """
    return {our_name(name, TORCHVISION): value for name, value in state_dict.items()}


def to_torchvision(state_dict: StateDict) -> dict[str, Tensor]:
    """The weights of one of this package's RegNets, under torchvision's names."""
    return {their_name(name, TORCHVISION): value for name, value in state_dict.items()}
