"""The zoo explorer: held to `zoo.compare`, to the definition of the front, and to the files."""

import base64
import io
import itertools
import json

import numpy as np
import pytest
from PIL import Image

from d2l_ext import data, explorers, zoo
from d2l_ext.explorers import zoo_images, zoo_latency
from d2l_ext.explorers.zoo_explorer import front
from d2l_ext.zoo import files
from tests.explorers import standins


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    return tmp_path


def shown(explorer):
    return explorer._repr_mimebundle_()[0]["text/plain"].split("\n")[1]


def test_classes_and_images_are_those_of_the_data(folder):
    assert data.FashionMNIST.labels == zoo_images.CLASSES
    val = data.FashionMNIST().val
    assert zoo_images.labels() == bytes(val.labels.tolist())
    numbers = [9999, 0, 17]
    uri = zoo_images.sheet(numbers)
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert np.array_equal(np.array(picture), val.images[numbers].reshape(-1, 28).numpy())


def test_an_empty_zoo_says_what_to_do(folder):
    explorer = explorers.ZooExplorer(chosen=("nobody",))
    assert "d2l-ext zoo add" in shown(explorer)
    assert "d2l-ext zoo add" in explorer.snapshot()


@pytest.mark.parametrize("count", [1, 2, 20])
def test_pairs_are_counted_as_zoo_compare_counts_them(folder, node, count):
    names = standins.fill(folder, count)
    known = explorers.ZooExplorer().catalogue
    assert len(known["pairs"]) == count * (count - 1) // 2
    for a, b in list(itertools.permutations(names, 2))[:: max(1, count // 4)]:
        reference = zoo.compare(a, b)
        models = {model["name"]: model for model in known["models"]}
        (page,) = node(
            "zoo_explorer.js",
            "[page.comparison(data[0], data[1], data[2])]",
            [known, models[a], models[b]],
        )
        counts = [page[key] for key in ("both", "onlyA", "onlyB", "neither")]
        assert counts == [reference.both, reference.only_a, reference.only_b, reference.neither]
        assert page["difference"] == pytest.approx(reference.difference)
        assert page["error"] == pytest.approx(reference.standard_error)
        assert page["p"] == f"{reference.p_value:.2g}"
        if count == 20:
            break  # the page's arithmetic is the same for all; node takes its time to start


@pytest.mark.parametrize("count", [2, 20])
def test_every_pair_has_examples_that_are_what_they_are_said_to_be(folder, count):
    names = standins.fill(folder, count)
    known = explorers.ZooExplorer().catalogue
    truth = data.FashionMNIST().val.labels.tolist()
    models = {model["name"]: model for model in known["models"]}
    numbers = known["images"]["numbers"]
    assert known["images"]["labels"] == [truth[i] for i in numbers]
    said = {name: zoo.predictions(name).tolist() for name in names}
    for name in names:
        assert models[name]["predictions"] == [said[name][i] for i in numbers]
    right = {name: np.array(said[name]) == np.array(truth) for name in names}
    for a, b in itertools.permutations(names, 2):
        there = right[a] & ~right[b]
        assert there[numbers].sum() >= min(3, there.sum()), (a, b)
    assert len(numbers) <= 80


def test_twenty_models_fit_into_a_snapshot(folder):
    standins.fill(folder, 20)
    assert len(explorers.ZooExplorer().snapshot().encode()) < 300_000


def test_the_front_is_what_nothing_dominates_here_and_on_the_page(node):
    dice = np.random.default_rng(0)
    cases = []
    for _ in range(60):
        size = int(dice.integers(1, 12))
        cases.append(
            [
                {
                    "name": str(i),
                    "right": int(dice.integers(5)),
                    "x": None if dice.random() < 0.1 else int(dice.integers(5)),
                }
                for i in range(size)
            ]
        )
    pages = node("zoo_explorer.js", 'data.map((m) => page.front(m, "x").map((o) => o.name))', cases)
    for models, page in zip(cases, pages, strict=True):
        points = {m["name"]: (m["x"], -m["right"]) for m in models if m["x"] is not None}
        expected = {
            name
            for name, point in points.items()
            if not any(
                all(a <= b for a, b in zip(other, point, strict=True)) and other != point
                for other in points.values()
            )
        }
        assert set(page) == expected
        assert {m["name"] for m in front(models, "x")} == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chosen": ("model00_fmnist", "nobody")}, "there is no model 'nobody' on Fashion-MNIST."),
        ({"chosen": ("model00_fmnist",) * 2}, "'model00_fmnist' stands there twice."),
        ({"chosen": [f"model0{i}_fmnist" for i in range(5)]}, "5 models, but 4 is the most."),
        ({"data": "MNIST"}, "no model is trained on 'MNIST'. Try 'Fashion-MNIST'."),
    ],
)
def test_what_cannot_be_shown_is_explained_in_the_same_words_on_the_page(
    folder, node, settings, message
):
    standins.fill(folder, 6)
    explorer = explorers.ZooExplorer(**settings)
    assert shown(explorer).endswith(message)
    if "chosen" in settings:
        expression = """(() => { try { page.chosenOf(data[0], data[1]); } catch (error) {
          return [error.message, error.fix.chosen.length]; } })()"""
        state = {"chosen": settings["chosen"], "data": explorer.data}
        said, kept = node("zoo_explorer.js", expression, [explorer.models, state])
        assert said.endswith(message) and kept == len(settings["chosen"]) - 1


def test_an_unknown_axis_is_refused():
    with pytest.raises(ValueError, match="x = 'time' is none of parameters, macs, latency"):
        explorers.ZooExplorer(x="time")


def test_damaged_files_are_named_and_the_rest_is_shown(folder):
    names = standins.fill(folder, 3)
    files.card_file(names[0]).write_text("{")
    explorer = explorers.ZooExplorer()
    assert len(explorer.models) == 2
    assert f"{names[0]}.json" in " ".join(explorer.catalogue["problems"])
    files.predictions_file(names[1]).write_bytes(b"no gzip")
    again = explorers.ZooExplorer()
    assert len(again.models) == 2
    assert again.catalogue["pairs"] in ({}, explorer.catalogue["pairs"])


def test_latencies_are_multiples_of_the_fastest_and_move_the_front(folder):
    fast, slow = "fast_fmnist", "slow_fmnist"
    for name in (fast, slow):
        standins.add_gated(folder, name)
    explorer = explorers.ZooExplorer(x="latency")
    assert explorer.table().count("–") >= 2  # not measured yet
    ratios = explorer.measure()
    assert set(ratios) == {fast, slow} and min(ratios.values()) == 1
    assert "thread" in explorer.measured["machine"]
    # Both are equally accurate, so the fastest are on the front: one, or both where they tie.
    assert shown(explorer).count("_fmnist") == list(ratios.values()).count(1)
    files.weights_file(slow).write_bytes(b"")
    assert explorer.measure() == {}
    assert "is damaged" in explorer.measured["error"]


def test_turns_are_at_least_three_however_short_the_time(folder):
    standins.add_gated(folder, "one_fmnist")
    found = zoo_latency.measure(["one_fmnist"], rounds=9, seconds=0)
    assert found["rounds"] == 3 and found["ratios"] == {"one_fmnist": 1}


def test_bundled_latencies_are_of_models_that_exist():
    known = explorers.zoo_explorer.catalogue()["latency"]
    assert set(known["ratios"]) <= set(zoo.list_models())
    assert json.dumps(known)
