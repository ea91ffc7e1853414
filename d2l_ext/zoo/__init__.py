"""Trained networks: weights, a card that says where they come from, and what they predict.

    >>> from d2l_ext import zoo
    >>> net = zoo.load('cifar_resnet20_fmnist')    # takes images from 0 to 1, normalises inside
    >>> zoo.card('cifar_resnet20_fmnist')          # accuracy, size, learning curve, provenance
    >>> zoo.study('shuffle')                       # rows that are compared, several seeds of each

torch is imported when it is first needed: the cards can be read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from d2l_ext.zoo.files import ZooError, list_models
from d2l_ext.zoo.model_card import Card, Run, read
from d2l_ext.zoo.study_results import Study, list_studies
from d2l_ext.zoo.study_results import read as read_study

if TYPE_CHECKING:
    from torch import Tensor

    from d2l_ext.zoo.comparison import Comparison
    from d2l_ext.zoo.pretrained import Pretrained

__all__ = [
    "Card",
    "Run",
    "Study",
    "ZooError",
    "card",
    "compare",
    "curve",
    "list_models",
    "list_studies",
    "load",
    "predictions",
    "study",
]


def card(name: str) -> Card:
    """What is known about a model; shown well in a notebook.

    Raises:
        ZooError: There is no such model, or its card is damaged.

    Example:
        >>> card('cifar_resnet20_fmnist').parameters
        269434
    """
    return read(name)


def curve(name: str) -> dict[str, list[float]]:
    """A model's learning curve: 'train_loss', 'train_acc', 'val_loss', 'val_acc', one value an epoch.

    The training values are of augmented images in training mode, the others of the test set.

    Raises:
        ZooError: There is no such model, or its card is damaged.
    """
    keys = ("train_loss", "train_acc", "val_loss", "val_acc")
    return {key: [epoch[key] for epoch in read(name).epochs] for key in keys}


def load(name: str) -> Pretrained:
    """A trained network in eval mode, on the CPU, in float32.

    It takes images (N, C, H, W) from 0 to 1, as torchvision's `ToTensor` gives them, at the card's
    `input_size`; resize others bilinearly with antialiasing. It returns a score for each class.

    Its parts are `net.normalise` and `net.net`, the network as `networks.get_network` builds it.

    Raises:
        ZooError: There is no such model, or its weights are missing or damaged.

    Example:
        >>> from d2l_ext import data
        >>> X, y = next(iter(data.FashionMNIST().val_dataloader()))
        >>> load('cifar_resnet20_fmnist')(X).argmax(dim=1)[:3]
        tensor([9, 2, 1])
    """
    from d2l_ext.zoo.pretrained import load

    return load(read(name))


def predictions(name: str) -> Tensor:
    """The class predicted for each test image: (10000,), uint8, in the order of `data`.

    Raises:
        ZooError: There is no such model, or its predictions are missing or damaged.
    """
    from d2l_ext.zoo.stored_predictions import read_predictions

    return read_predictions(read(name))


def compare(a: str, b: str) -> Comparison:
    """Compare two models image by image on the test set of both.

    Raises:
        ZooError: There is no such model, or the two were trained on different data.
    """
    from d2l_ext.zoo.comparison import compare

    return compare(read(a), read(b))


def study(name: str) -> Study:
    """The results of a study; shown well in a notebook, its curves drawn by `study(name).curves()`.

    Raises:
        ZooError: There is no such study, or its file is damaged.

    Example:
        >>> len(study('design_spaces_small').runs)
        200
    """
    return read_study(name)
