"""The page that a student gets: self-contained HTML, without anything of the hidden checks."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from d2l_ext.grading.appraisal import Finding
from d2l_ext.grading.formulas import html
from d2l_ext.grading.pages import code, html_page
from d2l_ext.grading.results import Mark, Result, points_text
from d2l_ext.grading.verdict import is_sealed

HINT = re.compile(
    r"<details>\s*<summary>(?P<title>.*?)</summary>(?P<text>.*?)</details>", re.DOTALL
)
# What a status says to whoever handed the work in.
STATUSES = {
    "REJECT": "This file could not be graded.",
    "INFRA": "Something failed on the side of the grader. It will be graded again.",
    "TAMPER": "Something was changed that is not part of an answer. It was not used, "
    "and a person will look at it.",
}
# What a flag says to them; the others are for the instructor.
WARNINGS = {
    "duplicate ids": "Two cells bear the same name; of two answers the last was graded.",
    "exit() ignored": "An answer calls exit() or quit(), which was ignored: take it out.",
    "several hand-ins": "This exercise was handed in several times; the last was graded.",
    "several notebooks": "There were several notebooks for this exercise; one was graded.",
}


def page(student: str, results: Sequence[Result]) -> str:
    """The page for one student.

    Args:
        student: the name.
        results: one for each exercise handed in.

    Returns:
        HTML: what was asked, the points, what came, and what was expected where that is no secret.
    """
    body = "".join(part for result in results for part in _exercise(result))
    return html_page(f"Feedback for {student}", body)


def _exercise(result: Result) -> Iterator[str]:
    title = escape(result.exercise or "A file that was not graded")
    yield f"<h2>{title}</h2>\n"
    if result.marks:
        of = result.possible
        yield f"<p><strong>{points_text(result.total)} of {points_text(of)} points</strong></p>\n"
    if result.status in STATUSES:
        yield f"<p>{STATUSES[result.status]}</p>\n"
    if result.note:
        yield f"<p>{escape(result.note)}</p>\n"
    if result.deduction:
        yield f"<p>It came late: {points_text(result.deduction)} points were taken off.</p>\n"
    for flag in result.flags:
        if flag in WARNINGS:
            yield f"<p>{WARNINGS[flag]}</p>\n"
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
        f'<td class="number">'
        f"{points_text(mark.points)} of {points_text(mark.question.points)}"
        "</td></tr>\n"
        for mark in marks
    )
    return f"<table>\n{rows}</table>\n"


def _question(mark: Mark) -> Iterator[str]:
    question = mark.question
    yield f"<section>\n<h3>Question {question.number}: {escape(question.title)}</h3>\n"
    of = points_text(question.points)
    yield f"<p><strong>{points_text(mark.points)} of {of} points</strong></p>\n"
    asked = HINT.sub("", question.text.partition("\n")[2]).strip()
    yield html(asked)
    if mark.answer:
        yield f"<details><summary>Your answer</summary>{code(mark.answer)}</details>\n"
    if mark.override:
        said = escape(mark.override.comment or "no reason was given")
        yield f"<p>A person gave {points_text(mark.points)} points: {said}</p>\n"
    if mark.note:
        yield f'<p class="wrong">question {question.number}: {escape(mark.note)}</p>\n'
    for found in mark.findings:
        yield from _finding(question.number, found)
    if mark.points < question.points:
        for hint in HINT.finditer(question.text):
            text = html(hint["text"].strip())
            yield f"<details><summary>{escape(hint['title'])}</summary>{text}</details>\n"
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
    yield f"<p>What came:</p>{code(found.printed)}\n"
    if check.expected and not is_sealed(check.expected):
        yield f"<p>What was expected:</p>{code(check.expected)}\n"
