"""Two models image by image: the comparison that a test set of 10,000 allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from d2l_ext.columns import aligned
from d2l_ext.zoo.files import ZooError

if TYPE_CHECKING:
    from d2l_ext.zoo.model_card import Card


@dataclass(frozen=True, repr=False)
class Comparison:
    """How often two models are right on the same images.

    Two accuracies with their own standard errors say little about their difference, because both
    models fail on the same hard images. Only the images on which they disagree count.

    Attributes:
        a: Name of the first model.
        b: Name of the second.
        both: Test images that both get right.
        only_a: Those that only the first does.
        only_b: Those that only the second does.
        neither: Those that neither does.
    """

    a: str
    b: str
    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def images(self) -> int:
        """All of them."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of the first less that of the second."""
        return (self.only_a - self.only_b) / self.images

    @property
    def standard_error(self) -> float:
        """Sampling error of the difference, by pairs."""
        disagree, n = (self.only_a + self.only_b) / self.images, self.images
        return math.sqrt((disagree - self.difference**2) / n)

    @property
    def p_value(self) -> float:
        """McNemar's exact test: how likely so large a difference is between equally good models.

        Were both equally good, each image on which they disagree would be the toss of a coin. It
        speaks of these two sets of weights; other seeds may differ by more.
        """
        n, fewer = self.only_a + self.only_b, min(self.only_a, self.only_b)
        ways = tail = 1  # of n tosses, how often exactly k, and at most k, fall on one side
        for k in range(fewer):
            ways = ways * (n - k) // (k + 1)
            tail += ways
        return min(1.0, 2 * tail / 2**n)

    def sentence(self) -> str:
        """The result in words."""
        more = self.only_a - self.only_b
        winner, loser = (self.a, self.b) if more >= 0 else (self.b, self.a)
        return (
            f"{winner} is right on {abs(more):,} more of {self.images:,} images than {loser}: "
            f"{abs(self.difference):.2%} ± {self.standard_error:.2%}. "
            f"McNemar's exact test: p = {self.p_value:.2g}."
        )

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            ("", f"{self.b} right", f"{self.b} wrong"),
            (f"{self.a} right", f"{self.both:,}", f"{self.only_a:,}"),
            (f"{self.a} wrong", f"{self.only_b:,}", f"{self.neither:,}"),
        ]

    def __repr__(self) -> str:
        return "\n".join([*aligned(self._rows()), self.sentence()])

    def _repr_html_(self) -> str:
        head, *body = self._rows()
        columns = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(first)}</th>'
            + "".join(f'<td style="text-align:right">{cell}</td>' for cell in cells)
            + "</tr>"
            for first, *cells in body
        )
        return (
            f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{escape(self.sentence())}</p>"
        )


def compare(a: Card, b: Card) -> Comparison:
    """Count the test images that both, one or none of two models get right.

    Raises:
        ZooError: They were tested on different images, or predictions are missing or damaged.
    """
    from d2l_ext.zoo.datasets import test_images
    from d2l_ext.zoo.stored_predictions import read_predictions

    if a.data != b.data:
        raise ZooError(
            f"{a.name} was tested on {a.data} and {b.name} on {b.data}: only models of the same "
            "data set can be compared image by image"
        )
    labels = test_images(a).val.labels
    first, second = (read_predictions(card) == labels for card in (a, b))
    return Comparison(
        a.name,
        b.name,
        both=int((first & second).sum()),
        only_a=int((first & ~second).sum()),
        only_b=int((~first & second).sum()),
        neither=int((~first & ~second).sum()),
    )
