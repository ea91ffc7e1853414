"""What the trainer leaves becomes a model, if it holds what it claims."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from d2l_ext import cli, data, networks, zoo
from d2l_ext.zoo.adding import add


def record(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text())


def change(folder: Path, edit: Callable[[dict], object]) -> None:
    result = record(folder)
    edit(result)
    (folder / "result.json").write_text(json.dumps(result))


def test_a_model_computes_what_was_trained(tiny: str, runs: list[Path]) -> None:
    result = record(runs[0])
    net = networks.get_network("cifar_resnet20", in_channels=1, num_classes=10, width_mult=0.25)
    state = load_file(runs[0] / "weights.safetensors")
    net.load_state_dict({k: w.float() if w.is_floating_point() else w for k, w in state.items()})
    X, _ = next(iter(data.FashionMNIST(64, resize=14).val_dataloader()))
    mean, std = result["normalisation"]["mean"][0], result["normalisation"]["std"][0]
    with torch.no_grad():
        torch.testing.assert_close(zoo.load(tiny)(X), net.eval()((X - mean) / std))
    trained = torch.from_numpy(np.load(runs[0] / "predictions.npy"))
    assert (zoo.predictions(tiny) != trained).sum() <= 5


def test_the_card_says_what_was_trained(tiny: str, runs: list[Path]) -> None:
    card, (first, second) = zoo.card(tiny), map(record, runs)
    assert zoo.list_models() == [tiny]
    for key in ("parameters", "macs", "hardware", "seconds", "commit", "recipe", "settings"):
        assert getattr(card, key) == first[key]
    assert (card.data, card.train_images, card.test_images) == ("Fashion-MNIST", 600, 10_000)
    assert card.input_size == (1, 14, 14)
    assert zoo.curve(tiny)["val_loss"] == [epoch["val_loss"] for epoch in first["epochs"]]
    assert card.seeds == (1, 5), "the smallest seed first, however the folders come"
    assert card.accuracies[5] == second["accuracy"]
    labels = data.FashionMNIST().val.labels
    assert card.right == (zoo.predictions(tiny) == labels).sum()
    assert card.accuracy == card.right / 10_000
    assert card.spread == pytest.approx(np.std(list(card.accuracies.values()), ddof=1))


def test_a_model_that_is_there_is_replaced_only_when_asked(
    tiny: str, runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["zoo", "add", str(runs[1])]) == 2
    assert "tiny_fmnist; --replace" in capsys.readouterr().err
    assert zoo.card(tiny).seeds == (1, 5)
    assert cli.main(["zoo", "add", str(runs[1]), "--replace"]) == 0
    assert zoo.card(tiny).seeds == (5,)
    assert zoo.card(tiny).spread is None
    zoo.load(tiny)


def zero_a_layer(folder: Path) -> None:
    path = folder / "weights.safetensors"
    state = load_file(path)
    last = next(key for key in reversed(state) if key.endswith("weight") and state[key].ndim == 2)
    save_file({**state, last: torch.zeros_like(state[last])}, path)


def drop_a_weight(folder: Path) -> None:
    path = folder / "weights.safetensors"
    state = load_file(path)
    state.pop(next(key for key in state if key.endswith("weight")))
    save_file(state, path)


def overflow(folder: Path) -> None:
    path = folder / "weights.safetensors"
    state = {key: w.float() for key, w in load_file(path).items()}
    state[next(iter(state))].fill_(1e6)
    save_file(state, path)


SPOILED = {
    "unfinished": (lambda f: (f / "result.json").unlink(), r"no result\.json.*goes on with it"),
    "half a record": (lambda f: (f / "result.json").write_text("{"), r"result\.json is damaged"),
    "a key is missing": (lambda f: change(f, lambda r: r.pop("macs")), r"damaged.*macs"),
    "another format": (lambda f: change(f, lambda r: r.update(format=9)), "another version"),
    "no weights": (lambda f: (f / "weights.safetensors").unlink(), r"no weights\.safetensors"),
    "half the weights": (
        lambda f: (f / "weights.safetensors").write_bytes(b"12345678{}"),
        "weights are damaged",
    ),
    "a weight is missing": (drop_a_weight, "not the weights of cifar_resnet20"),
    "too large for float16": (overflow, "not finite in float16"),
    "other weights": (zero_a_layer, "but its weights give 1,000"),
    "a better accuracy": (
        lambda f: change(f, lambda r: r.update(right=9_700)),
        r"claims 9,700 right answers, but its predictions\.npy has",
    ),
    "other counts": (
        lambda f: change(f, lambda r: r.update(parameters=5)),
        "claims 5 parameters.*another version",
    ),
    "no data set in the name": (
        lambda f: change(f, lambda r: r.update(name="tiny")),
        "ends in its data set: _fmnist for Fashion-MNIST",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILED.values(), ids=SPOILED)
def test_a_folder_that_does_not_hold_what_it_claims_is_refused(
    spoil: Callable[[Path], object], message: str, runs: list[Path], zoo_folder: Path
) -> None:
    spoil(runs[0])
    with pytest.raises(zoo.ZooError, match=message):
        add(runs[:1], tell=lambda line: None)
    assert not any(zoo_folder.rglob("*.*"))


def test_runs_of_one_model_differ_in_nothing_but_the_seed(
    runs: list[Path], zoo_folder: Path
) -> None:
    change(runs[1], lambda r: r["recipe"].update(epochs=9, lr=0.2))
    with pytest.raises(zoo.ZooError, match=r"both of tiny_fmnist.*recipe\.epochs, recipe\.lr"):
        add(runs, tell=lambda line: None)
    with pytest.raises(zoo.ZooError, match=r"same seed; the seeds are \[1, 1\]"):
        add([runs[0], runs[0]], tell=lambda line: None)
