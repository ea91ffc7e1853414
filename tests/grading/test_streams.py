"""What a judged cell prints is its own, whatever else the machine and its threads do meanwhile."""

from collections.abc import Iterator

import pytest

from d2l_ext.grading.judge import judge
from d2l_ext.grading.notebook import code_cell, new_notebook, store_printed
from d2l_ext.grading.paper import Paper
from d2l_ext.grading.runner import Record, Runner
from d2l_ext.sandbox import layers

# Each line of the answer prints while the check is running, in a way of its own.
LATE = """import os, subprocess, threading, time

def later():
    while True:
        print("late")
        time.sleep(0.01)

threading.Thread(target=later, daemon=True).start()
subprocess.Popen("while true; do echo late; sleep 0.01; done", shell=True)"""
CHECK = "for i in range(20):\n    print(i)\n    time.sleep(0.02)\nos.write(1, b'late')"


@pytest.fixture(scope="module", params=["sandbox", "none"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "none":
            patch.setattr("d2l_ext.grading.runner.layers.find", layers.Layers)
        elif not layers.find().enough:
            pytest.skip("this machine has no sandbox")
        yield Runner(20, unsafe=True)


def run(runner: Runner, *sources: str) -> list[Record]:
    cells = [code_cell(f"cell-{place}", source) for place, source in enumerate(sources)]
    return [record for name, record in runner.run(new_notebook(cells)).items() if "cell" in name]


def test_output_of_threads_and_children_does_not_fall_into_the_check(runner: Runner) -> None:
    expected = "".join(f"{i}\n" for i in range(20))
    graded = {"nbgrader": {"grade": True}, "tags": ["nbval-check-output"]}
    check = code_cell("check", CHECK, **graded)
    store_printed(check, expected)
    records = judge(Paper([], {"q1": [code_cell("answer", LATE), check]}), runner)
    assert (records["check"].printed, records["check"].outcome) == (expected, "passed")


def test_output_of_the_cell_itself_is_heard_whole_and_in_order(runner: Runner) -> None:
    (record,) = run(runner, "import sys\nfor i in range(3):\n    print(i)\n    sys.stdout.flush()")
    assert record.printed == "0\n1\n2\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_without_end_is_a_limit_at_its_source(runner: Runner, stream: str) -> None:
    printing = f"import sys\nfor i in range(1000): print('again ' * 1000, file=sys.{stream})"
    (record,) = run(runner, printing, "print(1)")
    assert (record.outcome, record.error) == ("limit", "output limit")


def test_text_that_is_too_long_is_refused_before_it_is_kept(runner: Runner) -> None:
    code = "import sys\ntry:\n    print('x' * 70_000_000, file=sys.stderr)\n"
    (record,) = run(runner, f"{code}except Exception as e:\n    print(type(e).__name__)")
    assert record.printed == "OutputLimitError\n"


def test_each_cell_has_its_own_allowance(runner: Runner) -> None:
    records = run(runner, *["print('x' * 1_500_000)"] * 3)
    assert [record.outcome for record in records] == ["passed"] * 3
