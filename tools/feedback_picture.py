"""Take the README's picture of a page of feedback: a submission with one wrong answer, graded.

python -m tools.feedback_picture
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image

from d2l_ext.grading.markers import SOLUTION, replace_region
from tools import jupyterlab
from tools.notebooks import read
from tools.texts import ROOT

EXERCISE = "02_residual_blocks.ipynb"
# The question that is answered wrongly, by the first of its named wrong answers.
WRONG = "q3"
PICTURE = ROOT / "docs" / "feedback.png"


def submission(folder: Path) -> None:
    """The exercise as a student hands it in: every answer right but for one."""
    solved = {cell.id: cell for cell in read(ROOT / "solutions" / EXERCISE).cells}
    notebook = read(ROOT / "exercises" / EXERCISE)
    for cell in notebook.cells:
        wrong = solved[cell.id].metadata.get("d2l_ext", {}).get("wrong")
        if wrong:
            cell.source = solved[cell.id].source
            if cell.id == WRONG:
                cell.source = replace_region(cell.source, SOLUTION, wrong[0]["code"])
    nbformat.write(notebook, folder / "student.ipynb")


def main() -> None:
    """Grade the submission with the command, and photograph what the student gets."""
    with tempfile.TemporaryDirectory() as given, tempfile.TemporaryDirectory() as out:
        submission(Path(given))
        command = [sys.executable, "-m", "d2l_ext.cli", "grade", given, "--out", out]
        subprocess.run(command, cwd=ROOT, check=True)
        with jupyterlab.chromium() as browser:
            page = jupyterlab.watch(browser, width=900).page
            page.goto((Path(out) / "feedback" / "student.html").as_uri())
            page.locator(".wrong").first.scroll_into_view_if_needed()
            taken = page.screenshot()
    # Few colours make a small file, and are enough for text.
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(64).save(PICTURE, optimize=True)
    print(PICTURE)


if __name__ == "__main__":
    main()
