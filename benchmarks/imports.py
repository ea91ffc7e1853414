"""What importing the course costs, as a multiple of `import torch` in the same run.

python benchmarks/imports.py [ROUNDS]
"""

import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "torch": "import torch",
    "the package": "import d2l_ext",
    "with networks, counts, data, training": (
        "from d2l_ext import counting, data, networks, training"
    ),
    "explorers alone": "from d2l_ext import explorers",
    "grading, as an exercise does": "from d2l_ext.grading import fresh, seal, show",
    "the book's package": "from d2l import torch",
}


def seconds(statement: str) -> float:
    """Time of a fresh interpreter that runs one statement."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main(rounds: int) -> None:
    for statement in STATEMENTS.values():
        seconds(statement)  # reads the files into the system's cache
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(rounds):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    bare = min(seconds("pass") for _ in range(rounds))
    torch = statistics.median(times["torch"]) - bare
    for name, measured in times.items():
        print(f"{name:40} {(statistics.median(measured) - bare) / torch:6.2f} x import torch")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
