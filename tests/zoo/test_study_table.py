"""A study as a table and as a figure."""

import math

import pytest

from d2l_ext import cli
from d2l_ext.zoo import study_curves, study_results, study_table
from d2l_ext.zoo.study_results import Study, StudyRun


def run(name: str, seed: int, right: int, macs: int = 7) -> StudyRun:
    accuracies = (0.5, right / 1000)
    epochs = tuple({"train_acc": a - 0.1, "val_acc": a, "seconds": 1.0} for a in accuracies)
    return StudyRun(name, {}, seed, 1234, macs, right, 2.0, epochs)


@pytest.fixture
def study() -> Study:
    runs = (run("one", 0, 700), run("one", 1, 720), run("two", 0, 800, macs=9))
    facts = {"hardware": ("CPU",), "commits": ("abc",), "versions": ("torch 2",)}
    return Study(
        "degradation", {}, 60, 1000, (1, 14, 14), **facts, seconds=6, finished="", runs=runs
    )


def test_a_row_has_the_mean_and_the_spread_of_its_seeds(study: Study) -> None:
    one, two = study_table.rows(study)
    assert one.error == pytest.approx(0.29)
    assert one.spread == pytest.approx(math.sqrt(2) * 0.01)
    assert one.training_error == pytest.approx(0.39)
    assert (two.spread, two.macs) == (None, 9)


def test_two_rows_are_compared_by_their_seeds(study: Study) -> None:
    one, two = study_table.rows(study)
    assert one.welch(two) is None, "one seed has no spread"
    better = study_table.Row("three", 1, 1, (0.21, 0.23), 0.2)
    # Means 0.29 and 0.22, each with the standard error 0.01. With two degrees of freedom
    # p = 1 - t / sqrt(2 + t^2).
    t = -0.07 / math.hypot(0.01, 0.01)
    assert one.welch(better) == pytest.approx((t, 1 - abs(t) / math.sqrt(2 + t**2)))


def test_the_command_compares_two_rows(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["zoo", "study", "shuffle", "g8_unshuffled", "g8"]) == 0
    assert capsys.readouterr().out.startswith("g8 - g8_unshuffled: +3.04% error, t = 2.59, p = ")
    for rows in (["g8"], ["g8", "g9"]):
        assert cli.main(["zoo", "study", "shuffle", *rows]) == 2


def test_the_table_says_how_its_networks_were_trained(study: Study) -> None:
    text = study_table.text(study)
    assert text.startswith("degradation: 60 images of 1 x 14 x 14, 2 epochs; CPU\n")
    assert "29.00%" in text and "1.41%" in text


def test_in_a_notebook_the_table_folds_its_provenance(study: Study) -> None:
    page = study._repr_html_()
    shown, folded = page.split("<details>")
    assert "29.00%" in shown and "abc" not in shown
    assert "abc" in folded and "d2l-ext train degradation" in folded
    assert repr(study) == study_table.text(study)


def test_the_figure_has_its_numbers_in_words(study: Study) -> None:
    picture = study_curves.curves(study)
    assert "one 39.0 and 29.0; two 30.0 and 20.0" in picture.alt
    left, right = picture.figure.axes
    assert [line.get_label() for line in right.lines] == ["one", "two"]
    assert list(left.lines[0].get_ydata()) == pytest.approx([60, 39])
    assert "one" not in study_curves.curves(study, ["two"]).alt
    assert study.curves("two").alt == study.curves(["two"]).alt
    with pytest.raises(ValueError, match="no row 'three'; it has one, two"):
        study_curves.curves(study, ["three"])


def test_the_command_lists_studies_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["zoo", "study"]) == 0
    names = capsys.readouterr().out.split()
    assert names == study_results.list_studies()
    assert cli.main(["zoo", "study", names[0]]) == 0
    assert capsys.readouterr().out.startswith(f"{names[0]}: ")
    assert cli.main(["zoo", "study", "nothing"]) == 2
