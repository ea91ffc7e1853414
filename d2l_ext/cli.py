"""The command `d2l-ext`: a table of its subcommands, each imported only when it is called."""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from d2l_ext import __version__
from d2l_ext.grading.errors import InfrastructureError, UserError

# Name: the module, which offers add_arguments(parser) and run(arguments), and what it does.
COMMANDS = {
    "check": ("d2l_ext.grading.check", "tell what is right in an exercise, and what is not"),
    "grade": ("d2l_ext.grading.grade", "grade a folder of submitted exercises"),
    "kernel": ("d2l_ext.kernel.install", "offer a kernel in JupyterLab that starts at once"),
    "release": ("d2l_ext.grading.release", "write the exercises from their solutions"),
    "zoo": ("d2l_ext.zoo.command", "list, show or add trained networks"),
    "train": ("d2l_ext.training.command", "train what is missing of a recipe or a study"),
}
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a subcommand.

    Args:
        argv: the arguments; those of the process if None.

    Returns:
        The exit status: 0 if all is well, 1 if the command's answer is no, 2 for a mistake in the
        arguments or files, 130 after Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name may hold what this terminal does not
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(*_read(argv))
    except KeyboardInterrupt:
        print("\nd2l-ext: stopped", file=sys.stderr)
        return INTERRUPTED


def _read(argv: Sequence[str]) -> tuple[ModuleType, argparse.Namespace]:
    """The command that is asked for, the only one that is imported, and its arguments."""
    parser = argparse.ArgumentParser(prog="d2l-ext", description="The course's command.")
    parser.add_argument("--version", action="version", version=f"d2l-ext {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((argument for argument in argv if not argument.startswith("-")), None)
    command = None
    for name, (module, purpose) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=purpose, description=purpose.capitalize())
        if name == chosen:
            command = importlib.import_module(module)
            command.add_arguments(subparser)
    arguments = parser.parse_args(argv)
    assert command is not None, "argparse accepts no other command"
    return command, arguments


def _run(command: ModuleType, arguments: argparse.Namespace) -> int:
    try:
        return command.run(arguments)
    except (UserError, InfrastructureError) as error:
        print(f"d2l-ext: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # what read the output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        named = f"{error.filename}: " if error.filename is not None else ""
        print(f"d2l-ext: {named}{error.strerror or error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
