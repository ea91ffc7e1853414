"""Values as canonical text: the exact type, then the value, the same on every machine.

Only values of exactly the built-in types are printed in full. Anything else, a subclass of `int`
included, appears by the name of its type, so that nothing can pass for what it is not.
"""

import math
import sys
from typing import Any

# What stands for a question that nobody has answered yet.
NO_ANSWER = "no answer yet"

FLOAT_DIGITS = 6
TENSOR_DIGITS = 4
# A statistic this small beside the largest entry is rounding noise, and prints as zero.
NOISE = 1e-6


class Unanswered(NotImplementedError):
    """A value still holds the `...` of an answer that was never filled in."""


def describe(value: Any) -> str:
    """One line for a value: `int 5`, `tuple (1, 2.0)`, `tensor float32 (4, 3) mean ...`.

    Args:
        value: anything; floats are rounded to 6 significant digits, sets and dictionaries sorted,
            `torch.Size` counts as a tuple.

    Returns:
        The type's name and the value.

    Raises:
        Unanswered: if the value is `...`, or holds it.
    """
    text = _text(value)
    kind = _plain_kind(value)
    return text if kind is None else f"{kind} {text}"


def number(value: float, digits: int = FLOAT_DIGITS) -> str:
    """A float in so many significant digits, never to be taken for an `int`."""
    text = f"{value + 0.0:.{digits}g}"  # adding zero turns -0.0 into 0.0
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def tensor_text(tensor: Any, statistics: bool = True) -> str:
    """A tensor as data type and shape, with its statistics if they are asked for.

    Args:
        tensor: a `torch.Tensor`.
        statistics: adds mean, standard deviation, least and largest entry to 4 digits.

    Returns:
        For example `tensor float32 (2, 3) mean 0.5 std 0.5 min 0.0 max 1.0`.
    """
    head = f"tensor {str(tensor.dtype).removeprefix('torch.')} {_text(tuple(tensor.shape))}"
    no_numbers = not tensor.numel() or tensor.is_complex() or tensor.is_meta
    return head if no_numbers or not statistics else f"{head} {_statistics(tensor)}"


def parameters_text(module: Any) -> str:
    """The number of parameters of a `torch.nn.Module`, whatever its class is called."""
    torch = sys.modules["torch"]
    parameters = _parameters(module)
    if any(map(torch.nn.parameter.is_lazy, parameters)):
        return "module parameters unknown before an input"
    return f"module parameters {sum(map(torch.Tensor.numel, parameters))}"


def type_name(value: Any) -> str:
    """The name of a value's type, on one line whatever it is called."""
    return "".join(filter(str.isprintable, type.__getattribute__(type(value), "__name__")))


def is_module(value: Any) -> bool:
    """Whether a value is a `torch.nn.Module`; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _parameters(module: Any) -> list[Any]:
    """The parameters of a module, once each, read where torch keeps them.

    A class may say what it likes in a method `parameters` of its own.
    """
    modules, seen = [module], set()
    found: dict[int, Any] = {}
    while modules:
        fields = object.__getattribute__(modules.pop(), "__dict__")
        if id(fields) in seen:
            continue
        seen.add(id(fields))
        modules += [child for child in fields.get("_modules", {}).values() if child is not None]
        own = fields.get("_parameters", {}).values()
        found.update((id(parameter), parameter) for parameter in own if parameter is not None)
    return list(found.values())


def _plain_kind(value: Any) -> str | None:
    if _is_size(value):
        return "tuple"
    return type(value).__name__ if type(value) in _FORMS and value is not None else None


def _text(value: Any) -> str:
    if value is ...:
        raise Unanswered("the answer is still ...")
    if _is_size(value):
        value = tuple(value)
    form = _FORMS.get(type(value))
    if form is not None:
        return form(value)
    if _is_tensor(value):
        return tensor_text(value)
    if is_module(value):
        return parameters_text(value)
    return f"object {type_name(value)}"


def _sequence(opening: str, values: Any, closing: str) -> str:
    return f"{opening}{', '.join(map(_text, values))}{closing}"


def _tuple(values: tuple[Any, ...]) -> str:
    return _sequence("(", values, ",)" if len(values) == 1 else ")")


def _set(values: Any) -> str:
    return "{" + ", ".join(sorted(map(_text, values))) + "}"


def _dict(values: dict[Any, Any]) -> str:
    entries = sorted((_text(key), _text(value)) for key, value in values.items())
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"


_FORMS: dict[type, Any] = {
    int: str,
    bool: str,
    str: repr,
    bytes: repr,
    type(None): str,
    float: number,
    tuple: _tuple,
    list: lambda values: _sequence("[", values, "]"),
    set: _set,
    frozenset: _set,
    dict: _dict,
}


def _is_size(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) is torch.Size


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def _statistics(tensor: Any) -> str:
    # By the class: an instance may hold another `detach`.
    tensor_class = sys.modules["torch"].Tensor
    entries = tensor_class.double(tensor_class.cpu(tensor_class.detach(tensor)))
    scale = max(abs(entries.min().item()), abs(entries.max().item()))
    numbers = {
        "mean": entries.mean(),
        "std": entries.std(correction=0),  # of these entries, so that a single one has a zero
        "min": entries.min(),
        "max": entries.max(),
    }
    return " ".join(f"{name} {_entry(n.item(), scale)}" for name, n in numbers.items())


def _entry(value: float, scale: float) -> str:
    noise = math.isfinite(scale) and abs(value) < NOISE * scale
    return number(0.0 if noise else value, TENSOR_DIGITS)
