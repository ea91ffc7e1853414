"""Training: a classifier and a trainer in d2l's manner, without importing d2l."""

from d2l_ext.training.board import Board
from d2l_ext.training.classifier import Classifier
from d2l_ext.training.trainer import Trainer

__all__ = ["Board", "Classifier", "Trainer"]
