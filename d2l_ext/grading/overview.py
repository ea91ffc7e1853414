"""The page for the instructor: how a class did, what it got wrong together, what to look at."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from html import escape
from statistics import mean, median

from d2l_ext.grading.leaderboard import leaderboard
from d2l_ext.grading.pages import code, html_page
from d2l_ext.grading.results import OK, Mark, Result, points_text
from d2l_ext.grading.similarity import Resemblance
from d2l_ext.grading.verdict import fingerprint

STYLE = """
body { max-width: 60rem; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
thead th { border-bottom: 1px solid #8886; }
.scroll { overflow-x: auto; }
.bar { width: 14rem; min-width: 8rem; }
.bar div { background: var(--bar); height: 1rem; border-radius: .2rem; }
"""
# Wrong outputs that fewer share say more about one student than about the class.
COMMON_LEAST = 2
GROUPS_SHOWN = 5
PAIRS_SHOWN = 100


def page(results: Sequence[Result], alike: Sequence[Resemblance], sandbox: str) -> str:
    """The page.

    Args:
        results: of the whole class.
        alike: submissions that resemble each other.
        sandbox: under which they ran, in words.

    Returns:
        HTML, for the instructor alone: it shows what hidden checks printed.
    """
    return html_page("Overview of the class", "".join(_body(results, alike, sandbox)), STYLE)


def _body(results: Sequence[Result], alike: Sequence[Resemblance], sandbox: str) -> Iterator[str]:
    seconds = sum(result.seconds for result in results)
    students = len({result.student for result in results})
    yield f"<p>{students} students, {len(results)} submissions. Running them took "
    yield f"{seconds / 60:.1f} minutes, all workers together. Sandbox: {escape(sandbox)}.</p>\n"
    statuses = Counter(result.status for result in results)
    rows = [[status, str(count)] for status, count in statuses.most_common()]
    yield _table("Statuses", ["status", "submissions"], rows, numbers=[1])
    yield from _to_look_at(results)
    yield from _alike(alike)
    by_exercise: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.marks:
            by_exercise[result.exercise].append(result)
    for name, own in sorted(by_exercise.items()):
        yield f"<section>\n<h2>{escape(name)}</h2>\n"
        yield from _exercise(own)
        yield "</section>\n"


def _to_look_at(results: Sequence[Result]) -> Iterator[str]:
    rows = [
        [r.student, r.exercise, r.status, "; ".join(r.flags), _why(r)]
        for r in results
        if r.status != OK or r.flags
    ]
    if rows:
        yield _table("To look at", ["student", "exercise", "status", "flags", "why"], rows)


def _why(result: Result) -> str:
    """What was said of a submission, and which questions led to a fault."""
    faults = [
        f"question {mark.question.number}: {mark.status}"
        for mark in result.marks
        if mark.status != OK
    ]
    return "; ".join([*filter(None, [result.note]), *faults])


def _alike(alike: Sequence[Resemblance]) -> Iterator[str]:
    rows = [
        [r.exercise, ", ".join(r.students), "the same file" if r.identical else f"{r.share:.0%}"]
        for r in alike[:PAIRS_SHOWN]
    ]
    if rows:
        yield _table("Similar submissions", ["exercise", "students", "how similar"], rows)
        yield (
            "<p>The part of the shorter one that the longer one also has, by the structure of the "
            "code. Names, comments and numbers do not count, nor what the exercise itself holds or "
            "many students wrote. It is a reason to look, and proves nothing.</p>\n"
        )
    if len(alike) > PAIRS_SHOWN:
        yield f"<p>and {len(alike) - PAIRS_SHOWN} more.</p>\n"


def _exercise(results: Sequence[Result]) -> Iterator[str]:
    totals = [result.total for result in results if result.total is not None]
    if totals:
        of = points_text(results[0].possible)
        yield f"<p>{len(totals)} graded; mean {mean(totals):.1f}, median {median(totals):.1f} "
        yield f"of {of} points.</p>\n"
        counts = Counter(int(total) for total in totals)
        points = range(int(results[0].possible) + 1)
        yield _bars("Totals", "points", [(str(n), counts[n], len(totals)) for n in points])
    columns = list(zip(*(result.marks for result in results), strict=True))
    rows = [_question_row(marks) for marks in columns]
    names = ["question", "mean", "full", "part", "none", "no answer"]
    yield _table("Questions", names, rows, numbers=range(1, 6))
    for marks in columns:
        question = marks[0].question
        counts = Counter(mark.points for mark in marks)
        bars = [(points_text(p), n, len(marks)) for p, n in sorted(counts.items())]
        yield _bars(f"Question {question.number}: {question.title}", "points", bars)
        yield from _common_outputs(marks)
    yield from _leaderboard(results)


def _leaderboard(results: Sequence[Result]) -> Iterator[str]:
    """The designs that the exercise asked for, if it did; who did not keep the budget has no place."""
    entries = leaderboard(results)
    if not entries:
        return
    rows = [
        [
            str(place) if entry.met else "",
            entry.student,
            f"{entry.accuracy:.2%}",
            f"{entry.parameters:,}",
            f"{entry.macs:,}",
            "yes" if entry.met else "no",
        ]
        for place, entry in enumerate(entries, 1)
    ]
    names = ["place", "student", "accuracy", "parameters", "MACs", "check met"]
    yield _table("Leaderboard", names, rows, numbers=[0, 2, 3, 4])
    yield (
        "<p>Accuracies and costs are what each student's own kernel printed for the hidden check, one "
        "training from one seed: a difference of a point is within the luck of a seed, and a number too "
        "good to be true is a reason to read the code. No points depend on it.</p>\n"
    )


def _question_row(marks: Sequence[Mark]) -> list[str]:
    question = marks[0].question
    points = [mark.points for mark in marks]
    full = sum(p == question.points for p in points)
    none = sum(p == 0 for p in points)
    missing = sum(not mark.answer for mark in marks)
    title = f"{question.number}. {question.title}"
    counts = [full, len(points) - full - none, none, missing]
    return [title, f"{mean(points):.1f} of {points_text(question.points)}", *map(str, counts)]


def _common_outputs(marks: Sequence[Mark]) -> Iterator[str]:
    """What several students' answers printed where something else was expected."""
    seen: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for mark in marks:
        for found in mark.findings:
            if not found.verdict.right and found.printed.strip():
                place = found.check.id, fingerprint(found.printed)
                seen[place].append((found.printed, found.verdict.words))
    common = sorted(
        (s for s in seen.items() if len(s[1]) >= COMMON_LEAST), key=lambda s: -len(s[1])
    )
    for (check, _), several in common[:GROUPS_SHOWN]:
        printed, words = several[0]
        yield f"<details><summary>{len(several)} times in {escape(check)}: {escape(words)}"
        yield f"</summary>{code(printed)}</details>\n"


def _bars(title: str, name: str, rows: Sequence[tuple[str, int, int]]) -> str:
    """A distribution: a table whose bars only repeat what its numbers say."""
    cells = "".join(
        f'<tr><th scope="row" class="number">{escape(label)}</th><td class="number">{count}</td>'
        f'<td class="bar" aria-hidden="true"><div style="width: {100 * count / of:.0f}%"></div>'
        "</td></tr>\n"
        for label, count, of in rows
    )
    return (
        f"<table>\n<caption>{escape(title)}</caption>\n<thead><tr>"
        f'<th scope="col" class="number">{name}</th><th scope="col" class="number">students</th>'
        f"<td></td></tr></thead>\n<tbody>\n{cells}</tbody>\n</table>\n"
    )


def _table(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Collection[int] = (),
) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        written = []
        for place, cell in enumerate(cells):
            mark = ' class="number"' if place in numbers else ""
            written.append(f"<{tag}{mark}>{escape(cell)}</{tag.split()[0]}>")
        return f"<tr>{''.join(written)}</tr>\n"

    head = row(names, 'th scope="col"')
    body = "".join(row(cells, "td") for cells in rows)
    return (
        f'<div class="scroll"><table>\n<caption>{escape(title)}</caption>\n'
        f"<thead>{head}</thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )
