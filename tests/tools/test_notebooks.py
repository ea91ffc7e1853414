"""The notebook tool: what it cleans, what it complains of, and the way through a script."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks


def named(cell: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    cell["id"] = name
    return cell


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    code = new_code_cell("1 + 1", execution_count=7, metadata={"execution": {"started": "now"}})
    code.outputs = [
        new_output("stream", name="stderr", text="50 %"),
        new_output("display_data", data={notebooks.WIDGET: {}, "text/plain": "0 %|  |"}),
        new_output("display_data", data={notebooks.WIDGET: {}, "text/html": "<b>explorer</b>"}),
        new_output("execute_result", data={"text/plain": "2"}, execution_count=7),
    ]
    made = new_notebook(cells=[named(new_markdown_cell("# Title"), "title"), named(code, "sum")])
    made.metadata["widgets"] = {"state": "long"}
    return made


def test_cleaning_keeps_results_and_drops_what_differs_from_run_to_run(notebook) -> None:
    notebooks.clean(notebook)
    code = notebook.cells[1]
    assert [list(output.get("data", {})) for output in code.outputs] == [
        ["text/html"],
        ["text/plain"],
    ]
    assert code.execution_count == code.outputs[1].execution_count == 1
    assert code.metadata == {}
    assert "widgets" not in notebook.metadata
    assert notebooks.problems(notebook) == []


def test_printed_text_is_in_one_piece_however_often_the_kernel_flushed_it(notebook) -> None:
    notebook.cells[1].outputs[:0] = [
        new_output("stream", name="stdout", text="a\n"),
        new_output("stream", name="stderr", text="50 %"),
        new_output("stream", name="stdout", text="b\n"),
    ]
    notebooks.clean(notebook)
    streams = [output.text for output in notebook.cells[1].outputs if "text" in output]
    assert streams == ["a\nb\n"]


def test_problems_are_named_with_their_cell(notebook) -> None:
    notebooks.clean(notebook)
    notebook.cells[0]["id"] = "1f2e3d4c"
    notebook.cells.append(named(new_code_cell("2"), "sum"))
    notebook.cells[1].outputs.append(new_output("error", ename="KeyError", evalue="", traceback=[]))
    found = "\n".join(notebooks.problems(notebook))
    for expected in ("'1f2e3d4c' says nothing", "'sum' is used twice", "not run", "KeyError"):
        assert expected in found


def test_running_writes_a_clean_notebook_and_a_failing_cell_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "a.ipynb"
    cell = named(new_code_cell("print(2 * 21)"), "answer")
    nbformat.write(new_notebook(cells=[cell]), path)
    assert notebooks.main(["run", str(path)]) == 0
    assert notebooks.read(path).cells[0].outputs[0].text == "42\n"

    before = notebooks.read(path)
    before.cells[0].source = "1 / 0"
    nbformat.write(before, path)
    written = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    assert path.read_bytes() == written
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_notebook_survives_the_way_through_a_script(notebook, tmp_path: Path) -> None:
    notebooks.clean(notebook)
    notebook.metadata["d2l_ext"] = {"exercise": "x", "version": 1}
    wrong = {"wrong": [{"name": "n", "code": "a\nb", "sentence": 's "quoted"'}]}
    notebook.cells[1].metadata["d2l_ext"] = nbformat.from_dict(wrong)
    path = tmp_path / "b.ipynb"
    notebooks.write(path, notebook)
    script = notebooks.to_script(path)
    assert notebooks.from_script(script) == path
    assert notebooks.read(path) == notebook

    script.write_text(script.read_text().replace("1 + 1", "1 + 2"))
    notebooks.from_script(script)
    changed = notebooks.read(path).cells[1]
    assert (changed.source, changed.outputs, changed.execution_count) == ("1 + 2", [], None)
