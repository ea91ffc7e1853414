"""Execute notebooks and clean them, so that they land the same whoever ran them.

python -m tools.notebooks run chapters/*.ipynb      execute, clean, write
python -m tools.notebooks check chapters/*.ipynb    say what is not clean; writes nothing
python -m tools.notebooks script NOTEBOOK           write NOTEBOOK's cells to NOTEBOOK.py
python -m tools.notebooks update NOTEBOOK.py        write them back, outputs of equal cells kept
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = ("tags", "nbgrader", "d2l_ext", "jupyter")  # metadata of a cell that means something
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 300


def clean(notebook: nbformat.NotebookNode) -> None:
    """Leave out what differs from run to run: timestamps, versions, counters of the kernel."""
    meaning = {"d2l_ext": notebook.metadata["d2l_ext"]} if "d2l_ext" in notebook.metadata else {}
    notebook.metadata = nbformat.from_dict(
        {**meaning, "kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT})
        if cell.cell_type != "code":
            continue
        count += 1
        ran = cell.execution_count is not None
        cell.execution_count = count if ran else None
        cell.outputs = merged([o for o in cell.outputs if not passing(o)])
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            # A widget's model lives in the kernel that is gone; its other forms stay.
            output.get("data", {}).pop(WIDGET, None)


def passing(output: nbformat.NotebookNode) -> bool:
    """Whether an output is only for those who wait: the error stream, or a bar of widgets."""
    data = output.get("data", {})
    return output.get("name") == "stderr" or (WIDGET in data and "text/html" not in data)


def merged(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Outputs with printed text in one piece, however often the kernel flushed it."""
    whole: list[nbformat.NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == whole[-1].output_type == "stream":
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """What keeps a notebook from landing."""
    found = []
    seen: set[str] = set()
    for cell in notebook.cells:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", cell.id) or re.fullmatch(r"[0-9a-f]{8}", cell.id):
            found.append(f"cell id {cell.id!r} says nothing: name it after what the cell does")
        if cell.id in seen:
            found.append(f"cell id {cell.id!r} is used twice")
        seen.add(cell.id)
        if set(cell.metadata) - set(KEPT):
            found.append(f"{cell.id}: volatile metadata {sorted(set(cell.metadata) - set(KEPT))}")
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            found.append(f"{cell.id}: was not run")
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"{cell.id}: holds a traceback ({output.ename})")
            if output.get("name") == "stderr":
                found.append(f"{cell.id}: holds text of the error stream")
    return found


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook in today's format."""
    return nbformat.read(path, as_version=4)


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook whole or not at all."""
    nbformat.validate(notebook)
    half = path.with_suffix(".tmp")
    nbformat.write(notebook, half)
    half.replace(path)


def run(path: Path) -> float:
    """Execute a notebook in its own folder, clean it, write it; returns the seconds it took."""
    notebook = read(path)
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": path.parent}},
    )
    client.execute()
    clean(notebook)
    write(path, notebook)
    return time.perf_counter() - started


def to_script(path: Path) -> Path:
    """Write a notebook's cells as a percent script beside it, ids and metadata in the headers."""
    notebook = read(path)
    for cell in notebook.cells:
        cell.metadata["id"] = cell.id
    script = path.with_suffix(".py")
    notebook.metadata.setdefault("jupytext", {})["cell_metadata_filter"] = "all"
    jupytext.write(notebook, script, fmt="py:percent")
    return script


def from_script(script: Path) -> Path:
    """Write a percent script back to its notebook; cells whose source is unchanged keep outputs."""
    notebook = jupytext.read(script, fmt="py:percent")
    path = script.with_suffix(".ipynb")
    old = {cell.id: cell for cell in read(path).cells} if path.exists() else {}
    for cell in notebook.cells:
        cell.id = cell.metadata.pop("id", cell.id)
        before = old.get(cell.id)
        if cell.cell_type == "code" and before and before.source == cell.source:
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
    if path.exists():
        notebook.metadata = read(path).metadata
    clean(notebook)
    write(path, notebook)
    return path


def main(arguments: list[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("action", choices=("run", "check", "script", "update"))
    parser.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    failed = False
    for path in tqdm(options.paths, disable=options.action != "run" or None, unit="notebook"):
        try:
            if options.action == "run":
                tqdm.write(f"{path}: {run(path):.0f} s")
            elif options.action == "script":
                print(to_script(path))
            elif options.action == "update":
                print(from_script(path))
            if options.action in ("run", "check"):
                for problem in problems(read(path)):
                    failed = True
                    print(f"{path}: {problem}", file=sys.stderr)
        except CellExecutionError as error:
            failed = True
            print(f"{path}: a cell failed, nothing was written\n{error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
