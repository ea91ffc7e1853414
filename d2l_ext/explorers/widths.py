"""Channels that the settings decide, as small expressions: what a blueprint says of a width.

An expression is a number; `"classes"`; `[factor, base]`, for `factor * scaled(base, width_mult)`; or
`[operation, ...]` with one of `OPERATIONS`, whose arguments may be expressions again. `widths.js` has
the same operations for the page, and the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from d2l_ext.counting import ShapeError
from d2l_ext.explorers.settings import Settings
from d2l_ext.scaling import scaled, scaled_generously, scaled_to_multiple, squeezed

Expression = Any  # int, str or a list, as JSON has them


class Widths:
    """Evaluates expressions at one choice of settings.

    Args:
        settings: What the learner chose.
        published: `cardinality`, `group_width` and `ratio` as the network was published, where it
            has them; they stand in for settings that are None.
    """

    def __init__(self, settings: Settings, published: Mapping[str, Any]) -> None:
        self.settings, self.published = settings, published

    def __call__(self, expression: Expression) -> int:
        """The number of channels, or of groups.

        Raises:
            ShapeError: The SE ratio is above the channels that it would reduce.
        """
        if isinstance(expression, int):
            return expression
        if expression == "classes":
            return self.settings.num_classes
        first, *others = expression
        if isinstance(first, int):
            return first * scaled(others[0], self.settings.width_mult)
        return getattr(self, f"_{first}")(*others)

    def chosen(self, name: str) -> int:
        """A setting, or what was published."""
        value = getattr(self.settings, name)
        return self.published[name] if value is None else value

    def _sum(self, *terms: Expression) -> int:
        return sum(map(self, terms))

    def _less(self, whole: Expression, part: Expression) -> int:
        return self(whole) - self(part)

    def _times(self, factor: float, of: Expression) -> int:
        return int(factor * self(of))

    def _half(self, of: Expression) -> int:
        return max(1, self(of) // 2)

    def _quarter(self, of: Expression) -> int:
        return max(1, round(self(of) / 4))

    def _ninths(self, of: Expression, count: int) -> int:
        """Where one of a shift's nine groups ends: what does not divide is in the middle one."""
        channels = self(of)
        return count * (channels // 9) if count < 5 else channels - (9 - count) * (channels // 9)

    def _multiple(self, base: int, multiple: int) -> int:
        return scaled_to_multiple(base, self.settings.width_mult, multiple)

    def _generous(self, base: int, multiple: int) -> int:
        return scaled_generously(base, self.settings.width_mult, multiple)

    def _upwards(self, base: int, multiple: int) -> int:
        return scaled_generously(base, max(1.0, self.settings.width_mult), multiple)

    def _stage(self, base: int, group_width: int) -> int:
        """A RegNet's stage: the nearest width that its groups divide."""
        width = scaled(base, self.settings.width_mult)
        group_width = min(group_width, width)
        return group_width * round(width / group_width)  # ties to the even one, as there

    def _groups(self, base: int, group_width: int) -> int:
        width = scaled(base, self.settings.width_mult)
        return self._stage(base, group_width) // min(group_width, width)

    def _cardinality(self) -> int:
        return self.chosen("cardinality")

    def _paths(self, base: int, first: int) -> int:
        """ResNeXt's paths, whose width grows with the channels of the stage, `first` in the first."""
        growth = scaled(base, self.settings.width_mult) / first
        return self.chosen("cardinality") * scaled(self.chosen("group_width"), growth)

    def _squeeze(self, of: Expression) -> int:
        channels, ratio = self(of), self.chosen("ratio")
        if self.settings.ratio is not None and ratio > channels:
            raise ShapeError(
                f"ratio = {ratio} is above the {channels} channels that it would reduce. "
                f"Try {channels}."
            )
        return squeezed(channels, ratio)


OPERATIONS = tuple(name[1:] for name in vars(Widths) if name[0] == "_" and name[1] != "_")
