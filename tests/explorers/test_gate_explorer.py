"""The gate explorer: its measurements held to networks with other weights, the page to Python."""

import json
import random

import pytest
import torch
from torch import nn

from d2l_ext import explorers, networks, zoo
from d2l_ext.explorers import gate_measurements, gate_reading
from d2l_ext.networks.resnet import ResNet
from d2l_ext.networks.senet import SEBottleneck
from d2l_ext.zoo import files
from tests.explorers import standins


@pytest.fixture(scope="module")
def measured():
    """What is measured of a network whose last layer fits 400 images."""
    return gate_measurements.measure(standins.gated(), *standins.images(400))


@pytest.fixture
def standin(monkeypatch, tmp_path, measured):
    """That network in the zoo, and its measurements where the explorer looks for them."""
    sha256 = standins.add_gated(tmp_path, gate_reading.MODEL)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(gate_reading, "file_of", lambda model: tmp_path / f"{model}.json")
    document = {"model": gate_reading.MODEL, "sha256": sha256, **measured}
    (tmp_path / f"{gate_reading.MODEL}.json").write_text(json.dumps(document))
    gate_reading.read.cache_clear()
    yield tmp_path
    gate_reading.read.cache_clear()


def shown(explorer):
    return explorer._repr_mimebundle_()[0]["text/plain"].split("\n")[1]


def test_gates_of_a_class_are_what_the_blocks_multiply_by(measured):
    X, y = standins.images(400)
    model = standins.gated()
    block = model.net.layer2[1]
    ratios = []

    def note(module, inputs, output):
        ratios.append(output.sum(dim=(2, 3)) / inputs[0].sum(dim=(2, 3)))

    handle = block.se.register_forward_hook(note)
    with torch.inference_mode():
        model(X)
    handle.remove()
    (found,) = [b for b in measured["blocks"] if (b["stage"], b["block"]) == (2, 2)]
    expected = torch.stack([ratios[0][y == i].mean(0) for i in range(10)])
    assert torch.tensor(found["by_class"]) / 1000 == pytest.approx(expected, abs=2e-3)
    assert torch.tensor(found["mean"]) / 1000 == pytest.approx(ratios[0].mean(0), abs=2e-3)
    assert expected.std() > 0.02, "these gates would not tell a mistake from none"


def test_the_images_are_right_answers_with_the_least_margin(measured):
    X, y = standins.images(400)
    with torch.inference_mode():
        scores = standins.gated()(X)
    shares = scores.softmax(1)
    for label, image in enumerate(measured["images"]):
        assert image["label"] == label == int(y[image["number"]])
        assert image["logits"] == pytest.approx(scores[image["number"]].tolist(), abs=2e-3)
        right = (y == label) & (scores.argmax(1) == label)
        others = shares[right].clone()
        others[:, label] = 0
        margins = shares[right, label] - others.max(1).values
        own = shares[image["number"]]
        assert own[label] - own.topk(2).values[1] == pytest.approx(float(margins.min()), abs=1e-5)


@pytest.mark.parametrize(("stage", "block"), [(1, 1), (2, 3), (3, 3)])
def test_moved_gates_are_those_of_a_network_with_other_weights(measured, stage, block):
    at = next(
        i for i, b in enumerate(measured["blocks"]) if (b["stage"], b["block"]) == (stage, block)
    )
    model = standins.gated()
    fc2 = getattr(model.net, f"layer{stage}")[block - 1].se.fc2
    weight, bias = fc2.weight.detach().clone(), fc2.bias.detach().clone()
    try:
        for image, channel in ((measured["images"][3], 0), (measured["images"][8], 5)):
            X = standins.images(400)[0][image["number"] : image["number"] + 1]
            mean = measured["blocks"][at]["mean"][channel] / 1000
            own = gate_reading.sigmoid(image["blocks"][at]["pre"][channel])
            for gate in (0.0, mean, 1.0, own):
                fc2.weight.data[channel] = 0  # the pre-activation is the bias, whatever the image
                fc2.bias.data[channel] = torch.tensor(gate).logit(eps=1e-9)
                with torch.inference_mode():
                    expected = model(X)[0].tolist()
                found = gate_reading.scores(image, at, mean, channel, gate)
                assert found == pytest.approx(expected, abs=image["blocks"][at]["scale"] + 2e-3)
                fc2.weight.data.copy_(weight)
                fc2.bias.data.copy_(bias)
    finally:
        fc2.weight.data.copy_(weight)
        fc2.bias.data.copy_(bias)


