"""The data sets that models of the zoo are trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from d2l_ext import data
from d2l_ext.zoo.files import ZooError

if TYPE_CHECKING:
    from d2l_ext.zoo.model_card import Card

DATA_SETS = {module.name: module for module in (data.FashionMNIST, data.CifarJPEG)}
BATCH_SIZE = 250


def test_images(card: Card, device: str | torch.device | None = None) -> data.ImageData:
    """The data module of a card, with the images at the size that its network takes.

    Raises:
        ZooError: The test set is not what the card says.
        DataError: It is not on this machine.
    """
    module = DATA_SETS[card.data]
    images = module(BATCH_SIZE, resize=card.input_size[1:], train_size=1, device=device)
    found = (*images.image_size, len(images.val.labels))
    if found != (*card.input_size, card.test_images):
        raise ZooError(
            f"{card.name} was tested on {card.test_images:,} images of size {card.input_size}; "
            f"{card.data} has {found[-1]:,} of size {found[:-1]}"
        )
    return images
