"""The concept test: two forms that ask for the same ideas, and a gain that is worked out right."""

import csv
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from d2l_ext import concept, counting
from d2l_ext.grading.exercise import Exercise, Question, load
from d2l_ext.networks.densenet import DenseBlock, DenseLayer
from d2l_ext.networks.resnext import equal_cost_width
from tools import notebooks

ROOT = Path(__file__).parents[2]
A, B = (load(ROOT / "solutions" / f"{form}.ipynb")[0] for form in concept.FORMS)
SIDE_BY_SIDE = [pytest.param(a, b, id=a.key) for a, b in zip(A.questions, B.questions, strict=True)]
each_pair = pytest.mark.parametrize(("a", "b"), SIDE_BY_SIDE)
each_form = pytest.mark.parametrize("form", [A, B], ids=lambda form: form.name)


def solution(question: Question) -> object:
    """The right answer, as a value."""
    names: dict[str, object] = {}
    exec(question.answer or "", names)
    return names[f"answer_{question.number}"]


def letter_of(question: Question, words: str) -> str:
    """The letter of the choice that begins with these words."""
    found = re.findall(rf"^- \*\*([A-D])\*\* {re.escape(words)}", question.text, re.MULTILINE)
    assert len(found) == 1, (words, question.text)
    return found[0]


@each_form
def test_twelve_questions_give_a_point_each(form: Exercise) -> None:
    assert [question.points for question in form.questions] == [1] * 12
    assert form.total == 12


@each_pair
def test_the_forms_ask_for_the_same_idea(a: Question, b: Question) -> None:
    assert (a.title, a.minutes, a.difficulty) == (b.title, b.minutes, b.difficulty)
    assert re.findall(r"\d+\.\d+", a.text.split(".*")[0]) == re.findall(
        r"\d+\.\d+", b.text.split(".*")[0]
    )
    assert [(w.name, w.sentence) for w in a.wrong] == [(w.name, w.sentence) for w in b.wrong]


@each_pair
def test_who_remembers_form_a_is_not_right_in_form_b(a: Question, b: Question) -> None:
    assert solution(a) != solution(b)


@each_form
def test_every_objective_is_one_of_a_chapter(form: Exercise) -> None:
    stated = {
        number
        for path in (ROOT / "chapters").glob("[0-9]*.ipynb")
        for number in re.findall(r"\*\*(\d+\.\d+)\*\*", notebooks.read(path).cells[0].source)
    }
    for question in form.questions:
        named = re.search(r"\*Objectives? ([\d., ]+)\.\*", question.text)
        assert named and set(named[1].split(", ")) <= stated


@each_form
def test_each_choice_is_right_or_a_named_wrong_answer(form: Exercise) -> None:
    for question in form.questions:
        choices = re.findall(r"^- \*\*([A-D])\*\*", question.text, re.MULTILINE)
        if choices:
            answers = [wrong.code.split(" = ")[1].strip('"') for wrong in question.wrong]
            assert sorted([solution(question), *answers]) == choices == list("ABCD")


def test_no_two_questions_share_a_seal() -> None:
    """Equal answers would else be seen to be equal, between questions and between forms."""
    checks = [check.source for form in (A, B) for q in form.questions for check in q.checks]
    keys = [re.fullmatch(r'seal\("(.+)", answer_\d+\)', source)[1] for source in checks]
    assert len(set(keys)) == 24


def convolution_weights(*arguments: int, groups: int = 1) -> int:
    with torch.device("meta"):
        return nn.Conv2d(*arguments, groups=groups, bias=False).weight.numel()


def inputs_seen(channels: int, groups: list[int]) -> int:
    """Of how many inputs the gradient of one output of a row of 1x1s is not zero."""
    layers = [nn.Conv2d(channels, channels, 1, groups=g, bias=False) for g in groups]
    for layer in layers:
        nn.init.ones_(layer.weight)
    X = torch.ones(1, channels, 1, 1, requires_grad=True)
    nn.Sequential(*layers)(X)[0, 0].sum().backward()
    return int((X.grad != 0).sum())


def running_value(start: float, branches: tuple[int, ...]) -> tuple[int, int]:
    cut = torch.tensor(start)
    for branch in branches:
        cut = torch.relu(cut + branch)
    return int(start + sum(branches)), int(cut)


def dense_reads(channels: int, growth_rate: int, layer: int) -> int:
    block = DenseBlock(DenseLayer, layer, channels, growth_rate)
    return block[f"denselayer{layer}"].conv1.in_channels


def times_the_price(channels: int, factor: int) -> float:
    few, many = (
        counting.summarize(nn.Conv2d(c, c, 3, padding=1, bias=False), (c, 8, 8)).macs
        for c in (channels, factor * channels)
    )
    return many / few


