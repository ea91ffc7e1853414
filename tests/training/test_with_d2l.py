"""d2l's modules under our trainer, and our classifier under d2l's."""

import pytest
import torch
from torch import nn

from d2l_ext import data, training

d2l = pytest.importorskip("d2l.torch", reason="d2l is not installed")


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def small_data() -> data.FashionMNIST:
    return data.FashionMNIST(batch_size=50, train_size=220, val_size=100)


class ResNet(d2l.Classifier):
    """The network of section 8.6: lazy layers, d2l's block, d2l's loss and optimiser."""

    def __init__(self, widths: tuple[int, ...], lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        layers: list[nn.Module] = [
            nn.LazyConv2d(widths[0], kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        ]
        for i, width in enumerate(widths):
            layers += [
                d2l.Residual(width, use_1x1conv=i > 0, strides=2 if i else 1),
                d2l.Residual(width),
            ]
        self.net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))


class Images(d2l.DataModule):
    """A d2l data module: the first bundled images through torch's DataLoader."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.save_hyperparameters()
        ours = data.FashionMNIST(batch_size, resize=32, train_size=256, val_size=128)
        self.tensors = {
            train: next(iter(data.TensorLoader(part.images, part.labels, 256, (32, 32))))
            for train, part in ((True, ours.train), (False, ours.val))
        }

    def get_dataloader(self, train: bool):
        return self.get_tensorloader(self.tensors[train], train)


def book(trainer: object, apply_init: bool = True) -> ResNet:
    """Section 8.6, from model to fit, with a trainer of one's choice."""
    torch.manual_seed(1)
    model = ResNet(widths=(8, 16), lr=0.05)
    model.board.display = False
    images = Images(batch_size=64)
    if apply_init:
        model.apply_init([next(iter(images.get_dataloader(True)))[0]], d2l.init_cnn)
    trainer.fit(model, images)
    return model


def test_the_books_code_runs_with_the_trainers_name_changed_and_learns_the_same() -> None:
    theirs = book(d2l.Trainer(max_epochs=2))
    for channels_last, tolerance in ((False, 1e-6), (True, 0.1)):  # sums in another order
        trainer = training.Trainer(max_epochs=2, channels_last=channels_last, progress=False)
        ours = book(trainer)
        for key in ("train_loss", "val_loss", "val_acc"):
            assert [point.x for point in ours.board.data[key]] == pytest.approx(
                [point.x for point in theirs.board.data[key]]
            )
            assert [point.y for point in ours.board.data[key]] == pytest.approx(
                [point.y for point in theirs.board.data[key]], abs=tolerance
            )


def test_afterwards_the_model_plots_as_before() -> None:
    model = book(training.Trainer(max_epochs=1, progress=False))
    assert "plot" not in vars(model)
    assert model.board.display is False
    before = len(model.board.data["val_loss"])
    d2l.Trainer(max_epochs=1).fit(model, Images(batch_size=64))
    assert len(model.board.data["val_loss"]) == before + 1


def test_lazy_layers_may_be_without_shape_when_training_begins() -> None:
    model = book(training.Trainer(max_epochs=1, progress=False), apply_init=False)
    assert model.net[0].weight.shape == (8, 1, 7, 7)


def test_no_value_is_read_back_while_an_epoch_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = []
    for name in ("item", "numpy", "tolist", "cpu"):
        original = getattr(torch.Tensor, name)

        def note(self, *arguments, _original=original, _name=name, **settings):
            inside.append(_name)
            return _original(self, *arguments, **settings)

        monkeypatch.setattr(torch.Tensor, name, note)
    counts = []

    class Counted(training.Trainer):
        def fit_epoch(self, bar) -> None:
            before = len(inside)
            super().fit_epoch(bar)
            counts.append(len(inside) - before)

    model = ResNet(widths=(8, 16), lr=0.05)
    Counted(max_epochs=1, progress=False).fit(model, small_data())  # no DataLoader: it does read
    assert counts == [0]


def test_d2ls_trainer_takes_our_classifier_and_our_data_and_does_the_same() -> None:
    def train(trainer: object) -> list[float]:
        torch.manual_seed(5)
        model = training.Classifier(linear(), lr=0.1)
        trainer.fit(model, small_data())
        return model.board.curve("val_loss")

    ours = train(training.Trainer(2, progress=False))
    assert train(d2l.Trainer(max_epochs=2)) == pytest.approx(ours)


def test_bfloat16_trains_a_d2l_module_with_its_losses_in_float32() -> None:
    model = book(training.Trainer(max_epochs=2, precision="bfloat16", progress=False))
    X = torch.rand(2, 1, 32, 32)
    assert model(X).dtype == torch.float32
    board = model.trainer.board
    assert board.curve("train_loss")[1] < board.curve("train_loss")[0]
    # bfloat16 has 8 bits: a mean over a batch of 64 would be a multiple of 1/128 near 1.
    assert any(value * 128 % 1 for _, value, _ in board.points["train_loss"])
