"""Weights in and out of safetensors' files, and the network that they are put into."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from torch import nn

from d2l_ext import networks
from d2l_ext.training.normalise import Normalise
from d2l_ext.zoo import files
from d2l_ext.zoo.datasets import DATA_SETS
from d2l_ext.zoo.files import ZooError

if TYPE_CHECKING:
    from d2l_ext.zoo.model_card import Card


class Pretrained(nn.Sequential):
    """A trained network behind its normalisation.

    Attributes:
        normalise: Takes images from 0 to 1 to the mean and deviation that training saw.
        net: The network.
    """

    normalise: nn.Module
    net: nn.Module

    def __init__(self, normalise: nn.Module, net: nn.Module) -> None:
        super().__init__(OrderedDict(normalise=normalise, net=net))


def load(card: Card) -> Pretrained:
    """The network of a card with its weights, in eval mode.

    Raises:
        ZooError: The weights are missing, damaged, or not those of the network.
    """
    path = files.weights_file(card.name)
    content = files.content(path)
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise ZooError(
            f"{path} is damaged (its SHA-256 is not the one on the card); {files.mend(path)}"
        )
    return assemble(card, content)


def assemble(card: Card, content: bytes) -> Pretrained:
    """The network of a card with the weights that a safetensors file holds.

    Raises:
        ZooError: There is no such network, or the content is not such a file or does not fit it.
    """
    try:
        with torch.random.fork_rng(devices=[]):  # random weights are drawn, and nobody notices
            net = networks.get_network(
                card.network,
                in_channels=card.input_size[0],
                num_classes=DATA_SETS[card.data].num_classes,
                **card.settings,
            )
    except (ValueError, TypeError) as error:
        raise ZooError(
            f"{card.name}: a model of the zoo is one of networks.list_networks(): {error}"
        ) from None
    try:
        net.load_state_dict(parse(content))
    except (SafetensorError, RuntimeError) as error:
        raise ZooError(f"these are not the weights of {card.network}: {error}") from None
    return Pretrained(Normalise(card.mean, card.std), net).eval()
