"""The plugin on its own, as anyone can use it beside nbval."""

import json
import os
import subprocess
import sys

import pytest

from d2l_ext.grading.notebook import code_cell, dump, new_notebook, store_printed


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """The records of one notebook with a cell for each outcome, by cell."""
    graded = {"nbgrader": {"grade": True}, "tags": ["nbval-check-output"]}
    warn = "import sys\nprint('float 0.50001')\nprint('a warning', file=sys.stderr)"
    cells = [
        code_cell("close", warn, **graded, d2l_ext={"tolerance": 1e-3}),
        code_cell("far", warn, **graded),
        code_cell("skipping", "# NBVAL_SKIP\nprint('float 0.7')", **graded),
        code_cell("failing", "1 / 0"),
        code_cell("leaving", "exit()"),
        code_cell("folder", "import os\nprint(os.listdir())"),
        code_cell("ending", "os._exit(0)"),
        code_cell("behind", ""),
    ]
    for cell in cells[:3]:
        store_printed(cell, "float 0.5\n")
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "any.ipynb").write_text(dump(new_notebook(cells)))
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "d2l_ext.grading.plugin"]
    command += ["--nbval-lax", "--nbval-current-env", "--nbval-records", "records", "any.ipynb"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    lines = (folder / "records").read_text().splitlines()
    return {record["cell"]: record for record in map(json.loads, lines)}


def test_each_cell_that_ran_has_its_outcome(records: dict[str, dict[str, object]]) -> None:
    assert {cell: record["outcome"] for cell, record in records.items()} == {
        "close": "passed",
        "far": "differs",
        "skipping": "differs",
        "failing": "error",
        "leaving": "passed",
        "folder": "passed",
        "ending": "died",
    }


def test_record_holds_what_was_printed_and_the_error(
    records: dict[str, dict[str, object]],
) -> None:
    assert records["close"]["printed"] == "float 0.50001\n"
    assert records["failing"]["error"] == "ZeroDivisionError: division by zero"


def test_kernel_runs_in_an_empty_folder(records: dict[str, dict[str, object]]) -> None:
    assert records["folder"]["printed"] == "[]\n"


def test_dead_kernel_is_noticed_at_once(records: dict[str, dict[str, object]]) -> None:
    assert isinstance(seconds := records["ending"]["seconds"], float)
    assert seconds < 2
