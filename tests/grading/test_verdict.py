"""Verdicts: when two outputs agree, and the words where they do not."""

import pytest

from d2l_ext.grading.exercise import Check, Recognised
from d2l_ext.grading.verdict import agree, appraise, explain, fingerprint


@pytest.mark.parametrize(
    ("expected", "printed", "tolerance", "same"),
    [
        ("int 5\n", "int 5", None, True),
        ("int 5", "int 6", None, False),
        ("int 100000", "int 100001", 0.1, False),
        ("float 0.5", "float 0.50001", None, False),
        ("float 0.5", "float 0.50001", 1e-4, True),
        ("float 0.5", "float 0.501", 1e-4, False),
        ("float 0.5", "float -0.5", 1e-4, False),
        ("float 1.0", "int 1", 1e-4, False),
        ("tuple (1000.0, 0.5)", "tuple (1000.0, 0.6)", 1e-3, False),
        (
            "tensor float32 (2,) mean 0.0 std 1.0",
            "tensor float32 (2,) mean 1e-06 std 1.0",
            1e-4,
            True,
        ),
        ("tensor float32 (2,) mean 0.1234", "tensor float32 (2,) mean 0.1235", 1e-5, True),
        ("tensor float32 (2,) mean 0.1234", "tensor float32 (3,) mean 0.1234", 0.5, False),
        ("int 5\nint 6", "int 5", 1e-4, False),
    ],
)
def test_outputs_agree_within_the_tolerance_and_no_further(
    expected: str, printed: str, tolerance: float | None, same: bool
) -> None:
    assert agree(expected, printed, tolerance) is same


@pytest.mark.parametrize(
    ("expected", "printed", "words"),
    [
        ("int 18432", "int 36864", "expected int 18432, got int 36864"),
        ("int 5", "float 5.0", "expected int 5, got float 5.0: the type must be int, not float"),
        ("float 5.0", "object float64", "got a float64: the type must be float, not float64"),
        ("int 5", "None", "expected int 5, got None: is a return missing?"),
        ("raises ValueError", "int 5", "expected a ValueError raised, got int 5"),
        ("int 5", "raises IndexError", "expected int 5, got an IndexError raised"),
        ("int 1\nint 2", "int 1", "line 2: missing; expected int 2"),
        ("int 1", "int 1\nint 2", "line 2: one line more than expected: int 2"),
        ("int 1\nint 2", "int 1\nno answer yet", "line 2: no answer yet"),
        ("int sealed 0a1b", "int sealed ffff", "this int is not the answer"),
        ("int sealed 0a1b", "float sealed ffff", "expected an int, got a float"),
        ("int 1", "", "nothing was printed"),
        ("int 1\n" * 5, "int 2\n" * 5, "and 2 more lines"),
    ],
)
def test_difference_is_put_into_words(expected: str, printed: str, words: str) -> None:
    assert words in explain(expected, printed)


def test_text_that_no_file_can_hold_is_judged() -> None:
    check = Check("q1-check", "", 1, hidden=False, expected="int 5")
    assert appraise(check, "\ud800").words.startswith("expected int 5, got")


@pytest.mark.parametrize("printed", ["str " + "a" * 50_000, "a" * 50_000, "b" * 50_000 + " c"])
def test_sentence_about_a_long_line_is_short(printed: str) -> None:
    words = explain("int 5\n" * 3, f"{printed}\n" * 3)
    assert 200 < len(words) < 2000


def test_long_lines_that_begin_alike_are_not_called_different_for_nothing() -> None:
    assert "behind the first 200 characters" in explain("str " + "a" * 300, "str " + "a" * 301)


def test_sealed_answer_is_never_spelt_out() -> None:
    assert "0a1b" not in explain("int sealed 0a1b", "int sealed ffff")


@pytest.mark.parametrize(
    ("printed", "error", "words"),
    [
        ("int 5\n", "", "right"),
        ("no answer yet\n", "", "no answer yet"),
        ("", "NotImplementedError", "no answer yet"),
        ("int 6\n", "", "One too many."),
        ("", "KeyError: 3", "the code raises KeyError: 3"),
        ("int 7\n", "", "expected int 5, got int 7"),
    ],
)
def test_verdict_gives_the_first_reason_that_applies(printed: str, error: str, words: str) -> None:
    known = Recognised("off by one", fingerprint("int 6"), "One too many.")
    check = Check("q1-check", "", 1, hidden=False, expected="int 5\n", recognised=(known,))
    verdict = appraise(check, printed, error)
    assert (verdict.right, verdict.words) == (words == "right", words)
