"""The page that a student gets: self-contained HTML, without anything of the hidden checks."""

import re
from collections.abc import Iterator, Sequence
from html import escape

import mistune

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.results import Mark, Result, points_text
from d2l_ext.grading.verdict import is_sealed

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; padding: .5rem .75rem; border-radius: .3rem; background: #8882; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; }
code { font-size: .95em; }
table { border-collapse: collapse; }
th, td { padding: .2rem 1rem .2rem 0; text-align: left; font-weight: normal; }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.right::before { content: "✓ "; color: #2e9d42; }
.wrong::before { content: "✗ "; color: #d64545; }
"""
HINT = re.compile(r"<details>.*?</details>", re.DOTALL)
# What a status says to whoever handed the work in.
STATUSES = {
    "REJECT": "This file could not be graded.",
    "INFRA": "Something failed on the side of the grader. It will be graded again.",
}
# Formulas stay as they are written: this page is read without a network, thus without MathJax.
MARKDOWN = mistune.create_markdown(plugins=["math", "table"])
# Enough to see what happened; an answer may print without end.
SHOWN_CHARACTERS = 2_000


def page(student: str, results: Sequence[Result]) -> str:
    """The page for one student.

    Args:
        student: the name.
        results: one for each exercise handed in.

    Returns:
        HTML: what was asked, the points, what came, and what was expected where that is no secret.
    """
    body = "".join(part for result in results for part in _exercise(result))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Feedback for {escape(student)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>Feedback for {escape(student)}</h1>\n{body}</body>\n</html>\n"
    )


def _exercise(result: Result) -> Iterator[str]:
    title = escape(result.exercise or "A file that was not graded")
    yield f"<h2>{title}</h2>\n"
    if result.marks:
        of = sum(mark.question.points for mark in result.marks)
        yield f"<p><strong>{points_text(result.total)} of {of} points</strong></p>\n"
    if result.status in STATUSES:
        yield f"<p>{STATUSES[result.status]}</p>\n"
    if result.note:
        yield f"<p>{escape(result.note)}</p>\n"
    if faults := list(dict.fromkeys(_faults(result.marks))):
        yield f"<p>{'; '.join(faults)}. The other questions were graded.</p>\n"
    if result.marks:
        yield _overview(result.marks)
    for mark in result.marks:
        yield from _question(mark)


def _faults(marks: Sequence[Mark]) -> Iterator[str]:
    """Which questions hung or ended their kernel."""
    for mark in marks:
        for found in mark.findings:
            if found.fault:
                yield f"question {mark.question.number} {found.verdict.words.removeprefix('it ')}"


def _overview(marks: Sequence[Mark]) -> str:
    """The points of all questions, at a glance."""
    rows = "".join(
        f'<tr><th scope="row">{mark.question.number}. {escape(mark.question.title)}</th>'
        f"<td>{points_text(mark.points)} of {mark.question.points}</td></tr>\n"
        for mark in marks
    )
    return f"<table>\n{rows}</table>\n"


def _question(mark: Mark) -> Iterator[str]:
    question = mark.question
    yield f"<section>\n<h3>Question {question.number}: {escape(question.title)}</h3>\n"
    yield f"<p><strong>{points_text(mark.points)} of {question.points} points</strong></p>\n"
    asked = HINT.sub("", question.text.partition("\n")[2]).strip()
    yield str(MARKDOWN(asked))
    if mark.answer:
        yield f"<details><summary>Your answer</summary>{_code(mark.answer)}</details>\n"
    if mark.note:
        yield f'<p class="wrong">question {question.number}: {escape(mark.note)}</p>\n'
    for found in mark.findings:
        yield from _finding(question.number, found)
    yield "</section>\n"


def _finding(number: int, found: Finding) -> Iterator[str]:
    check, verdict = found.check, found.verdict
    kind = "hidden check" if check.hidden else "check"
    earned = points_text(check.points if verdict.right else 0)
    yield (
        f'<p class="{"right" if verdict.right else "wrong"}">question {number}, {kind} '
        f"({earned} of {points_text(check.points)}): {escape(verdict.words)}</p>\n"
    )
    if verdict.right or check.hidden or found.fault:
        return
    yield f"<p>What came:</p>{_code(found.printed)}\n"
    if check.expected and not is_sealed(check.expected):
        yield f"<p>What was expected:</p>{_code(check.expected)}\n"


def _code(text: str) -> str:
    cut = text[:SHOWN_CHARACTERS] + (" ..." if len(text) > SHOWN_CHARACTERS else "")
    return f"<pre>{escape(cut.rstrip()) or 'nothing'}</pre>"
