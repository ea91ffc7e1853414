"""The magic `%check`: tells, inside the notebook, what is right so far."""

import contextlib
import html
import io
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from d2l_ext.grading.check import Answer, with_known_checks, without_cells
from d2l_ext.grading.errors import UserError
from d2l_ext.grading.exercise import Question, load
from d2l_ext.grading.find import find_notebook
from d2l_ext.grading.verdict import Verdict, appraise

RUN_FIRST = "run the set-up cell and the answer cell first"


@magics_class
class CheckMagics(Magics):
    """Adds `%check` to a shell."""

    @magic_arguments()
    @argument("questions", nargs="*", help="such as q2; all of them if none is named")
    @argument("--notebook", type=Path, help="the file of this notebook, should it not be found")
    @line_magic
    def check(self, line: str) -> None:
        """Says for each question whether it is right so far, and if not, why.

        The answers are those in memory: run their cells first. Nothing need be saved.
        """
        arguments = parse_argstring(self.check, line)
        try:
            answers = self._answers(arguments.questions, arguments.notebook)
        except UserError as error:
            answers, complaint = [], str(error)
        else:
            complaint = ""
        self._shell.display_pub.publish(
            {"text/plain": _plain(answers, complaint), "text/html": _html(answers, complaint)}
        )

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None, "register made this with a shell"
        return self.shell

    def _answers(self, names: list[str], path: Path | None) -> list[Answer]:
        path = path or find_notebook(self._shell.user_ns)
        exercise = with_known_checks(load(path)[0])
        questions = {question.key: question for question in exercise.questions}
        if unknown := [name for name in names if name not in questions]:
            raise UserError(f"there is no {', '.join(unknown)}; there are {', '.join(questions)}")
        return [Answer(questions[n], self._verdict(questions[n])) for n in names or questions]

    def _verdict(self, question: Question) -> Verdict:
        if lacking := without_cells(question):
            return lacking
        verdicts = (appraise(c, *self._run(c.source)) for c in question.checks)
        first = next(verdicts)
        return (
            next((verdict for verdict in verdicts if not verdict.right), first)
            if first.right
            else first
        )

    def _run(self, source: str) -> tuple[str, str]:
        """What a check prints in the student's namespace, and the error that ended it."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                code = compile(self._shell.transform_cell(source), "<check>", "exec")
                exec(code, self._shell.user_ns)
        except NameError as error:
            return printed.getvalue(), f"NameError: {error}: {RUN_FIRST}"
        except Exception as error:
            return printed.getvalue(), f"{type(error).__name__}: {error}"
        return printed.getvalue(), ""


def register(shell: InteractiveShell) -> None:
    """Adds `%check` to a shell; what `%load_ext` calls."""
    shell.register_magics(CheckMagics)


def _plain(answers: list[Answer], complaint: str) -> str:
    lines = [f"question {a.question.number}: {a.verdict.words}" for a in answers]
    return "\n".join(lines) or complaint


def _html(answers: list[Answer], complaint: str) -> str:
    if not answers:
        return f"<p>{html.escape(complaint)}</p>"
    return f"<ul style='list-style: none; padding: 0'>{''.join(map(_item, answers))}</ul>"


def _item(answer: Answer) -> str:
    sign, colour = ("✓", "#2e7d32") if answer.verdict.right else ("✗", "#c62828")
    title = html.escape(f"Question {answer.question.number}: {answer.question.title}")
    words = html.escape(answer.verdict.words)
    return (
        f"<li><span style='color: {colour}' aria-hidden='true'>{sign}</span> "
        f"<strong>{title}</strong><br>{words}</li>"
    )
