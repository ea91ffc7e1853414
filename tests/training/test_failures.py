"""What goes wrong while training is told with what to change; what was trained is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from d2l_ext import data, training


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


class FailsAt(training.Classifier):
    """Raises an error, or returns a loss of one's choice, in one training step."""

    def __init__(self, step: int, what: BaseException | float) -> None:
        super().__init__(linear(), lr=0.3)
        self.step, self.what, self.steps = step, what, 0

    def training_step(self, batch):
        self.steps += 1
        loss = super().training_step(batch)
        if self.steps != self.step:
            return loss
        if isinstance(self.what, BaseException):
            raise self.what
        return loss * self.what


def test_a_loss_that_is_not_a_number_names_the_step_and_what_to_change(
    images: data.FashionMNIST, tmp_path: Path
) -> None:
    trainer = training.Trainer(3, progress=False, checkpoint=tmp_path / "state.pt")
    with pytest.raises(training.TrainingError, match=r"step 2 of epoch 2 .* was 0\.3, try 0\.1"):
        trainer.fit(FailsAt(7, float("nan")), images)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["epoch"] == 0  # the last whole epoch, before it
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    ],
)
def test_want_of_memory_says_which_settings_take_less(
    images: data.FashionMNIST, error: RuntimeError
) -> None:
    with pytest.raises(training.TrainingError, match=r"50 images.*batch_size=25.*precision='auto'"):
        training.Trainer(1, progress=False).fit(FailsAt(1, error), images)


def test_other_errors_pass_unchanged(images: data.FashionMNIST) -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        training.Trainer(1, progress=False).fit(FailsAt(1, RuntimeError("shapes")), images)


def test_a_damaged_checkpoint_says_what_to_do(images: data.FashionMNIST, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    path.write_bytes(b"PK\x03\x04 cut off")
    trainer = training.Trainer(1, progress=False, checkpoint=path, resume=True)
    with pytest.raises(ValueError, match="damaged or no checkpoint; delete it"):
        trainer.fit(training.Classifier(linear()), images)


def test_a_checkpoint_of_another_training_is_refused(
    images: data.FashionMNIST, tmp_path: Path
) -> None:
    path = tmp_path / "state.pt"
    training.Trainer(1, progress=False, checkpoint=path).fit(training.Classifier(linear()), images)
    trainer = training.Trainer(2, progress=False, checkpoint=path, resume=True)
    with pytest.raises(ValueError, match=r"another training .*'epochs': 1.*'epochs': 2"):
        trainer.fit(training.Classifier(linear()), images)


def wide() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 12), nn.Linear(12, 10))


@pytest.mark.parametrize(
    ("net", "settings", "message"),
    [
        (wide, {"momentum": 0.9}, r"'net\.1\.weight': \[10, 784\].*here .*\[12, 784\]"),
        (linear, {"momentum": 0.5}, r"'momentum of parameter group 0': 0\.9.*here .*0\.5"),
    ],
)
def test_a_checkpoint_of_another_network_or_optimiser_leaves_the_model_as_it_was(
    net: Callable[[], nn.Module],
    settings: dict,
    message: str,
    images: data.FashionMNIST,
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.pt"
    first = training.Classifier(linear(), momentum=0.9)
    training.Trainer(1, progress=False, checkpoint=path).fit(first, images)
    model = training.Classifier(net(), **settings)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=f"another training .*{message}"):
        training.Trainer(1, progress=False, checkpoint=path, resume=True).fit(model, images)
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)


def test_another_learning_rate_and_settings_that_a_checkpoint_lacks_are_no_other_training(
    images: data.FashionMNIST, tmp_path: Path
) -> None:
    path = tmp_path / "state.pt"
    training.Trainer(1, progress=False, checkpoint=path).fit(training.Classifier(linear()), images)
    state = torch.load(path, weights_only=True)
    del state["optimiser"]["param_groups"][0]["nesterov"]
    torch.save(state, path)
    trainer = training.Trainer(1, progress=False, checkpoint=path, resume=True)
    trainer.fit(training.Classifier(linear(), lr=0.2), images)
    assert trainer.finished


def test_an_interrupt_while_the_checkpoint_is_written_leaves_the_old_one(
    images: data.FashionMNIST, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.pt"
    model = training.Classifier(linear())
    training.Trainer(1, progress=False, checkpoint=path).fit(model, images)
    before = path.read_bytes()

    def half(state: object, file: str) -> None:
        Path(file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.warns(UserWarning, match="stopped"):
        training.Trainer(1, progress=False, checkpoint=path).fit(model, images)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_resuming_needs_a_file() -> None:
    with pytest.raises(ValueError, match=r"needs checkpoint=\.\.\."):
        training.Trainer(1, resume=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5,), r"max_epochs = 1\.5 must be a whole number"),
        ((0,), r"max_epochs = 0 must be"),
        ((1, -1), r"num_gpus = -1 must be 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        training.Trainer(*arguments)


def test_label_smoothing_is_a_share() -> None:
    with pytest.raises(ValueError, match="label_smoothing = 2 must be from 0 to 1"):
        training.Classifier(linear(), label_smoothing=2)


def test_nothing_to_train_on_is_said_at_once() -> None:
    class Empty:
        def train_dataloader(self) -> list:
            return []

        def val_dataloader(self) -> None:
            return None

    with pytest.raises(ValueError, match="no batch to train on"):
        training.Trainer(1, progress=False).fit(training.Classifier(linear()), Empty())


def test_curves_that_are_not_there_yet_say_so() -> None:
    with pytest.raises(ValueError, match=r"no curves yet: fit\(model, data\)"):
        _ = training.Trainer(1).board


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of float32, bfloat16, auto"):
        training.Trainer(1, precision="half")
