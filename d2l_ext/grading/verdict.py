"""Right or not, and why: what a check cell printed against what it should have printed."""

import hashlib
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from d2l_ext.grading.exercise import Check, Recognised
from d2l_ext.grading.texts import shortened
from d2l_ext.grading.values import FLOAT_DIGITS, NO_ANSWER, TENSOR_DIGITS

# A float as `values.number` writes it; whole numbers without a point are compared as text.
FLOAT = re.compile(r"(?<![\w.])-?(?:\d+\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+)(?![\w.])")
SEALED = re.compile(r"^(\w+) sealed [0-9a-f]+$")
# So many lines that differ are put into words; the others are counted.
LINES_EXPLAINED = 3
# So many characters of a line are repeated; what came is shown beside the sentence.
PHRASE_LIMIT = 200


@dataclass(frozen=True)
class Verdict:
    """Whether a check was met, and the sentence for the student."""

    right: bool
    words: str


def appraise(check: Check, printed: str, error: str = "") -> Verdict:
    """Judges one check.

    Args:
        check: the check, with what it expects and the wrong answers that it recognises.
        printed: what it printed.
        error: the last line of the error that ended it, if one did.

    Returns:
        The verdict; in words, the first that applies: right, no answer yet, the sentence of a
        recognised wrong answer, the error, or expected beside got.
    """
    expected = check.expected or ""
    if not error and agree(expected, printed, check.tolerance):
        return Verdict(True, "right")
    if error.startswith("NotImplementedError") or unanswered(printed):
        return Verdict(False, NO_ANSWER)
    if known := recognise(check.recognised, printed):
        return Verdict(False, known.sentence)
    if error:
        return Verdict(False, f"the code raises {error}")
    return Verdict(False, explain(expected, printed, check.tolerance))


def agree(expected: str, printed: str, tolerance: float | None = None) -> bool:
    """Whether two texts are equal, floats within the tolerance.

    Args:
        expected: what should have been printed.
        printed: what was printed.
        tolerance: the largest difference of a float relative to the one expected, or, among the
            statistics of a tensor, to the largest of them. One unit in the last digit that is
            printed is always forgiven beside it. None demands equal text.

    Returns:
        True if they agree.
    """
    ours, theirs = _lines(expected), _lines(printed)
    return len(ours) == len(theirs) and all(
        _same(a, b, tolerance) for a, b in zip(ours, theirs, strict=True)
    )


def unanswered(printed: str) -> bool:
    """Whether a check printed nothing but that there is no answer yet."""
    return set(_lines(printed)) == {NO_ANSWER}


def is_sealed(printed: str) -> bool:
    """Whether a check prints sealed answers only, which say nothing to a reader."""
    return all(SEALED.match(line) for line in _lines(printed))


def fingerprint(printed: str) -> str:
    """The hash by which what a wrong answer prints is recognised, without being shown."""
    return hashlib.sha256("\n".join(_lines(printed)).encode("utf-8", "replace")).hexdigest()


def recognise(known: Sequence[Recognised], printed: str) -> Recognised | None:
    """The wrong answer that prints just this, if one does."""
    found = fingerprint(printed)
    return next((wrong for wrong in known if wrong.sha256 == found), None)


def explain(expected: str, printed: str, tolerance: float | None = None) -> str:
    """Says in words where two texts differ, such as `expected int 18432, got int 36864`."""
    ours, theirs = _lines(expected), _lines(printed)
    if not theirs:
        return "nothing was printed"
    several = max(len(ours), len(theirs)) > 1
    found = [
        (f"line {i}: " if several else "") + _difference(a, b)
        for i, (a, b) in enumerate(itertools.zip_longest(ours, theirs), start=1)
        if a is None or b is None or not _same(a, b, tolerance)
    ]
    more = len(found) - LINES_EXPLAINED
    rest = [f"and {more} more line{'s' if more > 1 else ''}"] if more > 0 else []
    return "; ".join([*found[:LINES_EXPLAINED], *rest])


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _same(expected: str, printed: str, tolerance: float | None) -> bool:
    if expected == printed:
        return True
    if tolerance is None or FLOAT.split(expected) != FLOAT.split(printed):
        return False
    ours, theirs = ([float(n) for n in FLOAT.findall(line)] for line in (expected, printed))
    tensor = "tensor " in expected
    digits = TENSOR_DIGITS if tensor else FLOAT_DIGITS
    scale = max(map(abs, ours), default=0.0)
    return all(
        abs(a - b) <= tolerance * (scale if tensor else abs(a)) + _last_digit(a, digits)
        for a, b in zip(ours, theirs, strict=True)
    )


def _last_digit(value: float, digits: int) -> float:
    return 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1) * 1.01 if value else 0.0


def _difference(expected: str | None, printed: str | None) -> str:
    if printed is None:
        return f"missing; expected {_phrase(expected or '')}"
    if expected is None:
        return f"one line more than expected: {_phrase(printed)}"
    if printed == NO_ANSWER:
        return NO_ANSWER
    if sealed := SEALED.match(expected):
        return _sealed_difference(sealed[1], printed)
    ours, theirs = _phrase(expected), _phrase(printed)
    words = f"expected {ours}, got {theirs}"
    if ours == theirs and len(ours) > PHRASE_LIMIT:
        words = f"it differs only behind the first {PHRASE_LIMIT} characters: {ours}"
    if printed == "None":
        return f"{words}: is a return missing?"
    if _is_value(expected) and _is_value(printed) and _kind(expected) != _kind(printed):
        kind = shortened(_kind(printed), PHRASE_LIMIT)
        return f"{words}: the type must be {_kind(expected)}, not {kind}"
    return words


def _sealed_difference(kind: str, printed: str) -> str:
    if _kind(printed) == kind:
        return f"this {kind} is not the answer"
    return f"expected {_a(kind)}, got {_phrase(printed.split(' sealed ')[0])}"


def _kind(line: str) -> str:
    first, _, rest = line.partition(" ")
    return rest if first == "object" else first


def _is_value(line: str) -> bool:
    return _kind(line) not in ("raises", "None")


def _phrase(line: str) -> str:
    first, _, rest = line.partition(" ")
    if first in ("raises", "object"):
        words = _a(rest) + (" raised" if first == "raises" else "")
    else:
        words = line if rest or line == "None" else _a(line)
    return shortened(words, PHRASE_LIMIT)


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
