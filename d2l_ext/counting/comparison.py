"""Two networks side by side: what each costs, where, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from d2l_ext.counting.graph import Layer
from d2l_ext.counting.summary import NOTE, Summary, gathered, shape_text
from d2l_ext.counting.tables import folded, html_table, text_table


@dataclass(frozen=True)
class Pair:
    """A row of a comparison: a layer, a stage or the whole of both networks.

    Attributes:
        name: What both rows are called.
        first: The row of the first network; None where it has none.
        second: The row of the second one.
    """

    name: str
    first: Layer | None
    second: Layer | None

    @property
    def parameters(self) -> tuple[int, int]:
        """Learned numbers of the two; 0 where there is no row."""
        return _cost(self.first, "parameters"), _cost(self.second, "parameters")

    @property
    def macs(self) -> tuple[int, int]:
        """Multiply-accumulates of the two; 0 where there is no row."""
        return _cost(self.first, "macs"), _cost(self.second, "macs")


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` returns; printed, it is a table.

    Attributes:
        first: The summary of one network.
        second: The summary of the other; differences and ratios are second against first.
    """

    first: Summary
    second: Summary

    @property
    def total(self) -> Pair:
        """The two networks as a whole."""
        one, other = (gathered("total", list(s.layers)) for s in (self.first, self.second))
        return Pair("total", one, other)

    def stages(self) -> list[Pair]:
        """The layers whose outputs have the same height and width, together; vectors come last.

        That is what a stage is in every family, whatever it calls its parts.
        """
        sides = [_by_map(summary) for summary in (self.first, self.second)]
        maps = sorted({*sides[0], *sides[1]}, key=lambda size: (len(size), size), reverse=True)
        return [
            Pair(shape_text(size) or "vectors", *(side.get(size) for side in sides))
            for size in maps
        ]

    def rows(self, depth: int | None = None) -> list[Pair]:
        """Layers of the same name side by side, or with `depth` parts down to that depth of names.

        What only one network has stands where it runs there.
        """
        ours, theirs = self.first.rows(depth), self.second.rows(depth)
        one, other = ([layer.name for layer in layers] for layers in (ours, theirs))
        pairs: list[Pair] = []
        for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
            if tag == "equal":
                both = zip(ours[i:j], theirs[k:m], strict=True)
                pairs += [Pair(first.name, first, second) for first, second in both]
            else:
                pairs += [Pair(layer.name, layer, None) for layer in ours[i:j]]
                pairs += [Pair(layer.name, None, layer) for layer in theirs[k:m]]
        return pairs

    def table(self, depth: int | None = None) -> str:
        """The table as text, of all layers or of parts down to `depth`."""
        return self._text("layer", self.rows(depth))

    def __str__(self) -> str:
        """The table with every layer."""
        return self.table()

    def __repr__(self) -> str:
        """The table stage by stage, short enough to look at."""
        return self._text("map", self.stages())

    def _repr_html_(self) -> str:
        """The table in a notebook: stage by stage, with all layers folded below."""
        pairs = self.rows()
        short = html_table(
            self._title(),
            self._header("map"),
            list(map(_cells, self.stages())),
            _cells(self.total),
            left=1,
        )
        every = html_table(
            "", self._header("layer"), list(map(_cells, pairs)), _cells(self.total), left=1
        )
        return f"{short}<p>{NOTE}</p>" + folded(f"all {len(pairs)} layers", every)

    def _text(self, column: str, pairs: list[Pair]) -> str:
        return text_table(
            self._title(),
            self._header(column),
            list(map(_cells, pairs)),
            _cells(self.total),
            left=1,
        )

    def _title(self) -> str:
        """Which networks, on which images."""
        one, other = (f"{s.network} on {shape_text(s.input_shape)}" for s in self._sides())
        return f"{one} (A) and {other} (B)"

    def _sides(self) -> tuple[Summary, Summary]:
        return self.first, self.second

    @staticmethod
    def _header(column: str) -> tuple[str, ...]:
        costs = [f"{what} of {side}" for what in ("parameters", "MACs") for side in "AB"]
        return (column, *costs[:2], "B - A", "B / A", *costs[2:], "B - A", "B / A")


def _cost(layer: Layer | None, name: str) -> int:
    """A cost of a row that may be missing."""
    return getattr(layer, name) if layer else 0


def _by_map(summary: Summary) -> dict[tuple[int, ...], Layer]:
    """The layers of each height and width as one row; () is what has neither."""
    groups: dict[tuple[int, ...], list[Layer]] = {}
    for layer in summary.layers:
        groups.setdefault(layer.output_shape[1:], []).append(layer)
    return {size: gathered(shape_text(size), layers) for size, layers in groups.items()}


def _cells(pair: Pair) -> tuple[str, ...]:
    """A row of the table; a ratio to nothing is left open."""
    cells = [pair.name]
    for first, second in (pair.parameters, pair.macs):
        ratio = f"{second / first:.2f}" if first else ""
        cells += [f"{first:,}", f"{second:,}", f"{second - first:+,}", ratio]
    return tuple(cells)
