"""The training loop, with the interface of `d2l.Trainer`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, SupportsIndex

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from d2l_ext.training import checkpoint as checkpoints
from d2l_ext.training import distributed, failures
from d2l_ext.training.live import LiveCurve
from d2l_ext.training.precision import autocast, resolve
from d2l_ext.training.preparation import as_float32, deterministic_algorithms, materialise
from d2l_ext.training.progress import Progress
from d2l_ext.training.recording import Recorder
from d2l_ext.training.schedules import Schedule, constant


class Trainer:
    """Train a model on a data module for a number of epochs.

    Takes what `d2l.Trainer` takes: any `d2l.Module` or `training.Classifier`, and any
    `d2l.DataModule` or `data.FashionMNIST`. Started by torchrun, each process takes its share of
    every batch; batch norm then sees that share alone. As it stands it computes what `d2l.Trainer`
    does; `channels_last=True, precision='auto'` is the fast way.

    Args:
        max_epochs: Passes over the training data.
        num_gpus: Train on a GPU if at least 1. Where there is none a warning says so, and the CPU
            trains. Several are used under `torchrun --nproc-per-node=N`.
        gradient_clip_val: Scale gradients down to this norm; 0 leaves them as they are.
        progress: Show a progress bar on the error stream.
        precision: 'float32', 'bfloat16', or 'auto': bfloat16 where the hardware is fast in it.
        channels_last: Keep images and weights with their channels innermost in memory: faster, sums
            in another order.
        schedule: From the progress of training (0 to 1) to a factor of the learning rate, as those
            of `training.schedules`.
        seed: Fixes the order of the images and all else that is drawn while training.
        deterministic: Use algorithms only that give the same bits each time; slower on a GPU.
        checkpoint: A file that holds the state after the last whole epoch; it stays at the end.
        resume: Go on from `checkpoint` if it is there.
        on_epoch_end: Called with the trainer after each epoch.

    After `fit`, `board` holds the curves, `seconds` for each epoch those of training and of
    validation, and `finished` says whether all epochs were trained.

    Raises:
        ValueError: An argument is not what it should be; the message says what would be.
    """

    # Whether there are steps in which some parameters have no part; asked by several processes.
    unused_parameters: ClassVar[bool] = False

    def __init__(
        self,
        max_epochs: int,
        num_gpus: int = 0,
        gradient_clip_val: float = 0,
        *,
        progress: bool = True,
        precision: str = "float32",
        channels_last: bool = False,
        schedule: Schedule = constant,
        seed: int | None = None,
        deterministic: bool = False,
        checkpoint: str | Path | None = None,
        resume: bool = False,
        on_epoch_end: Callable[[Trainer], object] | None = None,
    ) -> None:
        if not isinstance(max_epochs, SupportsIndex) or max_epochs < 1:
            raise ValueError(f"max_epochs = {max_epochs} must be a whole number, at least 1")
        if not isinstance(num_gpus, SupportsIndex) or num_gpus < 0:
            raise ValueError(f"num_gpus = {num_gpus} must be 0 (the CPU trains), or 1 or more")
        if resume and checkpoint is None:
            raise ValueError("resume=True needs checkpoint=..., the file to go on from")
        self.max_epochs, self.gradient_clip_val = max_epochs, gradient_clip_val
        gpu = num_gpus > 0 and torch.cuda.is_available()
        if num_gpus and not gpu:
            warnings.warn("there is no GPU here: training goes on on the CPU", stacklevel=2)
        self.rank, self.processes = distributed.join(gpu)
        self.device = (
            torch.device("cuda", torch.cuda.current_device()) if gpu else torch.device("cpu")
        )
        self.progress = progress and self.rank == 0
        self.precision = resolve(precision, self.device)
        self.channels_last, self.schedule = channels_last, schedule
        self.seed, self.deterministic = seed, deterministic
        self.checkpoint = Path(checkpoint) if checkpoint is not None else None
        self.resume, self.on_epoch_end = resume, on_epoch_end

    def fit(self, model: Any, data: Any) -> None:
        """Train `model` on `data.train_dataloader()`, validating after each epoch.

        Ctrl-C (in a notebook: Interrupt) stops after the step under way and keeps what was trained.

        Raises:
            TrainingError: The loss is not a number, or memory ran out; the message says what to
                change.
            ValueError: There is nothing to train on; or the checkpoint to go on from is damaged,
                or another training's, and the model is as it was.
        """
        if self.seed is not None:
            torch.manual_seed(self.seed)
        if self.processes > 1:
            distributed.same_random_numbers(self.device)
        self.prepare_data(data)
        self.prepare_model(model)
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self.seconds: list[list[float]] = []
        self.finished = False
        hook = model.register_forward_hook(as_float32)
        try:
            with (
                Recorder(model, self) as self._recorder,
                deterministic_algorithms(self.deterministic),
            ):
                self._train()
        except KeyboardInterrupt:
            warnings.warn(
                f"stopped in epoch {self.epoch + 1} of {self.max_epochs}; the model keeps what it "
                "has learned",
                stacklevel=2,
            )
        finally:
            hook.remove()
            model.eval()

    def prepare_data(self, data: Any) -> None:
        """Make the loaders, once for all epochs.

        Raises:
            ValueError: There is no batch to train on.
        """
        self.train_dataloader, self.val_dataloader = data.train_dataloader(), data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        if self.num_train_batches == 0:
            raise ValueError(
                "there is no batch to train on: data.train_dataloader() needs images, and where it "
                "drops a last batch that is not full, a smaller batch size"
            )
        self.num_val_batches = len(self.val_dataloader) if self.val_dataloader is not None else 0

    def prepare_model(self, model: Any) -> None:
        """Introduce model and trainer to each other, on the device that trains."""
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        self.model = model.to(self.device)
        materialise(model, lambda: self.prepare_batch(next(iter(self.train_dataloader))))
        if self.channels_last:
            self.model = model.to(memory_format=torch.channels_last)
        self.optim = model.configure_optimizers()
        self._lrs = [group["lr"] for group in self.optim.param_groups]
        self._training_step = model.training_step
        if self.processes > 1:
            self._training_step = DistributedDataParallel(
                distributed.Step(model), find_unused_parameters=self.unused_parameters
            )

    def prepare_batch(self, batch: Any) -> list[Tensor]:
        """The batch on the device that trains."""
        batch = [tensor.to(self.device, non_blocking=True) for tensor in batch]
        if self.channels_last:
            batch = [
                X.contiguous(memory_format=torch.channels_last) if X.dim() == 4 else X
                for X in batch
            ]
        return batch

    @property
    def board(self) -> Any:
        """The `Board` with the curves of the training under way, or of the last.

        Raises:
            ValueError: There was none.
        """
        if not hasattr(self, "_recorder"):
            raise ValueError("there are no curves yet: fit(model, data) records them")
        return self._recorder.board

    def _train(self) -> None:
        first = self._restore()
        if first == 0:  # of an earlier training nothing stays in the curves
            self.board.clear()
        live = LiveCurve(self.max_epochs)
        steps = self.max_epochs * self.num_train_batches
        with Progress(steps, self.train_batch_idx, self.progress) as bar:
            for epoch in range(first, self.max_epochs):
                self.epoch = epoch
                self.fit_epoch(bar)
                if self.processes > 1:
                    distributed.combine(self.board)
                failures.check(self._losses, epoch, max(self._lrs), self.gradient_clip_val > 0)
                self._recorder.hand_over()
                self._save()
                if self.rank == 0 and self.model.board.display:
                    live.update(self.board)
                if self.on_epoch_end is not None:
                    self.on_epoch_end(self)
        self.finished = True

    def fit_epoch(self, bar: Progress) -> None:
        """One pass over the training data, then one over the validation data."""
        started = time.perf_counter()
        self._losses: list[Tensor] = []
        self.model.train()
        for batch in self.train_dataloader:
            self._step(self.prepare_batch(batch))
            bar.update(len(batch[-1]))
        trained = self._clock()
        self.model.eval()
        with torch.no_grad():
            for batch in self.val_dataloader or ():
                self._call(self.model.validation_step, self.prepare_batch(batch))
                self.val_batch_idx += 1
        self.seconds.append([trained - started, self._clock() - trained])

    def _step(self, batch: list[Tensor]) -> None:
        progress = self.train_batch_idx / (self.max_epochs * self.num_train_batches)
        for group, lr in zip(self.optim.param_groups, self._lrs, strict=True):
            group["lr"] = lr * self.schedule(progress)
        with failures.explained(len(batch[-1]), self.precision):
            loss = self._call(self._training_step, batch)
            self.optim.zero_grad()
            loss.backward()
            if self.gradient_clip_val > 0:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.gradient_clip_val)
            self.optim.step()
        self._losses.append(loss.detach())
        self.train_batch_idx += 1

    def _call(self, step: Callable[[list[Tensor]], Any], batch: list[Tensor]) -> Any:
        """A training or validation step on this process's share of a batch, its loss weighted."""
        weight = 1.0
        if self.processes > 1:
            batch, weight = distributed.share(batch, self.rank, self.processes)
        board, before = self.board, len(self.board.waiting)
        self._recorder.images = len(batch[-1])
        with autocast(self.precision, self.device):
            loss = step(batch)
        if weight == 0:
            board.waiting[before:] = [(*note[:3], 0) for note in board.waiting[before:]]
        return loss if weight == 1 or loss is None else loss * weight

    def _clock(self) -> float:
        """Now, with all that the GPU was asked for done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def _state(self) -> dict[str, Any]:
        """The training at the end of an epoch."""
        return {
            "identity": {"epochs": self.max_epochs, "batches per epoch": self.num_train_batches},
            "epoch": self.epoch,
            "train_batch_idx": self.train_batch_idx,
            "val_batch_idx": self.val_batch_idx,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "optimiser": self.optim.state_dict(),
            "points": dict(self.board.points),
        }

    def _save(self) -> None:
        if self.checkpoint is not None and self.rank == 0:
            checkpoints.save(self._state(), self.checkpoint)

    def _restore(self) -> int:
        """The first epoch to train; the state before it is set."""
        if not (self.resume and self.checkpoint is not None and self.checkpoint.exists()):
            return 0
        state = checkpoints.load(self.checkpoint)
        checkpoints.check_same_training(self.checkpoint, state, self._state())
        self.model.load_state_dict(state["model"])
        self.optim.load_state_dict(state["optimiser"])
        self.board.clear()
        self.board.points.update(state["points"])
        self.train_batch_idx, self.val_batch_idx = state["train_batch_idx"], state["val_batch_idx"]
        self.seconds = state["seconds"]
        return state["epoch"] + 1
