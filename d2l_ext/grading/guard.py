"""A cell between an answer and its checks that tells whether the course's own functions still work.

An answer shares its process with its checks, and can replace what they call. The values that a
hidden check expects it cannot know; but whoever replaces the course's functions is to be seen.
"""

import secrets

from d2l_ext.grading.notebook import Cell, code_cell, store_printed
from d2l_ext.grading.seal import sealed
from d2l_ext.grading.values import describe

GUARD = "-guard"
_TAG = "nbval-check-output"
# torch's own assert_close is known by where its code comes from. To call it would load much of
# torch first, which takes longer than all the rest of a submission.
# It also gives the names their meaning back, should an answer have used one for something else.
# The key to seal with is the question's own: a replacement could leave all others as they are, and
# print for this one the hash that students see.
_SOURCE = """from d2l_ext.grading import fresh, seal, show
def _guard(n):
    assert n < 0
def _guard_close(n):
    import sys
    if "torch" not in sys.modules:
        raise AssertionError
    close = sys.modules["torch"].testing.assert_close
    assert "_comparison" not in close.__code__.co_filename
    close(float(n), n + 1.0)
show(lambda n: n, {n})
show(lambda n: (n, [0.5, str(n)]), {n})
show(_guard, {n})
show(_guard_close, {n})
seal("{key}", {n})
del _guard, _guard_close"""


def guard_cell(key: str) -> Cell:
    """The guard of a question, with what it must print; it differs each time.

    Args:
        key: of the question.
    """
    n = secrets.randbelow(10**6)
    lines = [
        describe(n),
        describe((n, [0.5, str(n)])),
        *["raises AssertionError"] * 2,
        sealed(key, n),
    ]
    cell = code_cell(
        key + GUARD,
        _SOURCE.format(key=key, n=n),
        nbgrader={"grade": True, "solution": False},
        tags=[_TAG],
    )
    store_printed(cell, "\n".join(lines) + "\n")
    return cell
