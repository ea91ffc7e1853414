"""The command `d2l-ext grade`: submissions become points, pages of feedback and import files."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from d2l_ext.grading import gradebook, late, overrides
from d2l_ext.grading.assess import assess, failed, rejected, rejection, with_deduction
from d2l_ext.grading.batch import Settings, Unit, key_of_unit, run_units
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.fresh import DEFAULT_SEED
from d2l_ext.grading.records import Judged, Records
from d2l_ext.grading.results import INFRA, Result
from d2l_ext.grading.solutions import Assignment, Solutions, prepare
from d2l_ext.grading.submissions import Submission, read_submissions
from d2l_ext.grading.writing import write

DAY = 24 * 60 * 60  # in seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "submissions",
        type=Path,
        help="a folder or zip that holds a notebook, a folder or a zip for each student; "
        "as Canvas, Moodle, Gradescope or nbgrader gives it, or named after the students",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="GRADES")
    parser.add_argument("--solutions", type=Path, default=Path("solutions"), metavar="FOLDER")
    parser.add_argument("--workers", type=_at_least_one, default=_cores(), metavar="N")
    parser.add_argument(
        "--timeout", type=_seconds, default=20.0, metavar="SECONDS", help="for each cell (20)"
    )
    parser.add_argument("--memory", default="2G", metavar="SIZE", help="for each kernel (2G)")
    parser.add_argument(
        "--seed", default=DEFAULT_SEED, metavar="N", help="draws other inputs for hidden checks"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT|QUESTION",
        help="grade this student alone, or this question again; may be given more than once",
    )
    parser.add_argument(
        "--regrade", action="store_true", help="also what has been graded and did not change"
    )
    parser.add_argument("--due", type=_time, metavar="TIME", help="such as 2026-11-23T08:00")
    parser.add_argument(
        "--late", metavar="POLICY", help="10%% for each day begun, or MODULE:FUNCTION"
    )
    parser.add_argument(
        "--unsafe", action="store_true", help="grade also where there is no sandbox"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does it")


def run(arguments: argparse.Namespace) -> int:
    """Grades a class; the status is 1 if the grader itself failed on a submission."""
    policy = late.find_policy(arguments.late) if arguments.late else None
    if arguments.out.resolve() == arguments.submissions.resolve():
        raise UserError("--out is the folder of the submissions: name another one")
    solutions = Solutions(arguments.solutions)
    given = overrides.read(arguments.out / "overrides.csv")
    submissions = read_submissions(arguments.submissions, solutions, arguments.out)
    settings = Settings(arguments.timeout, arguments.seed, arguments.memory, arguments.unsafe)
    records = Records(arguments.out / "records")
    sandbox = settings.runner().sandbox
    with records.locked(), _pool(settings, arguments.workers) as pool:
        needed = sorted({s.exercise for s in submissions if not s.rejected})
        prepared = pool.map(lambda name: prepare(solutions[name], settings.runner()), needed)
        assignments = dict(zip(needed, prepared, strict=True))
        chosen = _chosen(arguments.only, submissions, assignments)
        plan = make_plan(submissions, assignments, settings, records, chosen, arguments.regrade)
        with _executor(arguments.scheduler, pool) as executor:
            judged = _run_all(plan, settings, records, executor)
    results = []
    for submission, result in _results(submissions, assignments, plan, judged, settings, records):
        (result,) = overrides.apply([result], given, solutions)
        results.append(with_deduction(result, submission, arguments.due, policy))
    for named in overrides.unused(results, given):
        print(f"overrides.csv: {named}: not among the grades, so not used", file=sys.stderr)
    write(results, submissions, assignments, arguments.out, sandbox)
    print(f"sandbox: {sandbox}")
    print(gradebook.table_text(results))
    print(arguments.out / "grades.csv")
    return int(any(result.status == INFRA for result in results))


@dataclass(frozen=True)
class Only:
    """What `--only` names; nothing means all."""

    students: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is known already, by the record's name, and what is to run."""

    keys: dict[int, str]
    held: dict[str, Judged]
    units: list[Unit]


