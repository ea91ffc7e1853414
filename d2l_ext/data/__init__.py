"""Images in memory, on any device: Fashion-MNIST, and the JPEG copy of CIFAR-10."""

from d2l_ext.data.augment import Augment
from d2l_ext.data.cifar_jpeg import CifarJPEG
from d2l_ext.data.fashion_mnist import FashionMNIST
from d2l_ext.data.loader import TensorLoader
from d2l_ext.data.module import ImageData
from d2l_ext.data.sources import DataError

__all__ = ["Augment", "CifarJPEG", "DataError", "FashionMNIST", "ImageData", "TensorLoader"]
