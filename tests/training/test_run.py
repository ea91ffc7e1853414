"""A run's folder: what is in it, and that an interrupted run goes on to the same end."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from d2l_ext import counting, data, networks
from d2l_ext.training import run as runs
from d2l_ext.training.failures import TrainingError
from d2l_ext.training.recipe import Recipe
from d2l_ext.training.trainer import Trainer

CPU = torch.device("cpu")


def test_the_stored_weights_give_the_stored_predictions(recipe: Recipe, tmp_path: Path) -> None:
    assert runs.run(recipe, 0, tmp_path, CPU)
    folder = tmp_path / "tiny-s0"
    assert {path.name for path in folder.iterdir()} == {
        "result.json",
        "weights.safetensors",
        "predictions.npy",
    }
    record = json.loads((folder / "result.json").read_text())
    weights = load_file(folder / "weights.safetensors")
    assert {w.dtype for w in weights.values() if w.is_floating_point()} == {torch.float16}

    net = networks.get_network("cifar_resnet20", in_channels=1, width_mult=0.125)
    net.load_state_dict(weights)
    X, y = next(iter(data.FashionMNIST(10_000, resize=8, train_size=1).val_dataloader()))
    mean, std = (torch.tensor(record["normalisation"][key]) for key in ("mean", "std"))
    with torch.no_grad():
        predicted = net.eval()((X - mean) / std).argmax(1)
    stored = np.load(folder / "predictions.npy")
    assert stored.dtype == np.uint8
    # Sums in another order may tip an image that lies on a border.
    assert (predicted.numpy() != stored).sum() <= 5
    assert record["right"] == (stored == y.numpy()).sum()
    assert record["accuracy"] == record["right"] / 10_000
    assert record["macs"] == counting.summarize(net, (1, 8, 8)).macs
    assert len(record["epochs"]) == 2
    assert record["data"] == {
        "name": "Fashion-MNIST",
        "train_images": 200,
        "test_images": 10_000,
    }


def test_an_interrupted_run_goes_on_to_the_same_weights(recipe: Recipe, tmp_path: Path) -> None:
    def interrupt(trainer: Trainer) -> None:
        raise KeyboardInterrupt

    assert runs.run(recipe, 0, tmp_path / "whole", CPU)
    with pytest.warns(UserWarning, match="stopped"):
        assert not runs.run(recipe, 0, tmp_path / "parts", CPU, on_epoch_end=interrupt)
    assert not runs.is_finished(recipe, 0, tmp_path / "parts")
    with pytest.raises(ValueError, match="another recipe"):
        runs.is_finished(dataclasses.replace(recipe, flip=False), 0, tmp_path / "parts")
    torch.manual_seed(99)  # whatever happened in between must not matter
    assert runs.run(recipe, 0, tmp_path / "parts", CPU)

    whole, parts = (
        load_file(tmp_path / name / "tiny-s0" / "weights.safetensors")
        for name in ("whole", "parts")
    )
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    records = [
        json.loads((tmp_path / name / "tiny-s0" / "result.json").read_text())
        for name in ("whole", "parts")
    ]
    curves = [[e["train_loss"] for e in record["epochs"]] for record in records]
    assert curves[0] == curves[1]


def test_a_result_of_another_recipe_is_not_taken_for_this_ones(
    recipe: Recipe, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(recipe, epochs=1)
    runs.run(recipe, 0, tmp_path, CPU)
    assert runs.is_finished(recipe, 0, tmp_path)
    with pytest.raises(ValueError, match=r"another recipe \(lr differ\)"):
        runs.is_finished(dataclasses.replace(recipe, lr=0.2), 0, tmp_path)


@pytest.mark.parametrize("text", ["{}", "[]", '{"recipe"', '{"recipe": 3}'])
@pytest.mark.parametrize("name", ["result.json", "recipe.json"])
def test_a_damaged_record_is_named(recipe: Recipe, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "tiny-s0" / name
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match=f"{path} is damaged .*delete it"):
        runs.is_finished(recipe, 0, tmp_path)


def test_seeds_differ(recipe: Recipe, tmp_path: Path) -> None:
    recipe = dataclasses.replace(recipe, epochs=1)
    for seed in (0, 1):
        runs.run(recipe, seed, tmp_path, CPU)
    first, second = (load_file(tmp_path / f"tiny-s{s}" / "weights.safetensors") for s in (0, 1))
    assert not torch.equal(first["conv1.weight"], second["conv1.weight"])


def test_a_weight_that_float16_cannot_hold_stays_as_it_is() -> None:
    stored = runs.as_stored(
        {"fc.weight": torch.tensor([1.0]), "bn.running_var": torch.tensor([1e6])}
    )
    assert stored["fc.weight"].dtype == torch.float16
    assert stored["bn.running_var"].item() == 1e6


def test_a_weight_that_is_not_finite_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"fc\.weight is not finite"):
        runs.as_stored({"fc.weight": torch.tensor([torch.inf])})


def test_a_run_belongs_to_one_process_at_a_time(recipe: Recipe, tmp_path: Path) -> None:
    with (
        runs.claimed(recipe, 0, tmp_path) as first,
        runs.claimed(recipe, 0, tmp_path) as second,
        runs.claimed(recipe, 1, tmp_path) as other,
    ):
        assert (first, second, other) == (True, False, True)
    with runs.claimed(recipe, 0, tmp_path) as again:
        assert again
    assert not list((tmp_path / "tiny-s0").iterdir())


def test_a_compiled_network_trains_to_the_same_weights(recipe: Recipe, tmp_path: Path) -> None:
    recipe = dataclasses.replace(recipe, epochs=1, precision="float32")
    for backend in ("", "eager"):
        runs.run(dataclasses.replace(recipe, compile=backend), 0, tmp_path / f"_{backend}", CPU)
    plain, compiled = (
        load_file(tmp_path / name / "tiny-s0" / "weights.safetensors") for name in ("_", "_eager")
    )
    for name, weight in plain.items():
        torch.testing.assert_close(compiled[name], weight, rtol=1e-2, atol=1e-3)
