"""What the trainer adds to d2l's: precision, schedule, seeds, several processes, live curves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from d2l_ext import data, training
from d2l_ext.training import live
from d2l_ext.training.schedules import triangular


class Tiny(nn.Sequential):
    """A convolution with batch norm, and a linear layer."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 4, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(64, 10),
        )


def trained(images: data.FashionMNIST, epochs: int = 2, **settings) -> training.Classifier:
    torch.manual_seed(2)
    model = training.Classifier(Tiny(), lr=0.1, momentum=0.9)
    training.Trainer(epochs, progress=False, **settings).fit(model, images)
    return model


def test_the_schedule_sets_the_learning_rate_of_each_step(images: data.FashionMNIST) -> None:
    rates = []

    class Watched(training.Classifier):
        def training_step(self, batch):
            rates.append(self.trainer.optim.param_groups[0]["lr"])
            return super().training_step(batch)

    model = Watched(Tiny(), lr=0.4)
    training.Trainer(2, schedule=triangular, progress=False).fit(model, images)
    assert rates == pytest.approx([0.4 * triangular(step / 10) for step in range(10)])


def test_a_seed_fixes_the_order_whatever_was_drawn_before(images: data.FashionMNIST) -> None:
    def losses(drawn: int) -> list[float]:
        torch.manual_seed(2)
        model = training.Classifier(Tiny())
        torch.rand(drawn)
        training.Trainer(1, seed=7, deterministic=True, progress=False).fit(model, images)
        return model.board.curve("train_loss")

    assert losses(0) == losses(5)
    assert not torch.are_deterministic_algorithms_enabled()


def test_resuming_ends_with_the_same_bits(images: data.FashionMNIST, tmp_path: Path) -> None:
    whole = trained(images, 3)

    def stop(trainer: training.Trainer) -> None:
        if trainer.epoch == 1:
            raise KeyboardInterrupt

    path = tmp_path / "state.pt"
    with pytest.warns(UserWarning, match="stopped"):
        trained(images, 3, checkpoint=path, on_epoch_end=stop)
    parts = trained(images, 3, checkpoint=path, resume=True)
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True)
    )
    assert whole.board.curve("train_loss") == parts.board.curve("train_loss")


def test_label_smoothing_is_for_training_only() -> None:
    model = training.Classifier(Tiny(), label_smoothing=0.2)
    Y_hat, Y = torch.tensor([[9.0, 0.0]]), torch.tensor([0])
    smoothed, plain = model.train().loss(Y_hat, Y), model.eval().loss(Y_hat, Y)
    assert plain.item() == pytest.approx(torch.log1p(torch.tensor(-9.0).exp()).item(), rel=1e-3)
    assert smoothed.item() == pytest.approx(plain.item() + 0.2 * 4.5, rel=1e-3)


def test_the_live_curve_is_one_image_that_is_replaced(
    images: data.FashionMNIST, monkeypatch: pytest.MonkeyPatch
) -> None:
    import IPython

    shown: list[str] = []

    class Handle:
        def update(self, image) -> None:
            shown.append(image.data)

    class Shell:
        kernel = None

    def display(image, display_id: bool) -> Handle:
        assert not shown
        shown.append(image.data)
        return Handle()

    monkeypatch.setattr(IPython, "get_ipython", Shell)
    monkeypatch.setattr("IPython.display.display", display)
    trained(images, 1)
    assert not shown  # not asked for
    model = training.Classifier(Tiny())
    model.board.display = True
    training.Trainer(3, progress=False).fit(model, images)
    assert len(shown) == 3
    assert "Curves after epoch 3 of 3: train_loss" in shown[-1]


def test_a_model_that_records_none_of_the_curves_shows_none(
    images: data.FashionMNIST, monkeypatch: pytest.MonkeyPatch
) -> None:
    import IPython

    class Quiet(training.Classifier):
        def training_step(self, batch):
            return self.loss(self(batch[0]), batch[1])

        def validation_step(self, batch):
            self.board.add("val_margin", self.trainer.epoch + 1, 1.0, len(batch[1]))

    shown: list[object] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=None))
    monkeypatch.setattr("IPython.display.display", lambda image, display_id: shown.append(image))
    model = Quiet(Tiny())
    model.board.display = True
    training.Trainer(2, progress=False).fit(model, images)
    assert model.board.curve("val_margin") == [1, 1]
    assert not shown


def test_the_curve_shows_every_epoch_within_its_frame(images: data.FashionMNIST) -> None:
    import base64
    import re

    board = trained(images, 3).board
    image = live.curves(board, 5)
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", image)[1]).decode()
    lines = re.findall(r'<polyline points="([^"]+)"', svg)
    assert len(lines) == 3
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.split()]
        assert len(points) == 3
        assert all(live.LEFT <= x <= live.RIGHT and live.TOP <= y <= live.BOTTOM for x, y in points)


DISTRIBUTED = """
import json, sys
import torch
from torch import nn
from d2l_ext import data, training

torch.set_num_threads(1)
torch.manual_seed(3)
net = nn.Sequential(
    nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 10)
)
model = training.Classifier(net, lr=0.3, momentum=0.9)
images = data.FashionMNIST(batch_size=50, train_size=101, val_size=75)
trainer = training.Trainer(2, gradient_clip_val=1, progress=False)
trainer.fit(model, images)
if trainer.rank == 0:
    curves = {key: model.board.curve(key) for key in model.board.points}
    record = {"processes": trainer.processes, "curves": curves, "weights": net[0].weight.sum().item()}
    open(sys.argv[1], "w").write(json.dumps(record))
"""


def test_two_processes_learn_what_one_does_with_the_same_batches(tmp_path: Path) -> None:
    """Over gloo; the last batch holds one image, so that one process has none of its own."""
    script = tmp_path / "script.py"
    script.write_text(DISTRIBUTED)
    environment = {**os.environ, "PYTHONPATH": str(Path(training.__file__).parents[2])}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    records = []
    for name, arguments in (("one", []), ("two", launcher)):
        path = tmp_path / name
        command = [sys.executable, *arguments, str(script), str(path)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        records.append(json.loads(path.read_text()))
    one, two = records
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4)
    for key, curve in one["curves"].items():
        assert two["curves"][key] == pytest.approx(curve, rel=1e-4), key
