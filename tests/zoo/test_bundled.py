"""The models that the package brings: every card is true, and says all that it should."""

from pathlib import Path

import pytest

from d2l_ext import counting, data, zoo
from d2l_ext.zoo import files
from d2l_ext.zoo.measuring import measure

# Test images that another machine, or another order of additions, may decide differently.
TOLERANCE = 5
CHEAP_FIRST = sorted(zoo.list_models(), key=lambda name: zoo.card(name).macs)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but what the package brings."""
    monkeypatch.delenv("D2L_EXT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def of_fashion_mnist(name: str) -> None:
    if zoo.card(name).data != data.FashionMNIST.name:
        pytest.skip("the package brings the test set of Fashion-MNIST only")


@pytest.mark.parametrize("name", CHEAP_FIRST)
def test_a_card_is_complete(name: str) -> None:
    card = zoo.card(name)
    assert card.name == name
    assert card.teaches, "teaches.toml has no sentence for it"
    assert card.train_images == (60_000 if name.endswith("_fmnist") else 50_000)
    assert card.commit
    assert card.hardware
    assert len(card.epochs) == card.recipe["epochs"]


@pytest.mark.parametrize("name", CHEAP_FIRST)
def test_a_model_counts_what_its_card_says(name: str) -> None:
    card = zoo.card(name)
    summary = counting.summarize(zoo.load(name), card.input_size)
    assert (summary.parameters, summary.macs) == (card.parameters, card.macs)


@pytest.mark.parametrize("name", CHEAP_FIRST)
def test_the_stored_predictions_give_the_accuracy(name: str) -> None:
    of_fashion_mnist(name)
    labels = data.FashionMNIST().val.labels
    assert (zoo.predictions(name) == labels).sum() == zoo.card(name).right


@pytest.mark.parametrize(
    "name",
    [*CHEAP_FIRST[:2], *(pytest.param(name, marks=pytest.mark.slow) for name in CHEAP_FIRST[2:])],
)
def test_the_accuracy_is_measured_again(name: str) -> None:
    of_fashion_mnist(name)
    card = zoo.card(name)
    predicted, right = measure(card, zoo.load(name))
    assert abs(right - card.right) <= TOLERANCE
    assert (predicted != zoo.predictions(name)).sum() <= 2 * TOLERANCE


def test_every_file_belongs_to_a_card() -> None:
    for folder in ("weights", "predictions"):
        found = {path.stem for path in (files.FOLDER / folder).glob("[!.]*")}
        assert found == set(CHEAP_FIRST)


def test_the_weights_are_small() -> None:
    weights = (files.FOLDER / "weights").glob("*")
    assert sum(path.stat().st_size for path in weights) <= 30 * 2**20
