"""Training: a classifier and a trainer in d2l's manner, without importing d2l; recipes, studies."""

from d2l_ext.training.board import Board
from d2l_ext.training.classifier import Classifier
from d2l_ext.training.failures import TrainingError
from d2l_ext.training.normalise import Normalise
from d2l_ext.training.recipe import Recipe, RecipeError
from d2l_ext.training.study import read
from d2l_ext.training.trainer import Trainer

__all__ = [
    "Board",
    "Classifier",
    "Normalise",
    "Recipe",
    "RecipeError",
    "Trainer",
    "TrainingError",
    "read",
]
