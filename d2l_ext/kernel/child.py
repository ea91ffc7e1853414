"""What a forked process does to become a kernel."""

import atexit
import contextlib
import gc
import importlib
import logging
import os
import random
import signal
import sys
from typing import Any, NoReturn

SANDBOX = "d2l_ext.sandbox.jail"


def run_child(
    request: dict[str, Any], bound: int, orders: int, report: int, kept: set[int]
) -> NoReturn:
    """Runs a kernel in this process, which was forked from the zygote, and ends it.

    Args:
        request: as the zygote got it.
        bound: a pipe on which the kernel says that it can be reached, or why not.
        orders: a pipe that a sandbox listens to.
        report: a pipe that a sandbox reports to.
        kept: the descriptors of these; all others are closed.
    """
    status = 1
    try:
        _forget_parent(kept)
        if request["jail"] is None:
            os.setsid()
            os.close(orders)
            os.close(report)
        else:
            importlib.import_module(SANDBOX).enter(request["jail"], orders, report)
        _settle(request)
        status = _kernel(request["connection"], request["settings"], bound)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(bound, f"{type(error).__name__}: {error}".encode()[:1000])
    finally:
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()
        os._exit(status)


def _forget_parent(kept: set[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _settle(request: dict[str, Any]) -> None:
    """The environment, the folder, the number of threads and the seeds of a kernel of its own."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    if request["quiet"]:
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
    gc.enable()
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.seed()
        torch.set_num_threads(int(request["environment"].get("OMP_NUM_THREADS") or _cores()))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _kernel(connection: Any, settings: list[str], bound: int) -> int:
    from ipykernel.kernelapp import IPKernelApp

    class Application(IPKernelApp):
        """IPython's kernel, with a connection that is given and no parent to watch."""

        def init_connection_file(self) -> None:
            self.load_connection_info(connection)

        def write_connection_file(self, **kwargs: Any) -> None:
            pass

        def init_sockets(self) -> None:
            super().init_sockets()
            atexit.unregister(self.close)  # stalls for seconds in a forked process

    application = Application.instance(parent_handle=1, log_level=logging.ERROR)
    application.initialize(settings)
    _inline_figures(application.shell)
    os.write(bound, b"bound")
    os.close(bound)
    application.start()
    return 0


def _inline_figures(shell: Any) -> None:
    """What IPython does when pyplot is first imported, which happened before there was a shell."""
    with contextlib.suppress(ImportError):
        from matplotlib_inline import backend_inline

        backend_inline._enable_matplotlib_integration()
