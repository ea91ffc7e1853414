"""Networks that grow while they are trained: when the blocks come in, and that resuming changes nothing."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from d2l_ext.networks import get_network
from d2l_ext.training import growing
from d2l_ext.training import run as runs
from d2l_ext.training.recipe import Recipe
from d2l_ext.training.trainer import Trainer

CPU = torch.device("cpu")


@pytest.fixture
def growing_recipe(recipe: Recipe) -> Recipe:
    return dataclasses.replace(
        recipe, network="cifar_preact_resnet20", first_blocks=2, grow_after=1, epochs=3
    )


def test_later_blocks_have_no_part_until_they_come_in(
    growing_recipe: Recipe, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []

    def look(trainer: Trainer) -> None:
        net = trainer.model.net[1]
        late = [stage[2] for stage in (net.layer1, net.layer2, net.layer3)]
        seen.append((trainer.epoch, sum(bool(block.conv2.weight.any()) for block in late)))

    assert runs.run(growing_recipe, 0, tmp_path, CPU, on_epoch_end=look)
    assert seen == [(0, 0), (1, 3), (2, 3)]
    record = json.loads((tmp_path / "tiny-s0" / "result.json").read_text())
    whole = get_network("cifar_preact_resnet20", in_channels=1, width_mult=0.125)
    assert record["parameters"] == sum(p.numel() for p in whole.parameters())
    whole.load_state_dict(load_file(tmp_path / "tiny-s0" / "weights.safetensors"))


def test_a_network_that_grows_goes_on_from_a_checkpoint_before_and_after_it_has_grown(
    growing_recipe: Recipe, tmp_path: Path
) -> None:
    def interrupt(trainer: Trainer) -> None:
        raise KeyboardInterrupt

    assert runs.run(growing_recipe, 0, tmp_path / "whole", CPU)
    for _ in range(3):
        with pytest.warns(UserWarning, match="stopped"):
            assert not runs.run(growing_recipe, 0, tmp_path / "parts", CPU, on_epoch_end=interrupt)
    assert runs.run(growing_recipe, 0, tmp_path / "parts", CPU)
    whole, parts = (
        load_file(tmp_path / name / "tiny-s0" / "weights.safetensors")
        for name in ("whole", "parts")
    )
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_network_without_its_later_blocks_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = get_network("cifar_preact_resnet20", in_channels=1, width_mult=0.5).eval()
    places = growing.later_places(net, 1)
    X = torch.rand(2, 1, 14, 14)
    whole = net(X)
    with growing.left_out(places):
        assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) == 9
        assert torch.equal(net(X), whole)
    assert len([m for m in net.modules() if isinstance(m, nn.Conv2d)]) == 21


@pytest.mark.parametrize(
    ("name", "first_blocks", "message"),
    [
        ("cifar_resnet20", 3, r"no block to grow by; its stages have 3, 3, 3 blocks"),
        ("cifar_resnet110_half_shortcut", 1, "identity"),
        ("cifar_mobilenet_v2", 1, "its stages have no blocks"),
    ],
)
def test_what_cannot_grow_says_why(name: str, first_blocks: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        growing.later_places(get_network(name, in_channels=1), first_blocks)


DISTRIBUTED = """
import json, sys
import torch
from d2l_ext import data, training
from d2l_ext.networks import get_network
from d2l_ext.training import growing

torch.set_num_threads(1)
torch.manual_seed(0)
net = get_network("cifar_preact_resnet20", in_channels=1, width_mult=0.125)
places = growing.later_places(net, 1)
late = lambda: any(bool(stage[i].conv2.weight.any()) for stage, i in places)
seen = []
trainer = growing.GrowingTrainer(
    2, places=places, grow_after=1, progress=False, on_epoch_end=lambda trainer: seen.append(late())
)
images = data.FashionMNIST(batch_size=50, resize=8, train_size=100, val_size=50)
trainer.fit(training.Classifier(net, lr=0.1, momentum=0.9), images)
if trainer.rank == 0:
    open(sys.argv[1], "w").write(json.dumps([trainer.processes, seen]))
"""


def test_two_processes_train_a_network_that_grows(tmp_path: Path) -> None:
    script, path = tmp_path / "script.py", tmp_path / "record.json"
    script.write_text(DISTRIBUTED)
    environment = {**os.environ, "PYTHONPATH": str(Path(growing.__file__).parents[2])}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [sys.executable, *launcher, str(script), str(path)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(path.read_text()) == [2, [False, True]]
