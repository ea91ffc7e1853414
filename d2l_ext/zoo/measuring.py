"""The accuracy of a model, measured again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from d2l_ext.training.run import predict
from d2l_ext.zoo.datasets import test_images

if TYPE_CHECKING:
    from d2l_ext.zoo.model_card import Card
    from d2l_ext.zoo.pretrained import Pretrained


def measure(card: Card, net: Pretrained) -> tuple[Tensor, int]:
    """Classes predicted for the test set, (N,) uint8, and how many of them are right."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    predicted, labels = predict(net, test_images(card, device), device)
    return predicted, int((predicted == labels).sum())
