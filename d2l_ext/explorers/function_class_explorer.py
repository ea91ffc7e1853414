"""The function class explorer: nested classes or not, and how near the best member of each comes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import traitlets

from d2l_ext.explorers import function_classes as classes_of
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.panel import Control, choice, number, tick
from d2l_ext.explorers.settings import check_range
from d2l_ext.explorers.tables import plain_table

CHOICES = {
    "classes": ("nested", "non-nested"),
    "functions": classes_of.FUNCTIONS,
    "truth": classes_of.TRUTHS,
}

STAR = "target: {name} of the star, which can be dragged as well"
MEMBER = "member: the class that is drawn heavily, counted from 1"
HEADS = {
    "cartoon": ("Class", "Area", "Distance", "Best member"),
    "networks": ("Class", "Parameters", "Distance", "Eight runs"),
    "other": ("Class", "Parameters", "Distance", ""),
}
ABOUT = {
    "cartoon": "Each outline is a class, each point inside it a function, the star the truth. Drag it, "
    "or move it by arrows.",
    "networks": "The classes are nested: a ReLU with output weight 0 changes nothing. But training has "
    "to find the best member; here it is the {setup}, and the eight came as far as the last column says.",
    "other": "The best member is the orthogonal projection, by least squares. The distance is the root "
    "of the mean squared difference on [0, 1].",
}


class FunctionClassExplorer(Explorer):
    """See that a larger class need not come nearer to the truth, unless it contains the smaller one.

    A cartoon shows classes as regions of the plane, with a target to drag; behind it, one choice
    apart, are classes of real functions on [0, 1]. Every argument is also an attribute. An impossible
    setting is no error, the page explains it.

    Args:
        classes: 'nested' or 'non-nested'.
        target: (x, y) of the point to reach, in the cartoon.
        functions: 'cartoon', 'polynomials', 'steps', 'splines' or 'networks'.
        truth: The function to reach: 'jump', 'sine', 'kink' or 'peak'.
        member: The class that is highlighted, counted from 1.
        predict: Ask for a guess before the distances are shown.

    Raises:
        ValueError: There is no choice of that name.

    Example:
        >>> FunctionClassExplorer('nested', functions='splines', truth='kink')
        explorers.FunctionClassExplorer(classes='nested', functions='splines', truth='kink')
    """

    script = "function_class_explorer"
    words: ClassVar[dict[str, Any]] = {"heads": HEADS, "about": ABOUT}
    catalogue = traitlets.Dict().tag(sync=True)
    classes = traitlets.Unicode().tag(sync=True)
    target = traitlets.Tuple(traitlets.Float(), traitlets.Float()).tag(sync=True)
    functions = traitlets.Unicode().tag(sync=True)
    truth = traitlets.Unicode().tag(sync=True)
    member = traitlets.Int().tag(sync=True)
    predict = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        classes: str = "non-nested",
        target: tuple[float, float] = (2.6, 1.5),
        functions: str = "cartoon",
        truth: str = "jump",
        member: int = 3,
        predict: bool = False,
    ) -> None:
        super().__init__(
            catalogue={
                "regions": classes_of.REGIONS,
                "limits": classes_of.LIMITS,
                "sizes": classes_of.SIZES,
                "always_nested": classes_of.ALWAYS_NESTED,
                "networks": classes_of.networks(),
            },
            classes=classes,
            target=target,
            functions=functions,
            truth=truth,
            member=member,
            predict=predict,
        )

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        target = {
            name: number(name, f"Target {name}", limits, STAR.format(name=name), page=0.5, step=0.1)
            for name, limits in classes_of.LIMITS.items()
        }
        return [
            choice("functions", "Show", classes_of.FUNCTIONS),
            choice("classes", "Classes", {"non-nested": "not nested", "nested": "nested"}),
            target["x"],
            target["y"],
            choice("truth", "Truth", classes_of.TRUTHS),
            number("member", "Highlight class", (1, 8), MEMBER, page=2),
            tick("predict", "predict first", "Guess which class comes nearest"),
        ]

    @traitlets.validate("classes", "functions", "truth")
    def _check_name(self, proposal: Any) -> str:
        name, what = proposal["value"], proposal["trait"].name
        if name not in CHOICES[what]:
            raise ValueError(f"{what} = {name!r} is none of {', '.join(CHOICES[what])}")
        return name

    def members(self) -> list[tuple[str, str, float]]:
        """Each class: its name, its area or its parameters, the distance of its best member.

        Raises:
            ShapeError: A setting is impossible; the message says why.
        """
        if self.functions == "cartoon":
            for name, value in zip("xy", self.target, strict=True):
                check_range(name, value, classes_of.LIMITS[name])
            found = [
                (f"F{i}", f"{classes_of.area(region[0]):.2f}", self.distance_to(region))
                for i, region in enumerate(classes_of.REGIONS[self.classes], start=1)
            ]
        else:
            found = [
                (
                    f"size {size}",
                    str(classes_of.parameters(self.functions, size)),
                    classes_of.distance(self.functions, size, self.truth),
                )
                for size in classes_of.sizes(self.functions, self.classes)
            ]
        check_range("member", self.member, (1, len(found)))
        return found

    def distance_to(self, region: tuple[float, float, tuple[float, float]]) -> float:
        """From the target to the nearest point of a region."""
        return math.dist(classes_of.nearest(region, self.target), self.target)

    def headline(self) -> str:
        """How far the best member of each class is; the question alone where a guess is asked for."""
        distances = ", ".join(f"{distance:.3f}" for _, _, distance in self.members())
        kind = f"{classes_of.FUNCTIONS[self.functions].capitalize()}, {self.classes}"
        if self.predict:
            return f"{kind}: which class comes nearest?"
        return f"{kind}: the best members are {distances} away"

    def table(self) -> str:
        """The classes, what they offer, and how near they come."""
        what = "area" if self.functions == "cartoon" else "parameters"
        rows = [(name, amount, f"{distance:.3f}") for name, amount, distance in self.members()]
        return plain_table(self.headline(), ("class", what, "distance"), rows)
