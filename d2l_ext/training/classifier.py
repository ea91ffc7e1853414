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

    After training `model.board.curve('train_loss')`, `'val_loss'` and `'val_acc'` hold one value
    per epoch.
    """

    def __init__(
        self, net: nn.Module, lr: float = 0.1, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__()
        self.net = net
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.board = Board()
        self.trainer: Any = None

    def forward(self, X: Tensor) -> Tensor:
        """Scores, one per class."""
        return self.net(X)

    def loss(self, Y_hat: Tensor, Y: Tensor) -> Tensor:
        """Cross-entropy, averaged over the batch."""
        return F.cross_entropy(Y_hat, Y)

    def accuracy(self, Y_hat: Tensor, Y: Tensor) -> Tensor:
        """Fraction of the batch whose highest score is its label's."""
        return (Y_hat.argmax(dim=1) == Y).float().mean()

    def training_step(self, batch: Sequence[Tensor]) -> Tensor:
        """The loss of a batch, with its graph."""
        X, Y = batch
        loss = self.loss(self(X), Y)
        trainer = self.trainer
        epochs = trainer.train_batch_idx / trainer.num_train_batches
        self.board.add("train_loss", epochs, loss.item(), len(Y))
        return loss

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        """Record loss and accuracy of a batch that is not trained on."""
        X, Y = batch
        Y_hat = self(X)
        epochs = self.trainer.epoch + 1
        self.board.add("val_loss", epochs, self.loss(Y_hat, Y).item(), len(Y))
        self.board.add("val_acc", epochs, self.accuracy(Y_hat, Y).item(), len(Y))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Stochastic gradient descent with the settings given at the start."""
        return torch.optim.SGD(
            self.parameters(), self.lr, momentum=self.momentum, weight_decay=self.weight_decay
        )
