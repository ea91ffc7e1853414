"""Reading the bytes of a notebook: bounded in memory and time, and exact about lines."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from d2l_ext.grading import reading
from d2l_ext.grading.reading import NotANotebook, read_content


def notebook(outputs: str, source: str = "a = 1") -> bytes:
    cell = f'{{"cell_type": "code",\n"source": {json.dumps(source)},\n"outputs": {outputs}}}'
    return f'{{"nbformat": 4,\n"metadata": {{}},\n"cells": [{cell}]}}'.encode()


def read(data: bytes) -> dict[str, object]:
    return read_content(io.BytesIO(data)).notebook["cells"][0]


@pytest.mark.parametrize(
    "outputs",
    [
        "[]",
        '[{"text": "]}"}]',
        r'[{"text": "\"]}\\"}, {"data": {"image/png": "xyz"}}]',
        '[{"text": ["a\\n", "[{"]}, [[[{}]]]]',
    ],
)
def test_outputs_are_cut_out_whatever_they_hold(outputs: str) -> None:
    assert read(notebook(outputs)) == {"cell_type": "code", "source": "a = 1", "outputs": []}


def test_source_that_speaks_of_outputs_stays() -> None:
    source = 'text = \'{"outputs": [1, 2], "attachments": {}}\'  # \\" "outputs": ['
    assert read(notebook("[1]", source))["source"] == source


@pytest.mark.parametrize("outputs", ["[", '["', "[1, {]"])
def test_outputs_that_do_not_end_are_an_error(outputs: str) -> None:
    with pytest.raises(NotANotebook, match="not a notebook: line"):
        read(notebook(outputs))


def test_line_of_an_error_is_that_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = notebook("[\n\n{}\n]") + b"\n\noops"
    for limit in (reading.MEMORY_LIMIT, 10):  # in memory, then by way of a file
        monkeypatch.setattr(reading, "MEMORY_LIMIT", limit)
        with pytest.raises(NotANotebook, match=r"line 10$"):
            read(data)


def test_what_is_large_without_outputs_is_rejected() -> None:
    with pytest.raises(NotANotebook, match="larger than 8 MB without its outputs"):
        read(notebook("[]", "#" * (9 * 2**20)))


def test_number_without_end_is_rejected() -> None:
    with pytest.raises(NotANotebook, match="not a notebook"):
        read(notebook("[]").replace(b"4", b"4" * 5000, 1))


def test_bomb_of_brackets_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BRACKET_LIMIT", 1000)
    with pytest.raises(NotANotebook, match="clear them"):
        read(notebook(f"[{'[],' * 2000}[]]"))


@pytest.mark.skipif(sys.platform == "win32", reason="the memory is read by `resource`")
def test_200_megabytes_of_outputs_are_read_in_little_memory(tmp_path: Path) -> None:
    line = json.dumps("epoch 1, loss 0.123456, accuracy 0.9\n" * 3)
    half = ",\n".join([line] * (100 * 2**20 // len(line)))
    image = "iVBORw0KGgo" * (100 * 2**20 // 11)
    path = tmp_path / "large.ipynb"
    path.write_bytes(notebook(f'[{{"text": [{half}]}}, {{"data": {{"image/png": "{image}"}}}}]'))
    code = (
        "import resource, sys, d2l_ext.grading.reading as reading\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "content = reading.read_content(open(sys.argv[1], 'rb'))\n"
        "assert content.notebook['cells'][0]['source'] == 'a = 1'\n"
        "import mmap\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - begun < 60
    # The pages of the file that is mapped count too, but may be taken back at any time.
    kilobytes = int(done.stdout) // (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 300_000
