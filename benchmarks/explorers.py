"""Key press to changed page: the explorers beside `interact` with matplotlib, in one run.

python -m benchmarks.explorers [--keys 40]
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tools import jupyterlab

SIZE = ".d2l-explorer input[type=number]"
CASES = {
    "explorer, ResNet-18": ("explorers.LayerExplorer()", SIZE, ".d2l-explorer .d2l-body"),
    "explorer, ResNet-152": (
        "explorers.LayerExplorer('resnet152')",
        SIZE,
        ".d2l-explorer .d2l-body",
    ),
    "explorer, ResNet-152 beside ResNet-101": (
        "explorers.LayerExplorer('resnet152', compare='resnet101')",
        SIZE,
        ".d2l-explorer .d2l-body",
    ),
    "grouped convolutions, 24 channels": (
        "explorers.GroupedConvolutionExplorer(23, 24, 1, shuffle=True, channel=3)",
        SIZE,
        ".d2l-explorer .d2l-body",
    ),
    "cost of a convolution": (
        "explorers.CostExplorer(cardinality=1)",
        SIZE,
        ".d2l-explorer .d2l-body",
    ),
    "interact with matplotlib": (
        "import ipywidgets, matplotlib.pyplot as plt\n"
        "def bars(size):\n"
        "    plt.figure(figsize=(6, 3))\n"
        "    plt.bar(range(9), [size * i for i in range(9)])\n"
        "    plt.show()\n"
        "_ = ipywidgets.interact(bars, size=(1, 400))",
        ".noUi-handle",
        ".widget-output, .jupyter-widget-output-area",
    ),
}

# Notes when a key goes down and when the watched part has changed next.
WATCH = """selector => {
    window.waited = null;
    const part = document.querySelector(selector);
    let start = null;
    document.addEventListener("keydown", () => { start = performance.now(); },
        { once: true, capture: true });
    const observer = new MutationObserver(() => {
        if (start === null || window.waited !== null) return;
        if (part.matches(".d2l-explorer *") || part.querySelector("img")) {
            window.waited = performance.now() - start;
            observer.disconnect();
        }
    });
    observer.observe(part, { subtree: true, childList: true, characterData: true });
}"""


def milliseconds(page: Any, focus: str, watched: str, keys: int) -> list[float]:
    """Times of so many key presses, after three that do not count."""
    page.wait_for_selector(watched, timeout=60_000)
    page.wait_for_timeout(2000)
    page.locator(focus).first.focus()
    times = []
    for i in range(keys + 3):
        page.evaluate(WATCH, watched)
        page.keyboard.press("ArrowUp" if i % 2 else "ArrowDown")
        page.wait_for_function("window.waited !== null", timeout=10_000)
        times.append(page.evaluate("window.waited"))
        page.wait_for_timeout(150)
    return times[3:]


def main(keys: int) -> None:
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as folder,
        jupyterlab.chromium() as browser,
        jupyterlab.serve(Path(home), Path(folder), browser) as lab,
    ):
        for name, (code, focus, watched) in CASES.items():
            page = lab.open(f"from d2l_ext import explorers\n{code}").page
            times = milliseconds(page, focus, watched, keys)
            late = statistics.quantiles(times, n=20)[-1]
            print(f"{name:40} median {statistics.median(times):6.1f} ms, 95 % {late:6.1f} ms")
            page.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Key press to changed page, beside `interact`.")
    parser.add_argument("--keys", type=int, default=40, help="presses that are timed, of each")
    main(parser.parse_args().keys)
