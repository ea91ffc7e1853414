"""What all tests share: two threads, as the smallest machine has, and a fixed seed."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch

torch.set_num_threads(2)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
