"""The tables of chapter 3 on degradation: other seeds, other learning rates, more time.

python benchmarks/degradation.py
"""

import torch

from d2l_ext import data, training
from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock, PlainBlock

SETTINGS = {
    "plain, 8 layers": (PlainBlock, 8),
    "plain, 32 layers": (PlainBlock, 32),
    "residual, 8 layers": (PaddedBlock, 8),
    "residual, 32 layers": (PaddedBlock, 32),
}


def final_loss(name: str, seed: int = 0, lr: float = 0.1, epochs: int = 4) -> float:
    """Training loss of the last epoch, in the setting of the chapter."""
    torch.manual_seed(seed)
    block, depth = SETTINGS[name]
    net = CifarResNet(block, depth, in_channels=1, width_mult=0.5)
    model = training.Classifier(net, lr=lr, momentum=0.9)
    images = data.FashionMNIST(batch_size=64, resize=14, train_size=2000, val_size=500)
    training.Trainer(epochs, progress=False).fit(model, images)
    return model.board.curve("train_loss")[-1]


def table(title: str, columns: dict[str, dict]) -> None:
    print(f"\n{title:34}" + "".join(f"{name:>10}" for name in columns))
    for name in SETTINGS:
        losses = [final_loss(name, **settings) for settings in columns.values()]
        print(f"{name:34}" + "".join(f"{loss:10.2f}" for loss in losses), flush=True)


if __name__ == "__main__":
    table("training loss after 4 epochs", {f"seed {seed}": {"seed": seed} for seed in range(3)})
    table(
        "training loss after 4 epochs", {f"lr {lr}": {"lr": lr} for lr in (0.1, 0.05, 0.02, 0.01)}
    )
    table("training loss after 20 epochs", {"lr 0.1": {"epochs": 20}})
