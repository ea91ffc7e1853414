"""A study as a figure: how the error of each row falls, with the spread of its seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from d2l_ext import figures
from d2l_ext.zoo.study_results import Study, StudyRun
from d2l_ext.zoo.study_table import caption

KINDS = {"train_acc": "training error, %", "val_acc": "test error, %"}


def curves(study: Study, rows: str | Sequence[str] | None = None) -> figures.Picture:
    """Training and test error by epoch: the mean over the seeds, and a band from best to worst.

    Args:
        study: As `study_results.read` gives it.
        rows: Which rows to draw, or the name of one; all if left out. More than seven share colours.

    Raises:
        ValueError: The study has no such row.
    """
    known = study.rows
    chosen = list(known) if rows is None else [rows] if isinstance(rows, str) else list(rows)
    for name in chosen:
        if name not in known:
            raise ValueError(f"{study.name} has no row {name!r}; it has {', '.join(known)}")
    figure, axes = figures.axes(columns=2, sharey=True)
    for ax, (key, label) in zip(axes, KINDS.items(), strict=True):
        by_epoch = {name: _by_epoch(known[name], key) for name in chosen}
        means = {name: [*map(statistics.mean, seeds)] for name, seeds in by_epoch.items()}
        figures.curves(ax, means, ylabel=label)
        for i, seeds in enumerate(by_epoch.values()):
            colour = figures.COLOURS[i % len(figures.COLOURS)]
            best, worst = [*map(min, seeds)], [*map(max, seeds)]
            ax.fill_between(range(1, len(seeds) + 1), best, worst, color=colour, alpha=0.15, lw=0)
    axes[0].get_legend().remove()
    axes[1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figures.show(figure, alt=_words(study, chosen))


def _by_epoch(runs: Sequence[StudyRun], key: str) -> list[list[float]]:
    """For each epoch the errors of all seeds, in percent."""
    return [
        [100 * (1 - epoch[key]) for epoch in epochs]
        for epochs in zip(*(run.epochs for run in runs), strict=True)
    ]


def _words(study: Study, chosen: Sequence[str]) -> str:
    """The figure for those who cannot see it."""
    ends = []
    for name in chosen:
        train, test = (statistics.mean(_by_epoch(study.rows[name], key)[-1]) for key in KINDS)
        ends.append(f"{name} {train:.1f} and {test:.1f}")
    return (
        "Two plots of the error by epoch, training on the left and test on the right "
        f"({caption(study)}). After the last epoch, training and test, in percent: "
        f"{'; '.join(ends)}."
    )
