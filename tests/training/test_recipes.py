"""Recipes and studies: what is accepted, what a CPU overrides, what a mistake is told."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from d2l_ext import cli, counting
from d2l_ext.training import draws, variants
from d2l_ext.training import run as runs
from d2l_ext.training.dirac import start_as_dirac
from d2l_ext.training.recipe import Recipe, RecipeError
from d2l_ext.training.schedules import SCHEDULES, triangular
from d2l_ext.training.study import bundled, read

STUDY = """
[base]
network = "cifar_resnet20"
epochs = 100
lr = 0.4

[cpu]
epochs = 5

[[row]]
name = "first"

[[row]]
name = "second"
lr = 0.1
cpu = { epochs = 2 }

[[row]]
name = "third"
gpu_only = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_rows_override_the_base_and_the_cpu_overrides_both(tmp_path: Path) -> None:
    path = written(tmp_path, STUDY)
    gpu = {recipe.name: (recipe.epochs, recipe.lr) for recipe in read(path, "cuda")}
    assert gpu == {"first": (100, 0.4), "second": (100, 0.1), "third": (100, 0.4)}
    cpu = {recipe.name: (recipe.epochs, recipe.lr) for recipe in read(path, "cpu")}
    assert cpu == {"first": (5, 0.4), "second": (2, 0.1)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("lr = 0.4 -> learning = 0.4", "first: there is no key 'learning'"),
        ("epochs = 100 -> epoch = 100", "no key 'epoch'; did you mean 'epochs'"),
        ("lr = 0.4 -> lr = '0.4'", "lr = '0.4' should be float"),
        ("lr = 0.4 -> schedule = 'cosinus'", "did you mean 'cosine'"),
        ("[cpu] -> [gpu]", r"there is no table \[gpu\]; did you mean 'cpu'"),
        ("epochs = 100 -> lr = 0.1", "is not a TOML file"),
        ("name = \"second\" -> name = 'first'", "two rows are called first"),
        ('network = "cifar_resnet20" -> flip = true', "first: network must be given"),
        ("lr = 0.4 -> lr = 0", "lr = 0 must be positive"),
        ("lr = 0.4 -> lr = nan", "lr = nan must be positive"),
        ("lr = 0.4 -> momentum = -3", "momentum = -3 must be 0 or more, and less than 1"),
        ("lr = 0.4 -> erase = 7", "erase = 7 must be from 0 to 1"),
        ("lr = 0.4 -> label_smoothing = 9", "label_smoothing = 9 must be from 0 to 1"),
        ("lr = 0.4 -> resize = -1", "resize = -1 must be positive"),
        ("lr = 0.4 -> train_size = -5", "train_size = -5 must be positive"),
        ("lr = 0.4 -> crop = -1", "crop = -1 must be 0 or more"),
        ("lr = 0.4 -> grow_after = -2", "grow_after = -2 must be 0 or more"),
        ("lr = 0.4 -> first_blocks = -3", "first_blocks = -3 must be positive"),
        ("lr = 0.4 -> weight_decay = -1", "weight_decay = -1 must be 0 or more"),
        ("lr = 0.4 -> nesterov = true\nmomentum = 0", "nesterov = true needs a momentum"),
        ("lr = 0.4 -> seeds = []", r"seeds = \[\] must be at least one"),
        ("lr = 0.4 -> seeds = [0, 0]", r"seeds = \[0, 0\] must be .*each once"),
        ("lr = 0.4 -> dirac = true\ngrow_after = 1", "dirac and grow_after do not go together"),
        ('name = "first" -> name = "../a"', "name = '../a' must be the name of a folder"),
        ("lr = 0.1 -> draws = '3'", "draws = '3' of second should be a whole number"),
        ('name = "first" -> draws = 2', "name must be given"),
        ("lr = 0.1 -> settings = 3", "settings = 3 of second should be a table"),
        ("gpu_only = true -> gpu_only = 'no'", "gpu_only = 'no' of third should be true or false"),
        ("gpu_only = true -> cpu = true", "cpu = True of third should be a table"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: str, message: str) -> None:
    path = written(tmp_path, STUDY.replace(*change.split(" -> ")))
    with pytest.raises(RecipeError, match=message):
        read(path, "cpu")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[row]\nname = 'a'", r"study\.toml: each row is a table that begins with \[\[row\]\]"),
        ("row = [1]", r"begins with \[\[row\]\]"),
        ("base = 3\n[[row]]\nname = 'a'", "base = 3 should be a table"),
        ("cpu = true\n[[row]]\nname = 'a'", "cpu = True should be a table"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read(written(tmp_path, text), "cpu")


def test_an_unknown_name_suggests_a_close_one() -> None:
    with pytest.raises(RecipeError, match="did you mean 'zoo'"):
        read("zo")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("name", bundled())
def test_every_bundled_row_names_a_network_for_its_images(name: str, device: str) -> None:
    rows = {
        (recipe.network, repr(recipe.settings), recipe.resize): recipe
        for recipe in read(name, device)
    }
    drawn = [key for key, recipe in rows.items() if "draw" in recipe.settings]
    for key in drawn[1:-1]:  # one of each end stands for all
        del rows[key]
    assert rows
    for recipe in rows.values():
        channels, size = (1, 28) if recipe.data == "fashion_mnist" else (3, 32)
        size = recipe.resize or size
        with torch.device("meta"):
            net = variants.build(recipe.network, in_channels=channels, **recipe.settings)
            assert net(torch.empty(2, channels, size, size)).shape == (2, 10)


def test_schedules_stay_between_0_and_1_and_reach_1() -> None:
    for name, schedule in SCHEDULES.items():
        factors = [schedule(step / 100) for step in range(100)]
        assert min(factors) >= 0, name
        assert max(factors) == pytest.approx(1, abs=0.01), name
    assert triangular(0.1) == pytest.approx(0.6)
    assert triangular(0.6) == pytest.approx((1 + 0.01) / 2)


def test_the_command_trains_what_is_missing_and_nothing_twice(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path,
        """
        name = "tiny"
        network = "cifar_resnet20"
        settings = { width_mult = 0.125 }
        resize = 8
        epochs = 3
        seeds = [0, 1]
        """,
    )
    command = ["train", str(path), "--out", str(tmp_path / "runs"), "--device", "cpu"]
    command += ["--epochs", "1", "--train-size", "100"]
    assert cli.main(command) == 0
    assert "2 runs, 0 of them finished" in capsys.readouterr().out
    before = (tmp_path / "runs" / "tiny-s1" / "result.json").stat().st_mtime_ns
    assert cli.main(command) == 0
    assert "2 runs, 2 of them finished" in capsys.readouterr().out
    assert (tmp_path / "runs" / "tiny-s1" / "result.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("settings = { widht = 2 }", "last: cifar_resnet20 .*widht"),
        ("network = 'cifar_resnet21'", "last: .*did you mean 'cifar_resnet"),
        ("network = 'cifar_resnet_of'\nsettings = { block = 'plan', depth = 8 }", "mean 'plain'"),
        ("network = 'cifar_resnet29_se'\nsettings = { position = 'pro' }", "did you mean 'pre'"),
        ("settings = { width_mult = -1 }", "last: cifar_resnet20 with"),
        ("grow_after = 1\nfirst_blocks = 9", "last: .*no block to grow by"),
    ],
)
def test_a_network_that_cannot_be_built_is_named_before_anything_is_trained(
    last: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = "network = 'cifar_resnet20'\nepochs = 1\n[[row]]\nname = 'first'\n"
    path = written(tmp_path, f"[base]\n{good}[[row]]\nname = 'last'\n{last}")
    out = tmp_path / "runs"
    command = ["train", str(path), "--out", str(out), "--device", "cpu", "--train-size", "100"]
    assert cli.main(command) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_an_error_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    command = ["train", "speed", "--out", str(tmp_path / "file" / "x"), "--device", "cpu"]
    assert cli.main(command) == 2
    assert "Not a directory" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_the_command_says_that_there_is_no_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "zoo", "--device", "cuda"]) == 2
    assert "no GPU" in capsys.readouterr().err


