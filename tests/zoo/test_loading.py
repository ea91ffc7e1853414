"""A trained network in one line, or a sentence that says why not."""

import gzip
import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from d2l_ext import zoo
from d2l_ext.zoo import files


def test_a_loaded_network_is_ready_and_its_parts_are_visible(tiny: str) -> None:
    net = zoo.load(tiny)
    assert isinstance(net, nn.Sequential)
    assert [name for name, _ in net.named_children()] == ["normalise", "net"]
    assert not any(module.training for module in net.modules())
    tensors = [*net.parameters(), *net.buffers()]
    assert all(t.device.type == "cpu" for t in tensors)
    assert all(t.dtype == torch.float32 for t in tensors if t.is_floating_point())
    net.train()(torch.rand(4, 1, 14, 14)).sum().backward()
    assert all(p.grad is not None for p in net.parameters()), "it can be trained on"


def test_loading_draws_no_random_numbers(tiny: str) -> None:
    before = torch.get_rng_state()
    zoo.load(tiny)
    assert torch.equal(torch.get_rng_state(), before)


def test_damaged_weights_are_not_loaded(tiny: str) -> None:
    path = files.weights_file(tiny)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(zoo.ZooError, match=r"tiny_fmnist\.safetensors is damaged.*SHA-256"):
        zoo.load(tiny)


def test_missing_weights_are_named(tiny: str) -> None:
    files.weights_file(tiny).unlink()
    with pytest.raises(zoo.ZooError, match=r"tiny_fmnist\.safetensors is missing; install"):
        zoo.load(tiny)


def test_a_pickle_is_never_opened(tiny: str, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    content = pickle.dumps(Trap())
    files.weights_file(tiny).write_bytes(content)
    card = json.loads(files.card_file(tiny).read_text())
    card["sha256"] = hashlib.sha256(content).hexdigest()
    files.card_file(tiny).write_text(json.dumps(card))
    with pytest.raises(zoo.ZooError, match="not the weights of cifar_resnet20"):
        zoo.load(tiny)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("look", [zoo.load, zoo.card, zoo.curve, zoo.predictions])
def test_an_unknown_name_gets_a_close_one(look, tiny: str) -> None:
    with pytest.raises(zoo.ZooError, match=r"no trained network called 'tiny'; did you mean tiny_"):
        look("tiny")
    with pytest.raises(zoo.ZooError, match=r"see zoo\.list_models"):
        look("../weights")


def test_damaged_predictions_are_named(tiny: str) -> None:
    path = files.predictions_file(tiny)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(zoo.ZooError, match=r"tiny_fmnist\.gz is damaged"):
        zoo.predictions(tiny)
    path.write_bytes(gzip.compress(gzip.decompress(whole)[:-1]))
    with pytest.raises(zoo.ZooError, match="9999 of 10000 predictions"):
        zoo.predictions(tiny)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 1}', '{"format": 7}', "\x80"])
def test_a_damaged_card_is_named(tiny: str, content: str) -> None:
    files.card_file(tiny).write_text(content, encoding="latin-1")
    with pytest.raises(zoo.ZooError, match=r"tiny_fmnist\.json (is damaged|was written by)"):
        zoo.card(tiny)
