"""The training loop, with the interface of `d2l.Trainer`."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm


class Trainer:
    """Train a model on a data module for a number of epochs.

    Takes what `d2l.Trainer` takes: any `d2l.Module` or `training.Classifier`, and any
    `d2l.DataModule` or `data.FashionMNIST`.

    Args:
        max_epochs: Passes over the training data.
        num_gpus: Train on the first GPU if at least 1. Where there is none a warning says so, and
            the CPU trains.
        gradient_clip_val: Scale gradients down to this norm; 0 leaves them as they are.
        progress: Show a progress bar on the error stream.
    """

    def __init__(
        self,
        max_epochs: int,
        num_gpus: int = 0,
        gradient_clip_val: float = 0,
        progress: bool = True,
    ) -> None:
        if max_epochs < 1:
            raise ValueError(f"max_epochs = {max_epochs} must be at least 1")
        self.max_epochs, self.gradient_clip_val = max_epochs, gradient_clip_val
        self.progress = progress
        if num_gpus and not torch.cuda.is_available():
            warnings.warn("there is no GPU here: training goes on on the CPU", stacklevel=2)
        self.device = torch.device("cuda" if num_gpus and torch.cuda.is_available() else "cpu")

    def fit(self, model: nn.Module, data: Any) -> None:
        """Train `model` on `data.train_dataloader()`, validating after each epoch.

        Ctrl-C (in a notebook: Interrupt) stops after the step under way and keeps what was trained.
        """
        self.train_dataloader, self.val_dataloader = data.train_dataloader(), data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = len(self.val_dataloader) if self.val_dataloader is not None else 0
        self.prepare_model(model)
        self.optim = model.configure_optimizers()  # type: ignore[operator]
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        steps = self.max_epochs * self.num_train_batches
        try:
            with tqdm(total=steps, unit="step", disable=not self.progress, leave=False) as bar:
                for epoch in range(self.max_epochs):
                    self.epoch = epoch
                    self.fit_epoch(bar)
        except KeyboardInterrupt:
            warnings.warn(
                f"stopped in epoch {self.epoch + 1} of {self.max_epochs}; the model keeps what it "
                "has learned",
                stacklevel=2,
            )
        finally:
            model.eval()

    def prepare_model(self, model: nn.Module) -> None:
        """Introduce model and trainer to each other, on the device that trains."""
        model.trainer = self  # type: ignore[assignment]
        model.board.xlim = [0, self.max_epochs]  # type: ignore[union-attr]
        self.model = model.to(self.device)

    def prepare_batch(self, batch: Any) -> list[torch.Tensor]:
        """The batch on the device that trains."""
        return [tensor.to(self.device) for tensor in batch]

    def fit_epoch(self, bar: Any) -> None:
        """One pass over the training data, then one over the validation data."""
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))  # type: ignore[operator]
            self.optim.zero_grad()
            loss.backward()
            if self.gradient_clip_val > 0:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.gradient_clip_val)
            self.optim.step()
            self.train_batch_idx += 1
            bar.update()
        if self.val_dataloader is None:
            return
        self.model.eval()
        with torch.no_grad():
            for batch in self.val_dataloader:
                self.model.validation_step(self.prepare_batch(batch))  # type: ignore[operator]
                self.val_batch_idx += 1
