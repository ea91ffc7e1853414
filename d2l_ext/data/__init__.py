"""Fashion-MNIST in memory: the bundled part, or the full set where this machine has it."""

from d2l_ext.data.fashion_mnist import FashionMNIST
from d2l_ext.data.loader import TensorLoader
from d2l_ext.data.sources import DataError

__all__ = ["DataError", "FashionMNIST", "TensorLoader"]
