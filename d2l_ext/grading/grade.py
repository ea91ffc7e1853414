"""The command `d2l-ext grade`: a folder of submissions becomes points and pages of feedback."""

import argparse
import contextlib
import dataclasses
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from d2l_ext.grading import feedback, files, gradebook
from d2l_ext.grading.appraisal import findings
from d2l_ext.grading.errors import InfrastructureError
from d2l_ext.grading.exercise import Exercise, Question, load
from d2l_ext.grading.fresh import DEFAULT_SEED
from d2l_ext.grading.judge import judge
from d2l_ext.grading.key import AnswerKey, make_key
from d2l_ext.grading.paper import question_paper
from d2l_ext.grading.release import solution_paths
from d2l_ext.grading.results import INFRA, OK, REJECT, Mark, Result
from d2l_ext.grading.runner import Record, Runner
from d2l_ext.grading.submissions import Submission, read_submissions
from d2l_ext.grading.values import NO_ANSWER


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "submissions", type=Path, help="holds a notebook, or a folder of them, for each student"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="GRADES")
    parser.add_argument("--solutions", type=Path, default=Path("solutions"), metavar="FOLDER")
    parser.add_argument("--workers", type=_at_least_one, default=_cores(), metavar="N")
    parser.add_argument(
        "--timeout", type=float, default=20.0, metavar="SECONDS", help="for each cell (20)"
    )
    parser.add_argument(
        "--seed", default=DEFAULT_SEED, metavar="N", help="draws other inputs for hidden checks"
    )


def run(arguments: argparse.Namespace) -> int:
    """Grades a folder; the status is 1 if the grader itself failed on a submission."""
    paths = {path.stem: path for path in solution_paths(arguments.solutions, [])}
    submissions = read_submissions(arguments.submissions, list(paths))
    needed = sorted({s.exercise for s in submissions if not s.rejected})
    runner = Runner(arguments.timeout, arguments.seed)
    with _pool(runner, arguments.workers) as pool:
        prepared = pool.map(lambda name: prepare(paths[name], runner), needed)
        exercises = dict(zip(needed, prepared, strict=True))
        results = _grade_all(submissions, exercises, runner, pool)
    write(results, arguments.out)
    print(gradebook.table_text(results))
    print(arguments.out / "grades.csv")
    return int(any(result.status == INFRA for result in results))


def prepare(path: Path, runner: Runner) -> Exercise:
    """The exercise with checks that hold what its solution prints for the runner's seed.

    Raises:
        UserError: if the file is not an exercise, or its solution fails.
    """
    exercise, _ = load(path)
    key = make_key(exercise, runner)
    return dataclasses.replace(
        exercise, questions=[_with_key(question, key) for question in exercise.questions]
    )


def grade(submission: Submission, exercise: Exercise | None, runner: Runner) -> Result:
    """Grades one submission; whatever happens to it is in the result.

    Args:
        submission: as it was read.
        exercise: the one that it names, prepared; None if it was rejected.
        runner: runs it.

    Returns:
        The result.
    """
    student = submission.student
    if exercise is None:
        return Result(student, submission.exercise, REJECT, note=submission.rejected)
    if submission.version not in (None, exercise.version):
        note = (
            f"this is version {str(submission.version)[:20]} of {exercise.label}, "
            f"version {exercise.version} was asked for"
        )
        return Result(student, exercise.name, REJECT, note=note)
    expected = {c.id: c.expected or "" for q in exercise.questions for c in q.checks}
    try:
        records = judge(question_paper(exercise, submission.answers, expected), runner)
    except InfrastructureError as error:
        return Result(student, exercise.name, INFRA, note=str(error))
    except Exception as error:  # a fault of the grader's must not end the others' grading
        return Result(student, exercise.name, INFRA, note=f"{type(error).__name__}: {error}")
    marks = [_mark(q, submission.answers.get(q.key), records, runner) for q in exercise.questions]
    status = next((mark.status for mark in marks if mark.status != OK), OK)
    untouched = all(f.verdict.words == NO_ANSWER for mark in marks for f in mark.findings)
    return Result(student, exercise.name, status, marks, "no answer" if untouched else "")


def write(results: Sequence[Result], out: Path) -> None:
    """Writes a page of feedback for each student, then the gradebook."""
    for student in sorted({result.student for result in results}):
        own = [result for result in results if result.student == student]
        files.write_text(out / "feedback" / f"{student}.html", feedback.page(student, own))
    files.write_text(out / "grades.csv", gradebook.csv_text(results))


def _with_key(question: Question, key: AnswerKey) -> Question:
    checks = [
        dataclasses.replace(
            check,
            expected=key.expected[check.id],
            recognised=() if check.hidden else key.recognised(question.key),
        )
        for check in question.checks
    ]
    return dataclasses.replace(question, checks=checks)


def _mark(
    question: Question, answer: str | None, records: dict[str, Record], runner: Runner
) -> Mark:
    if answer is None:
        return Mark(question, note="no answer cell")
    return Mark(question, answer, findings(question, answer, records, runner.timeout))


def _grade_all(
    submissions: Sequence[Submission],
    exercises: dict[str, Exercise],
    runner: Runner,
    pool: ThreadPoolExecutor,
) -> list[Result]:
    """Grades all in a pool of workers; the results keep the order of the submissions."""
    places = {
        pool.submit(grade, s, None if s.rejected else exercises[s.exercise], runner): place
        for place, s in enumerate(submissions)
    }
    # No bar where standard error is not a terminal.
    done = tqdm(as_completed(places), total=len(places), unit="submission", disable=None)
    found = {places[future]: future.result() for future in done}
    return [found[place] for place in sorted(found)]


@contextlib.contextmanager
def _pool(runner: Runner, workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that, when something goes wrong or Ctrl-C is pressed, leaves no process behind."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException:
        runner.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("there must be at least one worker")
    return number


def _cores() -> int:
    """The cores that this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
