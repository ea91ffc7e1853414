"""The zoo explorer: what the trained networks cost, how well they do, and where two of them differ."""

from __future__ import annotations

from typing import Any

import traitlets

from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.panel import Control, choice
from d2l_ext.explorers.tables import plain_table
from d2l_ext.explorers.zoo_catalogue import COMPARABLE, catalogue

AXES = {"parameters": "parameters", "macs": "MACs", "latency": "latency"}
MOST = 4  # models whose curves can be told apart
EMPTY = (
    "The zoo has no trained network yet. `d2l-ext train zoo --out runs` trains some, and "
    "`d2l-ext zoo add runs/*` puts them in; then run this cell again."
)

DEFINITION = (
    "On the front is a model if no other is at least as accurate and at most as costly, and better in "
    "one of the two."
)
MEANING = (
    "It counts only the images on which the two disagree, and speaks of these weights; other seeds "
    "may differ by more."
)


def front(models: list[dict[str, Any]], x: str) -> list[dict[str, Any]]:
    """The models that no other beats, as `DEFINITION` has it."""

    def beaten(one: dict[str, Any]) -> bool:
        return any(
            other[x] <= one[x]
            and other["right"] >= one["right"]
            and (other[x], other["right"]) != (one[x], one["right"])
            for other in known
        )

    known = [model for model in models if model[x] is not None]
    return [model for model in known if not beaten(model)]


class ZooExplorer(Explorer):
    """See what accuracy costs: the trained networks by parameters, MACs or latency.

    The models that no other beats form the Pareto front. Of those that you choose, the page shows
    learning curves and cards; of the first two, the test images that one gets right and the other
    wrong. Every argument is also an attribute. An impossible setting is no error, the page explains it.

    Args:
        x: What accuracy is held against: 'parameters', 'macs' or 'latency'.
        chosen: Names of up to four models; the two most accurate if left out.
        data: Name of the data set that they were trained on.

    Raises:
        ValueError: There is no such `x`.

    Example:
        >>> ZooExplorer('macs', chosen=('cifar_resnet20_fmnist', 'cifar_plain20_fmnist'))
        explorers.ZooExplorer(x='macs', chosen=('cifar_resnet20_fmnist', 'cifar_plain20_fmnist'))
    """

    script = "zoo_explorer"
    catalogue = traitlets.Dict().tag(sync=True)
    x = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Tuple(default_value=None, allow_none=True).tag(sync=True)
    data = traitlets.Unicode().tag(sync=True)
    measured = traitlets.Dict(help="What `measure` found, or why it failed.").tag(sync=True)

    def __init__(
        self,
        x: str = "parameters",
        chosen: tuple[str, ...] | None = None,
        data: str = COMPARABLE,
    ) -> None:
        words = {"empty": EMPTY, "definition": DEFINITION, "meaning": MEANING}
        known = {**catalogue(), **words}
        super().__init__(x=x, chosen=chosen, data=data, catalogue=known)
        self.on_msg(lambda _, content, buffers: content == "measure" and self.measure())

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        sets = list(dict.fromkeys(model["data"] for model in self.catalogue["models"]))
        axes = [choice("x", "Accuracy against", {**AXES, "macs": "MACs"})]
        return [*axes, choice("data", "Data", sets)] if len(sets) > 1 else axes

    @traitlets.validate("x")
    def _check_x(self, proposal: Any) -> str:
        if proposal["value"] not in AXES:
            raise ValueError(f"x = {proposal['value']!r} is none of {', '.join(AXES)}")
        return proposal["value"]

    def measure(self) -> dict[str, float]:
        """Time every model for one image on this machine, and show it. Needs torch.

        Returns:
            Multiples of the fastest; empty where they cannot be measured, which the page explains.
        """
        from d2l_ext.explorers import zoo_latency

        names = [model["name"] for model in self.models]
        try:
            self.measured = zoo_latency.measure(names)
        except (ValueError, RuntimeError) as error:
            self.measured = {"error": str(error)}
            return {}
        return self.measured["ratios"]

    @property
    def models(self) -> list[dict[str, Any]]:
        """The models of the data set with their latency, the most accurate first."""
        ratios = self.measured.get("ratios") or self.catalogue["latency"]["ratios"]
        return [
            {**model, "latency": ratios.get(model["name"])}
            for model in self.catalogue["models"]
            if model["data"] == self.data
        ]

    def check(self) -> None:
        """Raise unless there is what is to be shown.

        Raises:
            ValueError: The message says what is missing, and what there is.
        """
        names = [model["name"] for model in self.models]
        if not names:
            known = sorted({model["data"] for model in self.catalogue["models"]})
            raise ValueError(f"no model is trained on {self.data!r}. Try {known[0]!r}.")
        chosen = self.chosen or ()
        for i, name in enumerate(chosen):
            if name not in names:
                raise ValueError(f"chosen: there is no model {name!r} on {self.data}.")
            if name in chosen[:i]:
                raise ValueError(f"chosen: {name!r} stands there twice.")
        if len(chosen) > MOST:
            raise ValueError(f"chosen: {len(chosen)} models, but {MOST} is the most.")

    def headline(self) -> str:
        """How many models there are, and which are on the front."""
        if not self.catalogue["models"]:
            return EMPTY
        self.check()
        names = ", ".join(model["name"] for model in front(self.models, self.x)) or "none"
        count = len(self.models)
        noun = "network" if count == 1 else "networks"
        return (
            f"{count} {noun} trained on {self.data}; "
            f"on the front of accuracy against {AXES[self.x]}: {names}"
        )

    def table(self) -> str:
        """All models with their accuracy and what they cost."""
        if not self.catalogue["models"]:
            return f"<p>{EMPTY}</p>"
        self.check()
        best = front(self.models, self.x)
        rows = [
            (
                model["name"],
                f"{model['right'] / model['images']:.2%}",
                f"{model['parameters']:,}",
                f"{model['macs']:,}",
                "–" if model["latency"] is None else f"{model['latency']:.2f}",
                "yes" if model in best else "",
            )
            for model in self.models
        ]
        header = ("model", "accuracy", "parameters", "MACs", "latency (fastest 1)", "on the front")
        return plain_table(self.headline(), header, rows)
