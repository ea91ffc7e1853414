"""Training that begins with a shallower network, whose further blocks come in later, as identities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from d2l_ext.networks.growing import check_identity, start_as_identity
from d2l_ext.training.progress import Progress
from d2l_ext.training.trainer import Trainer

Place = tuple[nn.Sequential, int]


def later_places(net: nn.Module, first_blocks: int) -> list[Place]:
    """Where the blocks behind the first ones of each stage are; they are started as identities.

    Args:
        net: A network with stages `layer1`, `layer2` and so on.
        first_blocks: Blocks of each stage that are trained from the beginning, at least 1.

    Raises:
        ValueError: There is no such block, or one cannot be the identity.
    """
    stages = [
        stage
        for name, stage in net.named_children()
        if name.startswith("layer") and isinstance(stage, nn.Sequential)
    ]
    places = []
    for stage in stages:
        for i in range(max(first_blocks, 1), len(stage)):
            start_as_identity(stage[i])
            check_identity(stage[:i], stage[i])
            places.append((stage, i))
    if not places:
        raise ValueError(
            f"first_blocks = {first_blocks} leaves {type(net).__name__} no block to grow by; "
            f"its stages have {', '.join(str(len(stage)) for stage in stages) or 'no'} blocks"
        )
    return places


@contextmanager
def left_out(places: Sequence[Place]) -> Iterator[None]:
    """A network without some of its blocks, which are back in their places afterwards."""
    blocks = [stage[i] for stage, i in places]
    for stage, i in places:
        stage[i] = nn.Identity()
    try:
        yield
    finally:
        for (stage, i), block in zip(places, blocks, strict=True):
            stage[i] = block


class GrowingTrainer(Trainer):
    """A trainer that leaves blocks out in the first epochs, and saves their time.

    Between epochs the network is whole, and so are its checkpoints. The blocks' parameters have no
    gradient until they come in, so that the optimiser passes them over.

    Args:
        *arguments: As for `Trainer`.
        places: The blocks, as `later_places` gives them.
        grow_after: Epochs without them.
        **settings: As for `Trainer`.
    """

    unused_parameters = True

    def __init__(
        self, *arguments: Any, places: Sequence[Place], grow_after: int, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.places, self.grow_after = places, grow_after

    def fit_epoch(self, bar: Progress) -> None:
        """One epoch, of the whole network or of what there is of it so far."""
        with left_out(self.places if self.epoch < self.grow_after else ()):
            super().fit_epoch(bar)