@pytest.mark.parametrize(
    ("number", "named", "ours"),
    [
        (4, ("32", "96"), lambda: times_the_price(32, 3)),
        (4, ("24", "120"), lambda: times_the_price(24, 5)),
        (5, ("starts at 1", "-3, +4 and +1"), lambda: running_value(1.0, (-3, 4, 1))),
        (5, ("starts at 4", "-6, +3 and +1"), lambda: running_value(4.0, (-6, 3, 1))),
        (7, ("24", "12", "4 groups"), lambda: convolution_weights(24, 12, 1, groups=4)),
        (7, ("30", "20", "5 groups"), lambda: convolution_weights(30, 20, 1, groups=5)),
        (8, ("20 channels", "12 new", "fifth"), lambda: dense_reads(20, 12, 5)),
        (8, ("32 channels", "20 new", "seventh"), lambda: dense_reads(32, 20, 7)),
        (
            10,
            ("24 channels", "three", "4 groups"),
            lambda: (inputs_seen(24, [4, 4, 4]), inputs_seen(24, [1, 4, 1])),
        ),
        (
            10,
            ("40 channels", "four", "5 groups"),
            lambda: (inputs_seen(40, [5] * 4), inputs_seen(40, [1, 5, 1])),
        ),
        (11, ("3x3", "40 channels"), lambda: convolution_weights(40, 40, 3, groups=40)),
        (11, ("5x5", "32 channels"), lambda: convolution_weights(32, 32, 5, groups=32)),
    ],
)
def test_the_layer_itself_gives_the_answer(number: int, named: tuple[str, ...], ours) -> None:
    """In the form whose text has these numbers."""
    questions = [form.questions[number - 1] for form in (A, B)]
    (question,) = [q for q in questions if all(word in q.text for word in named)]
    assert solution(question) == ours()


def test_more_paths_for_the_same_price_are_wider_together() -> None:
    width = {C: C * equal_cost_width(C, 256, 64) for C in (1, 2, 32)}
    assert 1 < width[32] / width[1] < 32
    assert 1 / 16 < width[2] / width[32] < 1
    a, b = A.questions[5], B.questions[5]
    assert solution(a) == letter_of(a, "It grows, but less")
    assert solution(b) == letter_of(b, "It shrinks, but less")


@pytest.mark.parametrize(("form", "pieces"), [(A, (4, 6, 8)), (B, (6, 9, 12))])
def test_one_class_of_functions_contains_another_and_the_third_neither(
    form: Exercise, pieces: tuple[int, int, int]
) -> None:
    small, middle, large = pieces
    assert large % small == 0
    assert all(math.gcd(middle, other) < min(middle, other) for other in (small, large))
    question = form.questions[0]
    assert solution(question) == letter_of(question, f"$F_{{{large}}}$ is at least as near")


def grades(rows: list[tuple[str, str, tuple[float, ...]]]) -> list[dict[str, str]]:
    """Rows of a gradebook with four questions."""
    return [
        {"student": s, "exercise": e, "total": str(sum(points))}
        | {f"q{i}": str(p) for i, p in enumerate(points, start=1)}
        for s, e, points in rows
    ]


def test_gain_is_of_those_who_did_both_forms() -> None:
    a, b = concept.FORMS
    rows = [
        ("Ada", a, (1, 0, 0, 0)),
        ("Ada", b, (1, 1, 0, 1)),  # two points more
        ("Ben", a, (1, 0, 1, 0)),
        ("Ben", b, (0, 1, 1, 0)),  # none more
        ("Cleo", a, (0, 0, 0, 0)),  # never came back
        ("Ada", "03_resnet", (1, 1, 1, 1)),
    ]
    found = concept.gain(concept.pairs(grades(rows)))
    assert (found.students, found.before, found.after) == (2, 1.5, 2.5)
    assert found.normalised == pytest.approx(1 / 2.5)
    assert found.error == pytest.approx(1.0)
    assert found.shares == ((1, 0.5), (0, 1), (0.5, 0.5), (0, 0.5))


def test_the_command_reads_a_gradebook_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    a, b = concept.FORMS
    rows = grades([("Ada", a, (1, 0, 0, 0)), ("Ada", b, (1, 1, 1, 1))])
    for name, chosen in (("both.csv", rows), ("one.csv", rows[:1])):
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(chosen)
    assert concept.main([str(tmp_path / "both.csv")]) == 0
    assert "normalised gain: 1.00" in capsys.readouterr().out
    assert concept.main([str(tmp_path / "one.csv")]) == 2
    assert "nobody has a score for both" in capsys.readouterr().err
    assert concept.main([str(tmp_path / "missing.csv")]) == 2
