"""Which expression gives the widths that a network was seen to have: how blueprints are drawn.

A width is known at each of several width multipliers. The first candidate that gives all of them is
taken; what is known of the channels that came before serves to make candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from d2l_ext.explorers.settings import Settings
from d2l_ext.explorers.widths import Expression, Widths


def fits(
    expression: Expression,
    values: Sequence[int],
    settings: Sequence[Settings],
    published: Mapping[str, Any],
) -> bool:
    """Whether an expression gives each of the values."""
    return all(
        Widths(chosen, published)(expression) == value
        for chosen, value in zip(settings, values, strict=True)
    )


def scaled_widths(first: int) -> Iterator[Expression]:
    """A scaled base and a factor on it; `first` is the width at a multiplier of 1."""
    for factor in range(1, first + 1):
        if first % factor == 0:
            yield [factor, first // factor]


def from_others(known: Sequence[Expression]) -> Iterator[Expression]:
    """Widths that follow from channels seen before, those of the layer's input first."""
    for other in known:
        yield other
        yield ["half", other]
        yield ["quarter", other]
        yield ["times", 6, other]


def rounded(
    first: int, known: Sequence[Expression], number: Widths, multiples: Sequence[int]
) -> Iterator[Expression]:
    """Widths that groups divide: the rules of MobileNet, RegNet and ShuffleNet."""
    yield ["generous", first, 8]
    yield ["upwards", first, 8]
    for group_width in multiples:
        yield ["stage", first, group_width]
    for other in known:
        if other[0] == "stage":
            yield ["groups", *other[1:]]
    for factor in (1, 2, 4, 0.25):
        for multiple in multiples:
            yield ["times", factor, ["multiple", int(first / factor), multiple]]
            for other in known:
                whole = int((first + number(other)) / factor)
                yield ["less", ["times", factor, ["multiple", whole, multiple]], other]


def rule(
    values: Sequence[int],
    settings: Sequence[Settings],
    known: Sequence[Expression],
    published: Mapping[str, Any],
    multiples: Sequence[int] = (),
) -> Expression | None:
    """The expression for a width, or None where no candidate gives all values.

    Args:
        values: The width at each of `settings`.
        settings: The first of them at a width multiplier of 1.
        known: Expressions of channels that came before, the layer's own input first.
        published: What stands in for settings that are None.
        multiples: What the network's groups are known to divide; such rules are tried first, since
            a scaled width can agree with them by chance.
    """
    if all(value == values[0] for value in values):
        return values[0]
    number = Widths(settings[0], published)
    candidates = chain(
        rounded(values[0], known, number, multiples) if multiples else (),
        scaled_widths(values[0]),
        from_others(known),
        rounded(values[0], known, number, (8,)),
    )
    return next((one for one in candidates if fits(one, values, settings, published)), None)


def total(terms: Sequence[Expression]) -> Expression:
    """The sum of expressions, with equal bases added up."""
    flat: list[Expression] = []
    for term in terms:
        flat += term[1:] if isinstance(term, list) and term[0] == "sum" else [term]
    bases: dict[int, int] = {}
    others = []
    for term in flat:
        if isinstance(term, list) and isinstance(term[0], int):
            bases[term[1]] = bases.get(term[1], 0) + term[0]
        else:
            others.append(term)
    merged = [*others, *([factor, base] for base, factor in bases.items())]
    return merged[0] if len(merged) == 1 else ["sum", *merged]
