"""Runs a paper so that a group of cells that hangs or kills its kernel costs nothing but itself."""

import dataclasses

from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.guard import GUARD
from d2l_ext.grading.paper import AGAIN, Paper
from d2l_ext.grading.runner import FAULTS, Record, Runner


def judge(paper: Paper, runner: Runner) -> dict[str, Record]:
    """Runs all groups of a paper, in as few kernels as it takes.

    The first kernel runs everything. If a group hangs, ends the kernel, reaches a limit or changes
    the course's own functions, the groups behind it are run in a fresh kernel, without it, behind
    the answers that came before; what was proven stays. Only a group that was alone in its kernel
    is blamed: an earlier one may have left a thread behind.

    Args:
        paper: what to run.
        runner: runs it.

    Returns:
        A record for each cell that ran, by its id. `tamper` is the outcome of a guard that failed.

    Raises:
        InfrastructureError: if a shared cell fails, or no kernel starts.
    """
    records: dict[str, Record] = {}
    waiting, before = list(paper.groups), list[str]()
    while waiting:
        ran = _believed(runner.run(paper.notebook(waiting, before)))
        _demand_set_up(paper, ran)
        fault = next((record for record in ran.values() if record.outcome in FAULTS), None)
        if fault is None:
            return records | _of(paper, waiting, ran)
        place = _place(paper, waiting, fault)
        if place is None:  # in an answer that was run again
            before = []
            continue
        done, group = waiting[:place], waiting[place]
        alone = not (before or done)
        records |= _of(paper, done, ran)
        if alone or fault.outcome in ("timeout", "limit"):
            records |= _of(paper, [group], ran)
            blamed, waiting = [group], waiting[place + 1 :]
        else:
            # Once more behind the answers alone, without their checks; then without anything.
            blamed, waiting = [], waiting[place:]
        retry_alone = not blamed and not done
        settled = [name for name in paper.groups if name not in waiting and name not in blamed]
        before = [] if retry_alone else [name for name in settled if _sound(paper, name, records)]
    return records


def _believed(ran: dict[str, Record]) -> dict[str, Record]:
    """The records up to the first guard that failed: behind it nothing can be believed."""
    believed = {}
    for name, record in ran.items():
        if name.endswith(GUARD) and record.outcome in ("differs", "error"):
            believed[name] = dataclasses.replace(record, outcome="tamper")
            break
        believed[name] = record
    return believed


def _demand_set_up(paper: Paper, ran: dict[str, Record]) -> None:
    for cell in paper.shared:
        record = ran.get(cell["id"], Record(cell["id"], "not run"))
        if record.outcome != "passed":
            raise InfrastructureError(f"the set-up cell fails: {record.error or record.outcome}")


def _place(paper: Paper, waiting: list[str], fault: Record) -> int | None:
    """The place of the group in which a fault happened."""
    if fault.cell.startswith(AGAIN):
        return None
    ids = [{cell["id"] for cell in paper.groups[name]} for name in waiting]
    return next(place for place, cells in enumerate(ids) if fault.cell in cells)


def _of(paper: Paper, groups: list[str], ran: dict[str, Record]) -> dict[str, Record]:
    """The records of shared cells and some groups, and what is said of no cell."""
    others = {
        cell["id"] for name, cells in paper.groups.items() if name not in groups for cell in cells
    }
    return {n: r for n, r in ran.items() if n not in others and not n.startswith(AGAIN)}


def _sound(paper: Paper, group: str, records: dict[str, Record]) -> bool:
    """Whether a group ran to its end."""
    return not any(
        records[cell["id"]].outcome in FAULTS
        for cell in paper.groups[group]
        if cell["id"] in records
    )
