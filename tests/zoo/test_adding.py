"""What the trainer leaves becomes a model, if it holds what it claims."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from d2l_ext import cli, data, networks, zoo
from d2l_ext.zoo import files
from d2l_ext.zoo.adding import add
from d2l_ext.zoo.measuring import measure
from d2l_ext.zoo.pretrained import assemble
from d2l_ext.zoo.results import read_results, to_card


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


def diverge(folder: Path) -> None:
    path = folder / "weights.safetensors"
    state = load_file(path)
    state["conv1.weight"].fill_(torch.inf)
    save_file(state, path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


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
    "weights that are not finite": (diverge, "weights are damaged .*is not finite"),
    "half the predictions": (
        lambda f: cut(f / "predictions.npy"),
        r"predictions\.npy is damaged.*train again",
    ),
    "a network that only studies have": (
        lambda f: change(f, lambda r: r.update(network="cifar_resnet_of")),
        r"tiny_fmnist: a model of the zoo is one of networks\.list_networks",
    ),
    "a setting that the network has not": (
        lambda f: change(f, lambda r: r.update(settings={"widht": 2})),
        "tiny_fmnist: .*widht",
    ),
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


def test_a_weight_that_float16_cannot_hold_is_stored_in_float32(
    runs: list[Path], zoo_folder: Path
) -> None:
    path = runs[0] / "weights.safetensors"
    state = load_file(path)
    state["bn1.running_var"] = torch.full_like(state["bn1.running_var"], 1e6, dtype=torch.float32)
    save_file(state, path)
    results = read_results(runs[:1])["tiny_fmnist"]
    card = to_card(results, "")
    predictions, right = measure(card, assemble(card, path.read_bytes()))
    np.save(runs[0] / "predictions.npy", predictions.numpy())
    change(runs[0], lambda r: r.update(right=right))
    add(runs[:1], tell=lambda line: None)
    assert zoo.load("tiny_fmnist").net.bn1.running_var.eq(1e6).all()
    kinds = {name: w.dtype for name, w in load_file(files.weights_file("tiny_fmnist")).items()}
    assert kinds["bn1.running_var"] == torch.float32
    assert kinds["conv1.weight"] == torch.float16
