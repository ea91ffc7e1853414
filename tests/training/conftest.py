"""What the tests of training share: data and a recipe small enough to train in a second."""

import pytest

from d2l_ext import data
from d2l_ext.training.recipe import Recipe


@pytest.fixture
def images() -> data.FashionMNIST:
    return data.FashionMNIST(batch_size=50, train_size=220, val_size=120)


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="tiny",
        network="cifar_resnet20",
        settings={"width_mult": 0.125},
        resize=8,
        train_size=200,
        epochs=2,
        batch_size=64,
        crop=1,
        flip=True,
    )
