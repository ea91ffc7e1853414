"""Where in the image an output looks, along one axis: exact positions, not only a size."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Field:
    """The pixels that can change an output, along one axis of the image.

    Output number i looks at pixels `start + i * jump` to `end + i * jump`, both included; pixels
    outside of the image are padding. After a squeeze every output sees the `whole` image.

    Source: the recursion of Araujo, Norris and Sim, "Computing receptive fields of convolutional
    neural networks", Distill 2019, with the positions kept so that paths of different length can
    be joined.
    """

    image: int
    start: int = 0
    end: int = 0
    jump: int = 1
    whole: bool = False

    @property
    def size(self) -> int:
        """Pixels along the axis; may exceed the image, whose border is padding then."""
        return self.image if self.whole else self.end - self.start + 1

    def through(self, kernel: int, stride: int, padding: int, dilation: int = 1) -> Field:
        """The field after a window of `kernel` taps is moved over this one."""
        first = self.start - padding * self.jump
        last = self.end + (dilation * (kernel - 1) - padding) * self.jump
        return replace(self, start=first, end=last, jump=self.jump * stride)

    def joined(self, other: Field) -> Field:
        """The field of an output that both lead to: the longest path counts."""
        return replace(
            self,
            start=min(self.start, other.start),
            end=max(self.end, other.end),
            whole=self.whole or other.whole,
        )

    def over(self, positions: int) -> Field:
        """The field of something that reads all of so many positions, as a squeeze does."""
        first = max(self.start, 0)
        last = min(self.end + (positions - 1) * self.jump, self.image - 1)
        if self.whole or (first == 0 and last == self.image - 1):
            return Field(self.image, 0, self.image - 1, self.image, whole=True)
        return replace(self, start=first, end=last)
