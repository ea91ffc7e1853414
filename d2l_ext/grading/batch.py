"""Runs what has not been run yet, on any executor; each record is kept as soon as there is one."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass

from d2l_ext.grading.judge import judge
from d2l_ext.grading.paper import Paper
from d2l_ext.grading.records import Judged, Records, key_of
from d2l_ext.grading.runner import Runner
from d2l_ext.grading.solutions import Assignment
from d2l_ext.grading.submissions import Submission


@dataclass(frozen=True)
class Settings:
    """What decides, beside the notebooks, over what comes of a cell.

    Attributes:
        timeout: seconds that a cell may take.
        seed: from which the inputs of hidden checks are drawn.
        memory: such as `2G`, that a kernel may take.
        unsafe: grades without a sandbox where there is none.
    """

    timeout: float
    seed: str
    memory: str
    unsafe: bool

    def runner(self) -> Runner:
        """The runner of this process for these settings: the same one until it is stopped."""
        with _lock:
            if self not in _runners:
                _runners[self] = Runner(self.timeout, self.seed, self.memory, self.unsafe)
            return _runners[self]

    def stop(self) -> None:
        """Ends what runs for these settings, and what waits to be used again."""
        with _lock:
            runner = _runners.pop(self, None)
        if runner:
            runner.stop()


_lock = threading.Lock()
_runners: dict[Settings, Runner] = {}


@dataclass(frozen=True)
class Unit:
    """A submission to run; of some `questions` alone the result counts, with what was `held`."""

    submission: Submission
    assignment: Assignment
    key: str
    questions: frozenset[str] = frozenset()
    held: Judged | None = None

    @property
    def paper(self) -> Paper:
        """What is to run; the other questions too, since an answer may use those before it."""
        return self.assignment.paper(self.submission.answers)


def key_of_unit(submission: Submission, assignment: Assignment, settings: Settings) -> str:
    """The name of the record: of the student, the answers, the assignment and the settings."""
    answers = json.dumps(submission.answers, sort_keys=True)
    parts = (submission.student, submission.owner.identifier, submission.exercise, answers)
    return key_of(*parts, assignment.digest, json.dumps(dataclasses.asdict(settings)))


def run_paper(paper: Paper, settings: Settings) -> Judged:
    """Runs a paper in this process's name; what is sent to a pool or to another machine."""
    runner, begun = settings.runner(), time.monotonic()
    records = judge(paper, runner)
    return Judged(records, time.monotonic() - begun, runner.sandbox)


def run_units(
    units: Iterable[Unit], settings: Settings, records: Records, executor: Executor
) -> Iterator[tuple[Unit, Judged | Exception]]:
    """Runs submissions, in whatever order they come to an end.

    Args:
        units: the submissions.
        settings: for all of them.
        records: where each is kept before it is handed out.
        executor: runs them.

    Yields:
        Each with what it gave, or with the error of a grader that failed.
    """
    waiting = {executor.submit(run_paper, unit.paper, settings): unit for unit in units}
    try:
        for future in as_completed(waiting):
            unit = waiting.pop(future)  # a thousand results need not be held twice
            try:
                judged = _merged(unit, future.result())
            except Exception as error:  # a fault of the grader's must not end the others' grading
                yield unit, error
                continue
            student, exercise = unit.submission.student, unit.submission.exercise
            records.put(unit.key, judged, student=student, exercise=exercise)
            yield unit, judged
    finally:
        for future in waiting:
            future.cancel()


def _merged(unit: Unit, judged: Judged) -> Judged:
    """What came of some questions, with what the others gave before."""
    if not unit.held:
        return judged
    groups = unit.paper.groups
    again = {cell["id"] for name in unit.questions & groups.keys() for cell in groups[name]}
    kept = {name: record for name, record in unit.held.records.items() if name not in again}
    new = {name: record for name, record in judged.records.items() if name in again}
    return Judged(kept | new, unit.held.seconds + judged.seconds, judged.sandbox)