def test_the_page_reads_the_same_scores(measured, node):
    choice = random.Random(0)
    cases = []
    for _ in range(200):
        at = choice.randrange(len(measured["blocks"]))
        mean = [value / 1000 for value in measured["blocks"][at]["mean"]]
        channel = choice.randrange(len(mean))
        gate = choice.choice([None, 0, 1, mean[channel], choice.random()])
        cases.append([choice.randrange(10), at, mean[channel], channel, gate])
    expression = "data[1].map(([i, ...rest]) => page.movedScores(data[0][i], ...rest))"
    pages = node("gates.js", expression, [measured["images"], cases])
    for (i, *rest), page in zip(cases, pages, strict=True):
        assert page == pytest.approx(gate_reading.scores(measured["images"][i], *rest), abs=1e-9)


@pytest.mark.parametrize("ratio", [2, 4, 8, 16, 32])
def test_the_parameters_of_gates_are_those_of_networks_with_them(node, ratio):
    block = type("Block", (SEBottleneck,), {"ratio": ratio})
    with torch.device("meta"):
        net = ResNet(block, (3, 4, 6, 3))
        plain = networks.get_network("resnet50", in_channels=3, num_classes=1000)

    def count(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    known = gate_reading.COSTS["ResNet-50"]
    assert known["plain"] == count(plain)
    assert gate_reading.added(known["widths"], ratio) == count(net) - count(plain)
    assert node("gates.js", f"page.addedParameters(data, {ratio})", known["widths"]) == (
        count(net) - count(plain)
    )


def test_the_small_network_is_counted_too():
    with torch.device("meta"):
        plain, gated = (networks.get_network(f"cifar_{n}") for n in ("resnet20", "seresnet20"))
    added = sum(p.numel() for p in gated.parameters()) - sum(p.numel() for p in plain.parameters())
    known = gate_reading.COSTS["ResNet-20"]
    assert gate_reading.added(known["widths"], 16) == added
    assert known["plain"] == sum(p.numel() for p in plain.parameters())


def test_the_network_itself_agrees_and_follows_later_changes(standin):
    explorer = explorers.GateExplorer(stage=3, block=2, channel=5, gate=0, image="bag")
    interpolated = explorer.probabilities()[1]
    exact = explorer.measure()
    assert gate_reading.softmax(exact) == pytest.approx(interpolated, abs=0.03)
    explorer.gate = None
    assert explorer.measured["key"] == [3, 2, 5, None, "bag"]
    own = explorer.measurements["images"][8]["logits"]
    assert explorer.measured["logits"] == pytest.approx(own, abs=0.05)  # weights in float16
    explorer.channel = 33
    assert "must lie between 1 and 32" in explorer.measured["error"]


def test_nothing_is_run_before_it_is_asked_for(standin):
    explorer = explorers.GateExplorer()
    explorer.gate = 0.5
    assert explorer.measured == {}


def test_measurements_of_other_weights_are_said_to_be_so(standin):
    assert explorers.GateExplorer().measurements["stale"] is False
    gated = standins.gated()
    kept = gated.net.fc.bias.detach().clone()
    gated.net.fc.bias.data += 1
    try:
        standins.add_gated(standin, gate_reading.MODEL)
    finally:
        gated.net.fc.bias.data.copy_(kept)
    assert explorers.GateExplorer().measurements["stale"] is True


def test_without_measurements_the_explorer_says_how_to_get_them(standin):
    explorer = explorers.GateExplorer(model="nobody_fmnist")
    assert "python -m d2l_ext.explorers.gate_measurements nobody_fmnist" in shown(explorer)
    assert explorer.measure() == []
    explorer.model = gate_reading.MODEL
    assert "blocks" in explorer.measurements


def test_a_network_that_gets_nothing_right_of_a_class_cannot_be_shown():
    X, y = standins.images(400)
    with pytest.raises(ValueError, match=r"no image right of: .*bag.*train it longer"):
        gate_measurements.measure(standins.gated(), X[y != 8], y[y != 8])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stage": 4}, "stage = 4 must lie between 1 and 3. Try 3."),
        ({"block": 0}, "block = 0 must lie between 1 and 3. Try 1."),
        ({"stage": 1, "channel": 9}, "channel = 9 must lie between 1 and 8. Try 8."),
        ({"gate": -0.5}, "gate = -0.5 must lie between 0 and 1. Try 0."),
        ({"ratio": 0}, "ratio = 0 must lie between 1 and 256. Try 1."),
    ],
)
def test_what_cannot_be_is_explained(standin, settings, message):
    assert shown(explorers.GateExplorer(**settings)) == message


def test_the_bundled_measurements_belong_to_the_zoos_weights():
    for name in zoo.list_models():
        if name == gate_reading.MODEL or gate_reading.file_of(name).exists():
            found = gate_reading.read(name).get("sha256")
            assert found == zoo.card(name).sha256, (
                f"run python -m d2l_ext.explorers.gate_measurements {name}"
            )
