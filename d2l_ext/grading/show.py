"""What a check cell prints: the results of a student's function, as data and never as a verdict."""

import contextlib
import random
import sys
from typing import Any

from d2l_ext.grading.surroundings import is_of_surroundings
from d2l_ext.grading.values import (
    NO_ANSWER,
    Unanswered,
    describe,
    is_module,
    parameters_text,
    tensor_text,
    type_name,
)

# Every call starts from here, so that a call's result does not depend on the calls before it.
CALL_SEED = 0


def show(f: Any, *arguments: Any, on: tuple[int, ...] | None = None, values: bool = False) -> None:
    """Calls a function once for each tuple of arguments and prints one line for each result.

    It never says right or wrong, and no error of the function's own leaves it: an exception prints
    as its type, `NotImplementedError` as `no answer yet`. What the function itself prints goes to
    standard error, out of the way of the results.

    Args:
        f: the student's function or class. A value that cannot be called is printed as it is, and
            so is a module without arguments. A function without arguments is called once.
        *arguments: one tuple for each call; `3` means `(3,)`. An argument that is a tuple itself
            is written `((1, 2),)`.
        on: a shape. A module that `f` returns is run, in evaluation mode, on a random input of
            that shape, always the same one.
        values: prints statistics of what the module gives as well, not only its shape.

    Raises:
        Exception: of the function, where it tells of the machine and not of the answer: no memory,
            no network, a package that is not installed.
    """
    if not arguments and (is_module(f) or not callable(f)):
        print(_line(lambda: f, (), on, values))
        return
    for call in arguments or ((),):
        print(_line(f, call if type(call) is tuple else (call,), on, values))


def _line(f: Any, arguments: tuple[Any, ...], on: tuple[int, ...] | None, values: bool) -> str:
    _seed()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            if f is ...:
                return NO_ANSWER
            result = f(*arguments)
            return _module_line(result, on, values) if is_module(result) else describe(result)
    except (Exception, SystemExit) as error:
        if is_of_surroundings(error):
            raise
        # Not every subclass: Jupyter's error for input() is one too, and is somebody's answer.
        unanswered = type(error) in (NotImplementedError, Unanswered)
        return NO_ANSWER if unanswered else f"raises {type_name(error)}"


def _module_line(module: Any, on: tuple[int, ...] | None, values: bool) -> str:
    if on is None:
        return parameters_text(module)
    output = _run(module, on)  # first, since lazy layers have no parameters before
    if type(output) is sys.modules["torch"].Tensor:
        return f"{parameters_text(module)} gives {tensor_text(output, statistics=values)}"
    return f"{parameters_text(module)} gives {describe(output)}"


def _run(module: Any, shape: tuple[int, ...]) -> Any:
    torch = sys.modules["torch"]
    # A generator of its own: the input must not depend on how many numbers the layers drew.
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(CALL_SEED))
    with torch.no_grad():
        return module.eval()(inputs)


def _seed() -> None:
    random.seed(CALL_SEED)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(CALL_SEED)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(CALL_SEED)
