"""node, for what the page computes: a script that imports an explorer's modules and prints JSON."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from d2l_ext.explorers.scripts import bundle


@pytest.fixture
def node(tmp_path: Path) -> Callable[[str, str, Any], Any]:
    """`node(module, expression, data)`: the value of an expression of `page` and `data`."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no node on this machine; on Debian: apt-get install nodejs")

    def run(module: str, expression: str, data: Any) -> Any:
        (tmp_path / "page.mjs").write_text(bundle(module), encoding="utf-8")
        (tmp_path / "data.json").write_text(json.dumps(data), encoding="utf-8")
        (tmp_path / "main.mjs").write_text(
            "import fs from 'node:fs'; import * as page from './page.mjs';\n"
            "const data = JSON.parse(fs.readFileSync('data.json', 'utf8'));\n"
            f"console.log(JSON.stringify({expression}));\n"
        )
        done = subprocess.run(
            [program, "main.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
