"""The classifier and the trainer, with each other and with d2l's."""

import pytest
import torch
from torch import nn

from d2l_ext import data, training


def small_net() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def small_data(**settings: object) -> data.FashionMNIST:
    return data.FashionMNIST(**{"batch_size": 50, "train_size": 220, "val_size": 120, **settings})


def test_training_lowers_the_loss_and_records_a_value_per_epoch() -> None:
    model = training.Classifier(small_net(), lr=0.1)
    training.Trainer(3, progress=False).fit(model, small_data())
    losses = model.board.curve("train_loss")
    assert (
        len(losses) == len(model.board.curve("val_acc")) == len(model.board.curve("val_loss")) == 3
    )
    assert losses[2] < losses[0]
    assert not model.training


def test_the_same_seed_trains_the_same_network() -> None:
    def train() -> list[float]:
        torch.manual_seed(3)
        model = training.Classifier(small_net(), lr=0.1, momentum=0.9)
        training.Trainer(2, progress=False).fit(model, small_data())
        return model.board.curve("train_loss")

    assert train() == train()


def test_a_small_last_batch_counts_by_its_size() -> None:
    model = training.Classifier(small_net())
    training.Trainer(1, progress=False).fit(model, small_data())
    module = small_data(batch_size=120)
    X, y = next(iter(module.val_dataloader()))
    with torch.no_grad():
        right = (model(X).argmax(1) == y).float().mean().item()
    assert model.board.curve("val_acc")[-1] == pytest.approx(right, abs=1e-6)


def test_momentum_and_weight_decay_reach_the_optimiser() -> None:
    model = training.Classifier(small_net(), lr=0.2, momentum=0.8, weight_decay=1e-3)
    group = model.configure_optimizers().param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.2, 0.8, 1e-3)


def test_gradients_are_clipped_to_the_norm_asked_for() -> None:
    model = training.Classifier(small_net(), lr=1.0)
    before = [p.clone() for p in model.parameters()]
    module = small_data(batch_size=220)
    training.Trainer(1, gradient_clip_val=1e-3, progress=False).fit(model, module)
    step = torch.sqrt(
        sum((p - q).square().sum() for p, q in zip(model.parameters(), before, strict=True))
    )
    assert step.item() == pytest.approx(1e-3, rel=1e-3)


def test_an_interrupt_keeps_what_was_learned() -> None:
    class Interrupted(training.Classifier):
        steps = 0

        def training_step(self, batch):
            self.steps += 1
            if self.steps == 3:
                raise KeyboardInterrupt
            return super().training_step(batch)

    model = Interrupted(small_net())
    before = model.net[1].weight.clone()
    with pytest.warns(UserWarning, match="stopped in epoch 1 of 5"):
        training.Trainer(5, progress=False).fit(model, small_data())
    assert not torch.equal(model.net[1].weight, before)
    assert not model.training
    training.Trainer(1, progress=False).fit(model, small_data())
    assert [time for time, *_ in model.board.points["train_loss"]] == [0, 0.2, 0.4, 0.6, 0.8]


def test_the_curves_are_those_of_the_last_training() -> None:
    model = training.Classifier(small_net(), lr=0.1)
    training.Trainer(3, progress=False).fit(model, small_data())
    first = model.board.curve("train_loss")
    training.Trainer(2, progress=False).fit(model, small_data())
    second = model.board.curve("train_loss")
    assert len(second) == len(model.board.curve("val_acc")) == 2
    assert second[0] < first[1], "it went on from what it had learned"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_asking_for_a_gpu_that_is_not_there_says_so_and_goes_on() -> None:
    with pytest.warns(UserWarning, match="no GPU"):
        trainer = training.Trainer(1, num_gpus=1, progress=False)
    trainer.fit(training.Classifier(small_net()), small_data())
    assert trainer.epoch == 0


def test_a_curve_that_was_not_recorded_says_what_was() -> None:
    with pytest.raises(KeyError, match="not been trained"):
        training.Classifier(small_net()).board.curve("train_loss")
