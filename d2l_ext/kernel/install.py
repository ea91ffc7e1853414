"""The command `d2l-ext kernel`: offers the forked kernel in JupyterLab, for this environment."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

NAME = "d2l-ext"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["install", "remove"])


def run(arguments: argparse.Namespace) -> int:
    """Installs or removes the kernel's specification."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    if arguments.action == "remove":
        try:
            print(f"{manager.remove_kernel_spec(NAME)}: removed")
        except NoSuchKernel:
            print("the kernel is not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(specification(), indent=1))
        print(f"{manager.install_kernel_spec(folder, NAME, prefix=sys.prefix)}: installed")
    return 0


def specification() -> dict[str, object]:
    """What Jupyter is told of the kernel."""
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (d2l-ext, starts at once)",
        "language": "python",
        "metadata": {"debugger": False, "kernel_provisioner": {"provisioner_name": "d2l-ext-fork"}},
    }
