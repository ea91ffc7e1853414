"""A network with its loss, its accuracy and its optimiser: what a trainer needs to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.training.board import Board


class Classifier(nn.Module):
    """A classifier with the interface of `d2l.Classifier`; `d2l.Trainer` takes it as well.

    Args:
        net: Images (N, C, H, W) to scores (N, classes).
        lr: Learning rate of stochastic gradient descent.
        momentum: Its momentum.
        weight_decay: Its weight decay, on all parameters.
        nesterov: Look ahead: Nesterov's form of the momentum.
        label_smoothing: Train towards this much of the uniform distribution (Szegedy et al. 2016);
            the validation loss is measured without.

    After training `model.board.curve('train_loss')`, `'train_acc'`, `'val_loss'` and `'val_acc'`
    hold one value per epoch.

    Raises:
        ValueError: `label_smoothing` is no share.
    """

    def __init__(
        self,
        net: nn.Module,
        lr: float = 0.1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing = {label_smoothing} must be from 0 to 1")
        self.net = net
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.nesterov, self.label_smoothing = nesterov, label_smoothing
        self.board = Board()
        self.trainer: Any = None

    def forward(self, X: Tensor) -> Tensor:
        """Scores, one per class."""
        return self.net(X)

    def loss(self, Y_hat: Tensor, Y: Tensor) -> Tensor:
        """Cross-entropy, averaged over the batch; in training with smoothed labels."""
        smoothing = self.label_smoothing if self.training else 0.0
        return F.cross_entropy(Y_hat, Y, label_smoothing=smoothing)

    def accuracy(self, Y_hat: Tensor, Y: Tensor) -> Tensor:
        """Fraction of the batch whose highest score is its label's."""
        return (Y_hat.argmax(dim=1) == Y).float().mean()

    def training_step(self, batch: Sequence[Tensor]) -> Tensor:
        """The loss of a batch, with its graph."""
        X, Y = batch
        Y_hat = self(X)
        loss = self.loss(Y_hat, Y)
        trainer = self.trainer
        epochs = trainer.train_batch_idx / trainer.num_train_batches
        self.board.add("train_loss", epochs, loss, len(Y))
        self.board.add("train_acc", epochs, self.accuracy(Y_hat, Y), len(Y))
        return loss

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        """Record loss and accuracy of a batch that is not trained on."""
        X, Y = batch
        Y_hat = self(X)
        epochs = self.trainer.epoch + 1
        self.board.add("val_loss", epochs, self.loss(Y_hat, Y), len(Y))
        self.board.add("val_acc", epochs, self.accuracy(Y_hat, Y), len(Y))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Stochastic gradient descent with the settings given at the start."""
        return torch.optim.SGD(
            self.parameters(),
            self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
        )
