"""`show` prints data in one canonical form, whatever the student's function does."""

import collections
import random
import sys

import numpy as np
import pytest
import torch
from torch import nn

from d2l_ext.grading import show
from d2l_ext.grading.values import describe


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (73728, "int 73728"),
        (True, "bool True"),
        (None, "None"),
        ("a b", "str 'a b'"),
        (0.25, "float 0.25"),
        (1.0, "float 1.0"),
        (-0.0, "float 0.0"),
        (2 / 3, "float 0.666667"),
        (1e10, "float 1e+10"),
        (float("nan"), "float nan"),
        ((1, 2), "tuple (1, 2)"),
        ((1,), "tuple (1,)"),
        ([1, 2.0, ("x", None)], "list [1, 2.0, ('x', None)]"),
        ({"b": 1, "a": [True]}, "dict {'a': [True], 'b': 1}"),
        ({3, 1}, "set {1, 3}"),
        (torch.Size([4, 3]), "tuple (4, 3)"),
        (np.float64(0.25), "object float64"),
        (type("Whole", (int,), {})(5), "object Whole"),
        (collections.OrderedDict(a=1), "object OrderedDict"),
    ],
)
def test_value_prints_as_its_exact_type_and_itself(value: object, line: str) -> None:
    assert describe(value) == line


def test_tensor_prints_as_type_shape_and_statistics() -> None:
    line = describe(torch.tensor([[0.0, 1.0], [0.0, 1.0]]))
    assert line == "tensor float32 (2, 2) mean 0.5 std 0.5 min 0.0 max 1.0"


def test_rounding_noise_around_zero_prints_as_zero() -> None:
    assert " mean 0.0 " in describe(torch.tensor([1.0, -1.0 + 1e-7]))


@pytest.mark.parametrize(
    ("tensor", "line"),
    [
        (torch.zeros(0, 3), "tensor float32 (0, 3)"),
        (torch.ones(2, device="meta"), "tensor float32 (2,)"),
        (torch.tensor([1, 3]), "tensor int64 (2,) mean 2.0 std 1.0 min 1.0 max 3.0"),
        (torch.tensor([True, False]), "tensor bool (2,) mean 0.5 std 0.5 min 0.0 max 1.0"),
    ],
)
def test_unusual_tensors_print(tensor: torch.Tensor, line: str) -> None:
    assert describe(tensor) == line


def test_each_argument_tuple_is_one_call(capsys: pytest.CaptureFixture[str]) -> None:
    show(lambda *a: len(a), 3, (1, 2), ((1, 2),), ())
    assert capsys.readouterr().out == "int 1\nint 2\nint 1\nint 0\n"


def test_value_that_cannot_be_called_prints_itself(capsys: pytest.CaptureFixture[str]) -> None:
    show([1, 2])
    assert capsys.readouterr().out == "list [1, 2]\n"


@pytest.mark.parametrize("f", [..., lambda *_: ..., lambda *_: (1, ...)])
def test_ellipsis_is_no_answer_yet(f: object, capsys: pytest.CaptureFixture[str]) -> None:
    show(f, (1,))
    assert capsys.readouterr().out == "no answer yet\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NotImplementedError, "no answer yet"),
        (ValueError, "raises ValueError"),
        (SystemExit, "raises SystemExit"),
    ],
)
def test_exception_prints_as_its_type(
    error: type[BaseException], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def f() -> None:
        raise error

    show(f)
    assert capsys.readouterr().out.startswith(line)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ModuleNotFoundError("No module named 'nowhere'"),
        OSError(28, "No space left on device"),
        type("StdinNotImplementedError", (NotImplementedError,), {})("no input"),
    ],
)
def test_error_of_the_machine_is_nobodys_answer(error: Exception) -> None:
    def f() -> None:
        raise error

    with pytest.raises(type(error)):
        show(f)


def test_interrupt_is_not_swallowed() -> None:
    def f() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show(f)


def test_what_a_function_prints_stays_out_of_the_results(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(print, ("a leftover",))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("None\n", "a leftover\n")


def test_every_call_starts_from_the_same_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    show(lambda: (random.random(), float(np.random.rand()), torch.rand(1).item()), (), ())
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_module_prints_independently_of_its_class(capsys: pytest.CaptureFixture[str]) -> None:
    show(lambda channels: nn.Sequential(nn.Linear(channels, 2)), 3)
    show(nn.Linear, (3, 2), on=(4, 3))
    assert capsys.readouterr().out.splitlines() == [
        "module parameters 8",
        "module parameters 8 gives tensor float32 (4, 2)",
    ]


def test_module_gives_the_same_values_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    def build() -> nn.Module:
        return nn.Sequential(nn.LazyLinear(2), nn.Dropout(0.5))

    show(build, (), (), on=(4, 3), values=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert " mean " in first


def test_lazy_module_without_an_input_has_no_count_yet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(nn.LazyLinear(2))
    assert capsys.readouterr().out == "module parameters unknown before an input\n"


def test_module_that_cannot_take_the_input_prints_the_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(nn.Linear, (3, 2), on=(4, 5))
    assert capsys.readouterr().out == "raises RuntimeError\n"


def test_torch_is_not_imported_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    show(lambda: 1)
    assert "torch" not in sys.modules
