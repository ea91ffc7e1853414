"""What `fuse` did: which rule fired where, what it saved, and what stayed as it was, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from torch import nn

from d2l_ext.columns import aligned

if TYPE_CHECKING:
    from torch import fx

    from d2l_ext.fusion.traffic import Traffic

HEADER = ("rule", "times", "for example")


@dataclass(frozen=True)
class Firing:
    """One use of a rule.

    Attributes:
        rule: Its name.
        into: The layer that does the work now.
        absorbed: What that layer does on top of its own work, by name.
    """

    rule: str
    into: str
    absorbed: tuple[str, ...]

    def __str__(self) -> str:
        """What went where."""
        return f"{' + '.join(self.absorbed)} into {self.into}" if self.absorbed else self.into


@dataclass(frozen=True)
class Left:
    """Something that a rule would take if it could.

    Attributes:
        name: The layer, or the part of the network.
        reason: Why it stays as it was.
    """

    name: str
    reason: str


@dataclass(frozen=True, repr=False)
class Report:
    """What `fuse` did; printed, it is a table.

    Attributes:
        network: Name of the network's class.
        fired: Each use of each rule, in the order of the rules.
        left: What could not be fused.
        operations_before: Steps of the network that compute something; reshaping is none.
        operations_after: The same, of the fused network.
        parameters_before: Learned numbers and the statistics of batch norms.
        parameters_after: The same, of the fused network.
        graphs: Both networks without their weights, for `memory_traffic`.
    """

    network: str
    fired: tuple[Firing, ...]
    left: tuple[Left, ...]
    operations_before: int
    operations_after: int
    parameters_before: int
    parameters_after: int
    graphs: tuple[fx.GraphModule, fx.GraphModule] | None = None

    def count(self) -> dict[str, int]:
        """How often each rule fired, in the order of the rules."""
        return dict(Counter(firing.rule for firing in self.fired))

    def memory_traffic(self, input_shape: tuple[int, ...]) -> Traffic:
        """Numbers that are read and written for one image, before and after.

        Args:
            input_shape: (channels, height, width).

        Raises:
            ValueError: The network could not be traced, or cannot take this shape.

        Example:
            >>> from d2l_ext import fusion, networks
            >>> report = fusion.fuse(networks.get_network('resnet18')).report
            >>> traffic = report.memory_traffic((3, 224, 224))
            >>> traffic.after < traffic.before
            True
        """
        from d2l_ext.fusion.traffic import measure

        if self.graphs is None:
            raise ValueError(
                f"{self.network} could not be traced, so nothing is known of its steps"
            )
        return measure(*self.graphs, input_shape)

    def rows(self) -> list[tuple[str, str, str]]:
        """A row for each rule that fired: its name, how often, its first use."""
        first: dict[str, str] = {}
        for firing in self.fired:
            first.setdefault(firing.rule, str(firing))
        return [(rule, str(times), first[rule]) for rule, times in self.count().items()]

    def reasons(self) -> dict[str, list[str]]:
        """What was left, by reason."""
        reasons: dict[str, list[str]] = {}
        for left in self.left:
            reasons.setdefault(left.reason, []).append(left.name)
        return reasons

    def totals(self) -> list[str]:
        """Operations and parameters, before and after."""
        return [
            f"operations {self.operations_before:,} before, {self.operations_after:,} after",
            f"parameters {self.parameters_before:,} before, {self.parameters_after:,} after",
        ]

    def __str__(self) -> str:
        """The table, the totals, and what was left."""
        lines = aligned([HEADER, *self.rows()], left=(0, 2))
        rule = "-" * max(map(len, lines))
        table = [f"{self.network}, fused", rule, lines[0], rule, *lines[1:], rule, *self.totals()]
        if self.left:
            table.append("left as it was:")
            table += [f"  {summary(names)}: {why}" for why, names in self.reasons().items()]
        return "\n".join(table)

    def __repr__(self) -> str:
        """The same as printed."""
        return str(self)

    def _repr_html_(self) -> str:
        """The table in a notebook, with every use of every rule folded below."""
        head = "".join(f'<th scope="col">{name}</th>' for name in HEADER)
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(rule)}</th>'
            f'<td style="text-align:right">{times}</td>'
            f'<td style="text-align:left">{escape(example)}</td></tr>'
            for rule, times, example in self.rows()
        )
        table = (
            f"<table><caption>{escape(self.network)}, fused</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )
        totals = "".join(f"<p>{line}</p>" for line in self.totals())
        uses = [f"{firing.rule}: {firing}" for firing in self.fired]
        stayed = [f"{left.name}: {left.reason}" for left in self.left]
        return table + totals + folded("every use", uses) + folded("left as it was", stayed)


def folded(title: str, lines: list[str]) -> str:
    """A list that opens on a click; nothing for an empty one."""
    if not lines:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details><summary>{title} ({len(lines)})</summary><ul>{items}</ul></details>"


def summary(names: list[str]) -> str:
    """A name or two, and how many more there are."""
    shown = ", ".join(names[:2])
    return f"{shown} and {len(names) - 2} more" if len(names) > 2 else shown


def stored(net: nn.Module) -> int:
    """Learned numbers, and the statistics of batch norms, each once; counters are not counted."""
    tensors = {id(x): x for x in (*net.parameters(), *net.buffers())}
    return sum(x.numel() for x in tensors.values() if x.is_floating_point())
