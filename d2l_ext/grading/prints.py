"""For graders that know assertions only: what a check prints, asserted inside the notebook."""

import contextlib
import io
from collections.abc import Iterator

from d2l_ext.grading.verdict import agree, explain


@contextlib.contextmanager
def prints(expected: str, tolerance: float | None = None) -> Iterator[None]:
    """Demands that a block prints something; what it prints is printed all the same.

    What goes to standard error is dropped: nbgrader would take a warning for a failure.

    Args:
        expected: what must be printed.
        tolerance: as in `verdict.agree`.

    Raises:
        AssertionError: if something else is printed; the message says where it differs.

    Example:
        >>> with prints("int 5"):
        ...     print("int", 2 + 3)
        int 5
    """
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(io.StringIO()):
        yield
    printed = heard.getvalue()
    print(printed, end="")
    if not agree(expected, printed, tolerance):
        raise AssertionError(explain(expected, printed, tolerance))
