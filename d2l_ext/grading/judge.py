"""Runs a paper so that a group of cells that hangs or kills its kernel costs nothing but itself."""

from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.paper import Paper
from d2l_ext.grading.runner import FAULTS, Record, Runner


def judge(paper: Paper, runner: Runner) -> dict[str, Record]:
    """Runs all groups of a paper, in as few kernels as it takes.

    The first kernel runs everything. If a group hangs, or ends the kernel, the groups behind it
    are run in a fresh one, without it; what was proven before stays. A kernel that ends is
    blamed only on a group that was alone in it so far: an earlier one may have left a thread
    behind.

    Args:
        paper: what to run.
        runner: runs it.

    Returns:
        A record for each cell that ran, by its id.

    Raises:
        InfrastructureError: if a shared cell fails, or no kernel starts.
    """
    records: dict[str, Record] = {}
    waiting = list(paper.groups)
    while waiting:
        ran = runner.run(paper.notebook(waiting))
        for cell in paper.shared:
            if ran[cell["id"]].outcome != "passed":
                reason = ran[cell["id"]].error or ran[cell["id"]].outcome
                raise InfrastructureError(f"the set-up cell fails: {reason}")
        records |= ran
        fault = next((record for record in ran.values() if record.outcome in FAULTS), None)
        if fault is None:
            break
        ids = [{cell["id"] for cell in paper.groups[name]} for name in waiting]
        place = next(i for i, cells in enumerate(ids) if fault.cell in cells)
        again = fault.outcome == "died" and place > 0
        waiting = waiting[place if again else place + 1 :]
    return records
