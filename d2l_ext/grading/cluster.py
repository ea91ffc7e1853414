"""Grading on a Dask cluster, with the optional dependencies `dask` and `distributed`.

The workers need this package in the same version, and a sandbox, since that is where answers run;
they see no solutions but the one exercise of each unit, and no other student's work.
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from d2l_ext.grading.errors import UserError


@contextlib.contextmanager
def connected(address: str) -> Iterator[Executor]:
    """An executor whose work is done by the workers of a cluster.

    A worker that is lost takes nothing with it: the scheduler gives its units to the others.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.

    Yields:
        The executor.

    Raises:
        UserError: if Dask is not installed, or there is no scheduler.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError("--scheduler needs Dask: pip install 'd2l-ext[cluster]'") from error
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise UserError(f"--scheduler {address}: no scheduler answers there") from error
    with client:
        # Equal units are run as often as they are asked for: `--regrade` asks again.
        yield client.get_executor(pure=False)
