"""Exercises: what a check cell prints, and how it is released, checked and graded.

A check cell needs three names only, and these cost next to nothing to import.
"""

from d2l_ext.grading.fresh import fresh
from d2l_ext.grading.seal import seal
from d2l_ext.grading.show import show

__all__ = ["fresh", "seal", "show"]
