"""Predictions are written down before a result and compared with it after, in every chapter from 2 on."""

import re
from pathlib import Path

import pytest

from d2l_ext import predictions
from tools import notebooks

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("0[2-9]*.ipynb"))
CALL = re.compile(r'predictions\.(note|compare)\(\s*"([^"]+)"')


@pytest.fixture(autouse=True)
def nothing_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "_guesses", {})
    monkeypatch.setattr(predictions, "_out", set())


def test_a_guess_stands_beside_the_result(capsys: pytest.CaptureFixture) -> None:
    predictions.note("weights", "A")
    predictions.note("weights", 12)  # thought again
    predictions.compare("weights", "B")
    assert capsys.readouterr().out == "weights: you predicted 12; it is B\n"


@pytest.mark.parametrize("guess", [None, "?", " "])
def test_no_guess_is_said_and_is_no_error(guess, capsys: pytest.CaptureFixture) -> None:
    if guess is not None:
        predictions.note("weights", guess)
    predictions.compare("weights", "B")
    assert capsys.readouterr().out == "weights: no prediction was written down; it is B\n"


def test_a_guess_behind_the_result_is_called_by_its_name(capsys: pytest.CaptureFixture) -> None:
    predictions.compare("weights", "B")
    predictions.note("weights", "?")  # the notebook is run again: nothing to be said
    assert "out already" not in capsys.readouterr().out
    predictions.note("weights", "B")
    assert "out already" in capsys.readouterr().out


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in CHAPTERS])
def test_a_chapter_has_a_prediction_and_gives_none_away(path: Path) -> None:
    calls = [
        call
        for cell in notebooks.read(path).cells
        if cell.cell_type == "code"
        for call in CALL.findall(cell.source)
    ]
    assert calls, "no prediction is written down"
    notes = [what for kind, what in calls if kind == "note"]
    results = [what for kind, what in calls if kind == "compare"]
    assert notes == results
    for what in notes:
        assert calls.index(("note", what)) < calls.index(("compare", what))
    source = "\n".join(cell.source for cell in notebooks.read(path).cells)
    assert source.count('"?")') == len(notes), "a chapter comes without a guess"
