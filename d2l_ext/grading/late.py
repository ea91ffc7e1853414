"""What coming late costs: one function, the course's own or an instructor's."""

import importlib
import math
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from numbers import Real
from pathlib import Path

from d2l_ext.grading.errors import UserError

# Takes the points, the points possible, and how late it came; returns the points that are left.
Policy = Callable[[float, float, timedelta], float]

PERCENT = re.compile(r"^(\d+(?:\.\d+)?)%$")
DAY = timedelta(days=1)
# A platform may say that something came late without saying when it came.
UNKNOWN = timedelta.resolution


def per_day(percent: float, points: float, possible: float, late: timedelta) -> float:
    """Takes off so many percent of the points possible for each day that has begun.

    >>> per_day(10, points=8, possible=10, late=timedelta(hours=30))
    6.0
    """
    return max(points - percent / 100 * possible * math.ceil(late / DAY), 0.0)


def find_policy(text: str) -> Policy:
    """The policy that a person names.

    Args:
        text: `10%` for `per_day`, or `MODULE:FUNCTION`; the module is also looked for in the
            current folder.

    Returns:
        The policy.

    Raises:
        UserError: if there is none of this name.
    """
    if percent := PERCENT.match(text):
        return partial(per_day, float(percent[1]))
    module, colon, function = text.partition(":")
    if not colon:
        raise UserError(f"--late takes 10%, or MODULE:FUNCTION, not {text!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # of many kinds, for whatever is in an instructor's file
        raise UserError(f"--late {text}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    if not callable(found):
        raise UserError(f"--late {text}: it is not a function")
    return partial(_of_instructor, found, text)


def _of_instructor(
    function: Policy, name: str, points: float, possible: float, late: timedelta
) -> float:
    try:
        left = function(points, possible, late)
    except Exception as error:
        raise UserError(f"--late {name}: {type(error).__name__}: {error}") from error
    if not (isinstance(left, Real) and math.isfinite(left)):
        raise UserError(f"--late {name}: it returned {left!r}, not the points that are left")
    return float(left)


def lateness(submitted: datetime | None, due: datetime | None, marked: bool) -> timedelta:
    """How late something came.

    Args:
        submitted: when it came, if that is known.
        due: when it should have come, if that was said.
        marked: the platform calls it late.

    Returns:
        The time; at least `UNKNOWN`, which counts as a day begun, if the platform marked it.
    """
    known = submitted - due if submitted and due else timedelta(0)
    return max(known, UNKNOWN if marked else timedelta(0))


def phrase(late: timedelta) -> str:
    """How late, in words: `2 days late`, `3 hours late`, or `late`."""
    if late <= UNKNOWN:
        return "late"
    name, unit = ("day", DAY) if late > DAY else ("hour", timedelta(hours=1))
    number = math.ceil(late / unit)
    return f"{number} {name}{'s' if number > 1 else ''} late"