def test_augmentation_reaches_the_data(recipe: Recipe) -> None:
    images = runs.load_data(recipe, torch.device("cpu"))
    assert (images.augment.pad, images.augment.flip, images.augment.erase) == (1, True, 0)
    assert images.train_dataloader().augment is images.augment


def test_a_row_with_draws_stands_for_so_many(tmp_path: Path) -> None:
    text = STUDY.replace('name = "second"', 'name = "second"\ndraws = 3\nsettings = { space = 1 }')
    names = {recipe.name: recipe.settings for recipe in read(written(tmp_path, text), "cpu")}
    assert names["second-002"] == {"space": 1, "draw": 2}
    assert len(names) == 4


@pytest.mark.parametrize("space", ["anynet", "regnet"])
def test_drawn_networks_differ_and_cost_what_the_budget_says(space: str) -> None:
    macs = set()
    for draw in range(4):
        assert draws.stages(space, draw) == draws.stages(space, draw)
        net = variants.build("drawn_anynet", in_channels=1, space=space, draw=draw)
        macs.add(counting.summarize(net, (1, 28, 28)).macs)
    assert len(macs) == 4
    assert all(draws.BUDGET[0] <= count <= draws.BUDGET[1] for count in macs)


def test_convolutions_that_start_as_identities_pass_their_inputs_on() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.Conv2d(4, 8, 3, padding=1, bias=False),
        nn.Conv2d(8, 8, 3, padding=1, groups=2, bias=False),
    )
    first = net[0].weight.clone()
    start_as_dirac(net)
    assert torch.equal(net[0].weight, first)
    X = torch.rand(2, 4, 5, 5)
    assert torch.equal(net[1](X)[:, :4], X)
    assert not torch.equal(net[1](X)[:, 4:], X)
    X = torch.rand(2, 8, 5, 5)
    assert torch.equal(net[2](X), X)
