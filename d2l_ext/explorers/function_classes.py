"""Classes of functions: what belongs to each, and the best that one can do inside it.

A cartoon, regions of the plane with a point to reach, and three kinds of real functions on [0, 1]
with a function to reach. `function_classes.js` has the same; the tests hold the two together.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from d2l_ext.counting import ShapeError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.floating[Any]]]

NETWORKS = Path(__file__).with_name("function_networks.json")

# ---- the cartoon of chapter 1: (size, turn, (x, y) of the centre) of each outline ----

REGIONS: dict[str, list[tuple[float, float, tuple[float, float]]]] = {
    "non-nested": [
        (0.4, 0.0, (-0.5, -0.5)),
        (0.7, 1.1, (0.3, 0.4)),
        (1.0, 2.2, (1.1, 0.9)),
        (1.3, 3.3, (0.3, -0.3)),
        (1.6, 4.4, (-0.4, -0.6)),
    ],
    "nested": [(size, 0.5, (0.2, 0.0)) for size in (0.4, 0.7, 1.0, 1.3, 1.6)],
}
LIMITS = {"x": (-3.0, 4.0), "y": (-3.0, 3.0)}
ANGLES = 600

# ---- real functions ----

FUNCTIONS = {
    "cartoon": "cartoon",
    "polynomials": "polynomials",
    "steps": "steps",
    "splines": "broken lines",
    "networks": "small networks",
}
TRUTHS = {
    "jump": "jump at 1/3",
    "sine": "sine wave",
    "kink": "kink at 1/3",
    "peak": "narrow peak",
}
# By kind: degrees; numbers of equal pieces, twice; ReLUs of the one hidden layer.
SIZES = {
    "polynomials": {"nested": [0, 1, 2, 3, 5, 7, 10, 15]},
    "steps": {"nested": [1, 2, 4, 8, 16], "non-nested": [1, 2, 3, 4, 5, 6, 7, 8]},
    "splines": {"nested": [1, 2, 4, 8, 16], "non-nested": [1, 2, 3, 4, 5, 6, 7, 8]},
    "networks": {"nested": [1, 2, 4, 8, 16]},
}
ALWAYS_NESTED = {
    "polynomials": "A polynomial of degree d is one of degree d + 1 whose last coefficient is zero, "
    "so these classes are nested.",
    "networks": "A network with w ReLUs is one with w + 1 whose last output weight is zero, so these "
    "classes are nested.",
}
POINTS = 768  # divisible by three and by sixteen: edges lie between points


def radius(size: float, turn: float, angle: float) -> float:
    """How far an outline is from its centre, in a direction."""
    return size * (1 + 0.13 * math.cos(2 * (angle - turn)) + 0.08 * math.cos(3 * (angle + turn)))


def nearest(
    region: tuple[float, float, tuple[float, float]], target: tuple[float, float]
) -> tuple[float, float]:
    """The point of a region that is nearest to the target: the target itself if it is inside."""
    size, turn, (x, y) = region
    across, up = target[0] - x, target[1] - y
    if math.hypot(across, up) <= radius(size, turn, math.atan2(up, across)):
        return target
    outline = []
    for i in range(ANGLES):
        angle = 2 * math.pi * i / ANGLES
        r = radius(size, turn, angle)
        outline.append((x + r * math.cos(angle), y + r * math.sin(angle)))
    return min(outline, key=lambda point: math.dist(point, target))


def area(size: float) -> float:
    """The area of a region, the integral of half its squared radius."""
    return math.pi * size**2 * (1 + (0.13**2 + 0.08**2) / 2)


def sizes(functions: str, classes: str) -> list[int]:
    """The sizes of the classes of real functions.

    Raises:
        ShapeError: Classes of that kind are always nested.
    """
    if classes not in SIZES[functions]:
        raise ShapeError(f"{ALWAYS_NESTED[functions]} Try classes = 'nested'.")
    return SIZES[functions][classes]


def grid() -> Array:
    """Midpoints of equal pieces of [0, 1], at which functions are compared."""
    import numpy as np

    return (np.arange(POINTS) + 0.5) / POINTS


def truth(name: str, x: Array) -> Array:
    """The function to reach."""
    import numpy as np

    if name == "jump":
        return x + (x >= 1 / 3)
    if name == "sine":
        return np.sin(2 * np.pi * x)
    if name == "kink":
        return np.abs(3 * x - 1)
    return np.exp(-(((x - 0.6) / 0.08) ** 2))


def basis(functions: str, size: int, x: Array) -> Array:
    """Functions whose weighted sums are the class: one column each."""
    import numpy as np

    if functions == "polynomials":
        return np.polynomial.legendre.legvander(2 * x - 1, size)
    if functions == "steps":
        return (np.floor(x * size)[:, None] == np.arange(size)).astype(float)
    return np.maximum(0, 1 - np.abs(x[:, None] * size - np.arange(size + 1)))


def best(functions: str, size: int, name: str) -> Array:
    """The best member of a class, at the points of `grid`; of networks, the best that was found."""
    import numpy as np

    x = grid()
    if functions == "networks":
        found = networks()["fits"][name][str(size)]
        hidden = np.outer(x, found["weights"]) + np.array(found["biases"])
        return np.maximum(0, hidden) @ np.array(found["outputs"]) + found["offset"]
    columns = basis(functions, size, x)
    return columns @ np.linalg.lstsq(columns, truth(name, x), rcond=None)[0]


def distance(functions: str, size: int, name: str) -> float:
    """Distance of the best member from the truth: the root of the mean square on the grid."""
    import numpy as np

    return float(np.sqrt(np.mean((best(functions, size, name) - truth(name, grid())) ** 2)))


def parameters(functions: str, size: int) -> int:
    """How many numbers choose a member of the class."""
    return {"polynomials": size + 1, "steps": size, "splines": size + 1}.get(
        functions, 3 * size + 1
    )


@cache
def networks() -> dict[str, Any]:
    """What `function_networks.py` fitted."""
    return json.loads(NETWORKS.read_text(encoding="utf-8"))