def make_plan(
    submissions: Sequence[Submission],
    assignments: dict[str, Assignment],
    settings: Settings,
    records: Records,
    only: Only = Only(),
    regrade: bool = False,
) -> Plan:
    """Decides which submissions run.

    Args:
        submissions: all of them.
        assignments: by exercise.
        settings: for all of them.
        records: what earlier runs left.
        only: who and what is to be graded at all.
        regrade: runs also what has a record.

    Returns:
        The plan; submissions that are rejected have no place in it.
    """
    plan = Plan({}, {}, [])
    for place, submission in enumerate(submissions):
        assignment = assignments.get(submission.exercise)
        if assignment is None or rejection(submission, assignment.exercise):
            continue
        key = plan.keys[place] = key_of_unit(submission, assignment, settings)
        held = records.get(key)
        if held:
            plan.held[key] = held
        if only.students and submission.student not in only.students:
            continue
        if only.questions and held:
            plan.units.append(Unit(submission, assignment, key, only.questions, held))
        elif regrade or not held:
            plan.units.append(Unit(submission, assignment, key))
    return plan


def _run_all(
    plan: Plan, settings: Settings, records: Records, executor: Executor
) -> dict[str, Judged | Exception]:
    """Everything by the record's name, with a progress bar where standard error is a terminal."""
    judged: dict[str, Judged | Exception] = dict(plan.held)
    done = len({unit.key for unit in plan.units} ^ set(plan.keys.values()))
    with tqdm(total=done + len(plan.units), initial=done, unit="submission", disable=None) as bar:
        failures = 0
        for unit, outcome in run_units(plan.units, settings, records, executor):
            judged[unit.key] = outcome
            failures += isinstance(outcome, Exception)
            bar.set_postfix(INFRA=failures, refresh=False)
            bar.update()
    return judged


def _results(
    submissions: Sequence[Submission],
    assignments: dict[str, Assignment],
    plan: Plan,
    judged: dict[str, Judged | Exception],
    settings: Settings,
    records: Records,
) -> Iterator[tuple[Submission, Result]]:
    """The results in the order of the submissions; those that `--only` left out have none.

    Where the grader fails on one submission, that costs the others nothing.
    """
    for place, submission in enumerate(submissions):
        key, assignment = plan.keys.get(place, ""), assignments.get(submission.exercise)
        try:
            result = _result(submission, assignment, judged.get(key), settings)
        except Exception as error:
            path = records.put_traceback(key, error)
            print(f"{submission.student}: the grader failed, see {path}", file=sys.stderr)
            result = failed(submission, error)
        if result:
            yield submission, result


def _result(
    submission: Submission,
    assignment: Assignment | None,
    outcome: Judged | Exception | None,
    settings: Settings,
) -> Result | None:
    reason = rejection(submission, assignment.exercise if assignment else None)
    if reason or assignment is None:
        return rejected(submission, reason)
    if isinstance(outcome, Exception):
        raise outcome
    return assess(submission, assignment, outcome, settings.timeout) if outcome else None


def _chosen(
    names: Sequence[str], submissions: Sequence[Submission], assignments: dict[str, Assignment]
) -> Only:
    questions = {q.key for a in assignments.values() for q in a.exercise.questions}
    students = {submission.student for submission in submissions}
    if unknown := [name for name in names if name not in questions | students]:
        raise UserError(f"--only {unknown[0]}: there is no such student or question")
    return Only(frozenset(names) & students, frozenset(names) & questions)


@contextlib.contextmanager
def _pool(settings: Settings, workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that, when something goes wrong or Ctrl-C is pressed, leaves no process behind.

    A thread for each worker: all that it does is to wait for the process that it started.
    """
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # first, so that nothing starts anew
        settings.stop()
        pool.shutdown()


@contextlib.contextmanager
def _executor(scheduler: str | None, pool: ThreadPoolExecutor) -> Iterator[Executor]:
    if scheduler is None:
        yield pool
        return
    import d2l_ext.grading.cluster as cluster  # an optional dependency

    with cluster.connected(scheduler) as executor:
        yield executor


def _at_least_one(text: str) -> int:
    with contextlib.suppress(ValueError):
        if (number := int(text)) >= 1:
            return number
    raise argparse.ArgumentTypeError(f"{text!r}: write a whole number, at least 1")


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (number := float(text)) <= DAY:
            return number
    raise argparse.ArgumentTypeError(f"{text!r}: write seconds, more than 0, at most {DAY}")


def _time(text: str) -> datetime:
    """A time; without a zone it is meant as this machine's clock shows it."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-11-23T08:00") from None


def _cores() -> int:
    """The cores that this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
