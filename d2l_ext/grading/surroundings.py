"""Errors that come from where code runs, not from what it computes: limits, no network, no GPU.

`show` lets them through instead of printing them as somebody's answer, and the grader puts them
into words.
"""

import re

from d2l_ext.sandbox.limits import DISK, MEMORY, PROCESSES

OUTPUT = "output limit"
# The error as `Type: message`, and the limit that it stands for.
_LIMITS = (
    (re.compile(r"OutputLimitError\b"), OUTPUT),
    (re.compile(r"\w*MemoryError|OutOfMemoryError|.*(can't|not) allocate memory", re.I), MEMORY),
    (re.compile(r"OSError: \[Errno (28|27|122)\]"), DISK),
    (re.compile(r"BlockingIOError: \[Errno 11\]|.*can't start new thread"), PROCESSES),
)
_WORDS = (
    (re.compile(r"StdinNotImplementedError"), "no input while grading"),
    (
        re.compile(r".*(not compiled with CUDA|NVIDIA driver|CUDA GPUs are available|CUDA error)"),
        "no GPU while grading",
    ),
    (
        re.compile(
            r".*(name resolution|Network is unreachable|urlopen error|Name or service not known|"
            r"Max retries exceeded)|PermissionError: \[Errno 13\] Permission denied$|gaierror"
        ),
        "no network while grading",
    ),
    (re.compile(r"ModuleNotFoundError: No module named '(?P<name>[^']+)'"), ""),
)


def limit_of(error: str) -> str:
    """The limit that an error says was reached, or nothing."""
    return next((limit for pattern, limit in _LIMITS if pattern.match(error)), "")


def words_for(error: str) -> str:
    """What to tell whoever wrote the code, or nothing where the error is the code's own."""
    for pattern, words in _WORDS:
        if found := pattern.match(error):
            return words or f"{found['name']!r} is not installed where answers are graded"
    return ""


def is_of_surroundings(error: BaseException) -> bool:
    """Whether an error says something of the machine rather than of an answer."""
    text = f"{type(error).__name__}: {error}"
    return isinstance(error, MemoryError) or bool(limit_of(text) or words_for(text))
