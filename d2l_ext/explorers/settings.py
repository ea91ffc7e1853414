"""What a learner can set about a network, and how an impossible value is explained."""

from __future__ import annotations

from dataclasses import dataclass

from d2l_ext.counting.rules import ShapeError

# Lowest and highest value of each setting. Above them nothing breaks in Python; the page's numbers,
# exact up to 2 to the power of 53, are safe within them.
LIMITS: dict[str, tuple[float, float]] = {
    "height": (1, 2048),
    "width": (1, 2048),
    "in_channels": (1, 4096),
    "num_classes": (1, 100_000),
    "width_mult": (0.01, 8),
    "cardinality": (1, 128),
    "group_width": (1, 256),
    "ratio": (1, 256),
    "depths": (1, 256),
}

# What can stand before the first stage, in place of the stem that was published.
STEMS = {
    "7x7": "7 × 7, stride 2, pooled",
    "3x3": "3 × 3, stride 1",
    "deep": "three 3 × 3, stride 2, pooled",
}


def check_range(name: str, value: float, limits: tuple[float, float]) -> None:
    """Raise unless a setting is within its limits.

    Raises:
        ShapeError: The message names the setting, its limits and the nearest valid value.
    """
    low, high = limits
    if not low <= value <= high:
        nearest = low if value < low else high
        raise ShapeError(
            f"{name} = {value:g} must lie between {low:g} and {high:g}. Try {nearest:g}."
        )


@dataclass(frozen=True)
class Settings:
    """One choice of everything that a blueprint leaves open.

    Attributes:
        height: Rows of the image, in pixels.
        width: Columns of the image, in pixels.
        in_channels: Channels of the image.
        num_classes: Size of the network's output.
        width_mult: Factor on the channels of every stage.
        cardinality: Paths of a ResNeXt's blocks. None is as published, here and below; what a
            network does not have leaves it as it is.
        group_width: Channels of each path in the first stage.
        ratio: Channels over those of an excitation's bottleneck.
        depths: Blocks of each stage, for networks that have as many stages.
        stem: One of `STEMS`.
    """

    height: int
    width: int
    in_channels: int
    num_classes: int
    width_mult: float = 1.0
    cardinality: int | None = None
    group_width: int | None = None
    ratio: int | None = None
    depths: tuple[int, ...] | None = None
    stem: str | None = None

    def check(self) -> None:
        """Raise unless each value is within its limits.

        Raises:
            ShapeError: The message names the setting, its limits and the nearest valid value.
        """
        for name, limits in LIMITS.items():
            value = getattr(self, name)
            if name == "depths":
                for i, depth in enumerate(value or ()):
                    check_range(f"depths[{i}]", depth, limits)
            elif value is not None:
                check_range(name, value, limits)
        if self.stem is not None and self.stem not in STEMS:
            raise ShapeError(f"stem = {self.stem!r} is none of {', '.join(STEMS)}. Try 7x7.")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the image."""
        return self.in_channels, self.height, self.width
