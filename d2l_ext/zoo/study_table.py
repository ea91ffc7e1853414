"""A study as a table: what each row cost, its error, and how far its seeds lie apart."""

from __future__ import annotations

import statistics
import textwrap
from dataclasses import dataclass
from html import escape

from d2l_ext.columns import aligned
from d2l_ext.zoo.files import ZooError, hint
from d2l_ext.zoo.show import LEFT, duration, facts_table, recipe_text
from d2l_ext.zoo.study_results import Study

RIGHT = ' style="text-align:right"'
HEADER = ("row", "parameters", "MACs", "seeds", "error", "spread", "training error")


@dataclass(frozen=True)
class Row:
    """One row of a study, all seeds together.

    Attributes:
        name: Of the row.
        parameters: Learned numbers.
        macs: Multiply-accumulates for one image.
        errors: The share of the test images that are wrong at the end, for each seed.
        training_error: The mean over the seeds in the last epoch, of augmented images.
    """

    name: str
    parameters: int
    macs: int
    errors: tuple[float, ...]
    training_error: float

    @property
    def error(self) -> float:
        """The mean over the seeds."""
        return statistics.mean(self.errors)

    @property
    def spread(self) -> float | None:
        """The standard deviation of the seeds; None where there is one seed only."""
        return statistics.stdev(self.errors) if len(self.errors) > 1 else None

    def welch(self, other: Row) -> tuple[float, float] | None:
        """Welch's t-test of two rows' means: t, the difference in its standard errors, and p.

        None where either has one seed only: then the seeds' spread is not known.
        """
        if self.spread is None or other.spread is None:
            return None
        from scipy import stats

        result = stats.ttest_ind(other.errors, self.errors, equal_var=False)
        return float(result.statistic), float(result.pvalue)


def rows(study: Study) -> list[Row]:
    """The rows of a study, in its order."""
    return [
        Row(
            name,
            runs[0].parameters,
            runs[0].macs,
            tuple(1 - run.right / study.test_images for run in runs),
            statistics.mean(1 - run.epochs[-1]["train_acc"] for run in runs),
        )
        for name, runs in study.rows.items()
    ]


def text(study: Study) -> str:
    """The table in a terminal or a cell: how the networks were trained, the rows, what they show."""
    lines = aligned([HEADER, *map(_cells, rows(study))])
    finding = ["", *textwrap.wrap(study.finding, 100)] if study.finding else []
    return "\n".join([caption(study), "", *lines, *finding])


def difference(study: Study, a: str, b: str) -> str:
    """Two rows beside each other, in words, with Welch's t-test of their seeds.

    Raises:
        ZooError: The study has no such row.
    """
    known = {row.name: row for row in rows(study)}
    for name in (a, b):
        if name not in known:
            raise ZooError(
                f"{study.name} has no row {name!r}; {hint(name, list(known), f'`d2l-ext zoo study {study.name}`')}"
            )
    first, second = known[a], known[b]
    found = first.welch(second)
    test = f"t = {found[0]:.2f}, p = {found[1]:.2g} (Welch)" if found else "one seed is no spread"
    return f"{b} - {a}: {second.error - first.error:+.2%} error, {test}"


def html(study: Study) -> str:
    """The table in a notebook, with what the study shows above it and its provenance folded below."""
    head = "".join(
        f'<th scope="col"{LEFT if i == 0 else RIGHT}>{name}</th>' for i, name in enumerate(HEADER)
    )
    body = "".join(
        f'<tr><th scope="row"{LEFT}>{escape(cells[0])}</th>'
        + "".join(f"<td{RIGHT}>{cell}</td>" for cell in cells[1:])
        + "</tr>"
        for cells in map(_cells, rows(study))
    )
    finding = f"<p>{escape(study.finding)}</p>" if study.finding else ""
    return (
        f"<p><strong>{escape(study.name)}</strong>: {escape(caption(study).partition(': ')[2])}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{finding}"
        "<details><summary>How it was trained, and where it comes from</summary>"
        f"{facts_table(_provenance(study))}</details>"
    )


def _provenance(study: Study) -> list[tuple[str, str]]:
    return [
        ("data", str(study.recipe.get("data", "several"))),
        ("recipe of all rows", recipe_text(study.recipe)),
        ("seeds", ", ".join(map(str, sorted({run.seed for run in study.runs})))),
        ("time", f"{duration(study.seconds)} for {len(study.runs)} networks"),
        ("finished", study.finished),
        ("versions", "; ".join(study.versions)),
        ("commit", "; ".join(study.commits)),
        ("to run it again", f"d2l-ext train {study.name}"),
    ]


def caption(study: Study) -> str:
    """How the networks of a study were trained, in one line."""
    size = " x ".join(map(str, study.input_size))
    epochs = sorted({len(run.epochs) for run in study.runs})
    several = " or ".join(map(str, epochs))
    return (
        f"{study.name}: {study.train_images:,} images of {size}, {several} "
        f"epoch{'s' if epochs != [1] else ''}; {'; '.join(study.hardware)}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.parameters:,}",
        f"{row.macs:,}",
        str(len(row.errors)),
        f"{row.error:.2%}",
        "" if row.spread is None else f"{row.spread:.2%}",
        f"{row.training_error:.2%}",
    )
