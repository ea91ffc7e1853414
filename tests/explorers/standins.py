"""A zoo without training: cards with made-up accuracies, and a network whose last layer is fitted."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import hashlib
import random
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from d2l_ext import data, networks
from d2l_ext.training.normalise import Normalise
from d2l_ext.zoo.model_card import Card, Run, to_json
from d2l_ext.zoo.pretrained import Pretrained

RUN = Run(0, 0, "CPU", 60.0, 100.0, {"torch": "2"}, None, "2026-01-01T00:00:00+00:00")
HALF = {"width_mult": 0.5}  # 8, 16 and 32 channels
RECIPE = {"epochs": 3, "lr": 0.1, "seeds": [0]}


def fill(folder: Path, count: int, seed: int = 0) -> list[str]:
    """Cards and predictions of so many models, each wrong where its own luck has it."""
    luck = random.Random(seed)
    truth = data.FashionMNIST().val.labels.tolist()
    hard = [luck.random() for _ in truth]  # the models fail on the same images, mostly
    names = []
    for i in range(count):
        skill = 0.02 + 0.15 * luck.random()
        said = [
            luck.randrange(10) if difficulty * luck.random() > 1 - 4 * skill else label
            for difficulty, label in zip(hard, truth, strict=True)
        ]
        right = sum(a == b for a, b in zip(said, truth, strict=True))
        name = f"model{i:02}_fmnist"
        curve = [0.5, 0.7, right / len(truth)]
        card = make_card(name, right, curve, parameters=luck.randrange(1, 9) * 10**5, sha256=name)
        write(folder, card, b"", bytes(said))
        names.append(name)
    return names


def make_card(name: str, right: int, curve: list[float], parameters: int, sha256: str) -> Card:
    """A card that could be one of the trainer's."""
    epochs = [{"train_loss": 0.5, "train_acc": a, "val_loss": 0.5, "val_acc": a} for a in curve]
    return Card(
        name=name,
        network="cifar_seresnet20",
        settings=HALF,
        parameters=parameters,
        macs=100 * parameters,
        input_size=(1, 28, 28),
        data="Fashion-MNIST",
        train_images=60_000,
        test_images=10_000,
        mean=(0.286,),
        std=(0.353,),
        recipe=RECIPE,
        runs=(dataclasses.replace(RUN, right=right),),
        epochs=tuple(epochs),
        sha256=sha256,
    )


def write(folder: Path, card: Card, weights: bytes, predictions: bytes) -> None:
    """A model's files, as `d2l-ext zoo add` leaves them."""
    for kind, suffix, content in (
        ("cards", "json", to_json(card).encode()),
        ("weights", "safetensors", weights),
        ("predictions", "gz", gzip.compress(predictions, mtime=0)),
    ):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{card.name}.{suffix}").write_bytes(content)


@functools.cache
def gated() -> Pretrained:
    """A small SE-ResNet with random weights, its last layer fitted to 400 images by least squares."""
    torch.manual_seed(0)
    net = networks.get_network("cifar_seresnet20", in_channels=1, num_classes=10, **HALF)
    for name, module in net.named_modules():
        if name.endswith("fc2"):
            nn.init.normal_(module.weight, std=2.0)  # gates that differ from image to image
    X, y = images(400)
    model = Pretrained(Normalise((0.286,), (0.353,)), net).eval()
    fc, net.fc = net.fc, nn.Identity()
    with torch.no_grad():
        features = model(X)
        centre = features.mean(0)
        goal = nn.functional.one_hot(y.long(), 10).float() * 8
        fitted = torch.linalg.lstsq(features - centre, goal - goal.mean(0)).solution.T
        fc.weight.copy_(fitted)
        fc.bias.copy_(goal.mean(0) - fitted @ centre)
    net.fc = fc
    return model


def images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first so many test images, from 0 to 1, and their classes."""
    split = data.FashionMNIST(val_size=count).val
    return split.images[:, None] / 255, split.labels


def add_gated(folder: Path, name: str) -> str:
    """Put the fitted network into a zoo; gives the hash of its weights."""
    weights = save({key: value.half() for key, value in gated().net.state_dict().items()})
    sha256 = hashlib.sha256(weights).hexdigest()
    write(folder, make_card(name, 7000, [0.7], 275_218, sha256), weights, bytes(10_000))
    return sha256
