"""Notebooks as plain dictionaries, version 4 of the format.

nbformat imports a JSON schema validator, which takes longer than `%check` may; it is used only
where a file may be of an older version.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from d2l_ext.grading.errors import UserError

Cell = dict[str, Any]
Notebook = dict[str, Any]

FORMAT = {"nbformat": 4, "nbformat_minor": 5}


def read(path: Path) -> Notebook:
    """Reads a notebook from a file that can be trusted.

    Args:
        path: the file.

    Returns:
        The notebook; texts that the file holds as lists of lines are joined.

    Raises:
        UserError: if there is no such file, or it is not a notebook of version 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not a notebook: line {error.lineno}") from error
    except ValueError as error:
        raise UserError(f"{path}: not a notebook: {error}") from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != FORMAT["nbformat"]:
        raise UserError(f"{path}: not a notebook of version 4; open and save it in JupyterLab")
    for cell in notebook["cells"]:
        cell["source"] = joined(cell["source"])
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = joined(output["text"])
    return notebook


def dump(notebook: Notebook) -> str:
    """The text of a notebook's file, laid out as JupyterLab lays it out."""
    cells = [_with_lines(cell) for cell in notebook["cells"]]
    laid_out = {**notebook, "cells": cells}
    return json.dumps(laid_out, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def new_notebook(cells: Iterable[Cell]) -> Notebook:
    """A notebook of some cells."""
    return {**FORMAT, "metadata": {}, "cells": list(cells)}


def code_cell(cell_id: str, source: str, **metadata: Any) -> Cell:
    """A code cell that was not run."""
    return {
        "id": cell_id,
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def store_printed(cell: Cell, text: str, count: int = 1) -> None:
    """Makes a cell look as if it had been run and had printed something.

    nbval compares the outputs of cells that have an execution count, and of no others.
    """
    cell["execution_count"] = count
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]


def printed_text(outputs: Iterable[Any]) -> str:
    """What a cell's outputs hold of standard output."""
    return "".join(o["text"] for o in outputs if o.get("name") == "stdout" and "text" in o)


def joined(text: str | list[str]) -> str:
    """A text that may be held as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _with_lines(cell: Cell) -> Cell:
    laid_out = {**cell, "source": cell["source"].splitlines(keepends=True)}
    if "outputs" in cell:
        laid_out["outputs"] = [
            {**o, "text": o["text"].splitlines(keepends=True)} if "text" in o else o
            for o in cell["outputs"]
        ]
    return laid_out
