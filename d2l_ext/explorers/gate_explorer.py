"""The gate explorer: the gates of a trained squeeze-and-excitation network, to be moved by hand."""

from __future__ import annotations

from typing import Any

import traitlets

from d2l_ext.explorers import gate_reading
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.gate_reading import COSTS, MODEL
from d2l_ext.explorers.panel import Control, choice, number
from d2l_ext.explorers.settings import check_range
from d2l_ext.explorers.tables import plain_table
from d2l_ext.explorers.zoo_images import CLASSES, sheet
from d2l_ext.zoo import ZooError, card

MISSING = (
    "The gates of {model} have not been measured. With that model in the zoo (d2l-ext train zoo "
    "{model} --out runs; d2l-ext zoo add runs/*), `python -m d2l_ext.explorers.gate_measurements "
    "{model}` does it; then start the kernel anew."
)

BETWEEN = (
    "Measured with the gate at 0, at its mean over all test images, at 1, and as computed; between "
    "these a straight line."
)
NOTES = (
    "Parameters: two linear layers with biases in each block, C to h to C, 2 C h + h + C numbers, "
    "where h is C / r as a multiple of 8, at least 8: that is why the small network gains little "
    "beyond r = 8. – where r is above the narrowest block's channels.",
    "Of each class the page has the test image that the network gets right with the least margin: "
    "there a single gate can matter. In bold on the map: its class.",
)

GATE = "gate: what the network multiplies the channel by"
RATIO = "ratio: channels over those between the two layers"


def stale(model: str, measured: dict[str, Any]) -> bool:
    """Whether gates were measured on other weights than the zoo's."""
    try:
        return bool(measured) and card(model).sha256 != measured["sha256"]
    except ZooError:
        return False


class GateExplorer(Explorer):
    """See which channels a trained SE-ResNet lets through, and what moving one gate does.

    For one block: the gates on a real image and averaged over each class; class probabilities as
    computed and with one gate set by hand; sigmoid and softmax of the same pre-activations; what a
    reduction ratio costs. Without a kernel the page has measurements with each gate at 0, at its mean
    and at 1, and draws straight lines between them; with one, `measure` runs the network. Every
    argument is also an attribute. An impossible setting is no error, the page explains it.

    Args:
        stage: Counted from 1, as are block and channel.
        block: In the stage.
        channel: In the block; the one whose gate is moved.
        gate: What the channel is multiplied by, from 0 to 1; None leaves it as computed.
        image: A class of Fashion-MNIST; there is a test image of each.
        ratio: Reduction r for which parameters are counted.
        model: Of the zoo.

    Raises:
        ValueError: There is no such class of images.

    Example:
        >>> GateExplorer(stage=2, image='bag', gate=0)
        explorers.GateExplorer(stage=2, gate=0, image='bag')
    """

    script = "gate_explorer"
    measurements = traitlets.Dict().tag(sync=True)
    stage = traitlets.Int().tag(sync=True)
    block = traitlets.Int().tag(sync=True)
    channel = traitlets.Int().tag(sync=True)
    gate = traitlets.Float(allow_none=True).tag(sync=True)
    image = traitlets.Unicode().tag(sync=True)
    ratio = traitlets.Int().tag(sync=True)
    model = traitlets.Unicode().tag(sync=True)
    measured = traitlets.Dict(help="What `measure` found, or why it failed.").tag(sync=True)

    def __init__(
        self,
        stage: int = 3,
        block: int = 3,
        channel: int = 11,  # closed, it makes the ankle boot a sneaker
        gate: float | None = None,
        image: str = "ankle boot",
        ratio: int = 16,
        model: str = MODEL,
    ) -> None:
        super().__init__(
            stage=stage,
            block=block,
            channel=channel,
            gate=gate,
            image=image,
            ratio=ratio,
            model=model,
        )
        self._live = False
        self._load()
        self.observe(self._load, "model")
        self.observe(self._follow, ["stage", "block", "channel", "gate", "image"])
        self.on_msg(lambda _, content, buffers: content == "measure" and self.measure())

    @traitlets.validate("image")
    def _check_image(self, proposal: Any) -> str:
        if proposal["value"] not in CLASSES:
            raise ValueError(f"image = {proposal['value']!r} is none of {', '.join(CLASSES)}")
        return proposal["value"]

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        return [
            choice("image", "Image", CLASSES),
            number("stage", "Stage", (1, 3), "stage, counted from 1", page=1),
            number("block", "Block", (1, 3), "block of the stage, counted from 1", page=1),
            number("channel", "Channel", (1, 64), "channel of the block, counted from 1", page=8),
            number("gate", "Gate", (0, 1), GATE, page=0.1, step=0.01),
            number("ratio", "Ratio r", (1, 256), RATIO, page=8),
        ]

    def _load(self, change: Any = None) -> None:
        """What the page reads of the model."""
        found = gate_reading.read(self.model)
        numbers = [image["number"] for image in found.get("images", [])]
        self.measurements = {
            **found,
            "classes": CLASSES,
            "costs": COSTS,
            "sheet": sheet(numbers),
            "between": BETWEEN,
            "notes": NOTES,
            "missing": MISSING.format(model=self.model),
            "stale": stale(self.model, found),
        }

    def _follow(self, change: Any) -> None:
        """Run the network again, once the learner has asked for it."""
        if self._live:
            self.measure()

    def position(self) -> int:
        """The chosen block's place among those that were measured.

        Raises:
            ShapeError: A setting is impossible; the message says why.
        """
        blocks = self.measurements["blocks"]
        check_range("stage", self.stage, (1, max(one["stage"] for one in blocks)))
        here = [i for i, one in enumerate(blocks) if one["stage"] == self.stage]
        check_range("block", self.block, (1, len(here)))
        at = here[self.block - 1]
        check_range("channel", self.channel, (1, len(blocks[at]["mean"])))
        if self.gate is not None:
            check_range("gate", self.gate, (0, 1))
        return at

    def measure(self) -> list[float]:
        """Run the network with the gate as it is set, now and at each later change. Needs torch.

        Returns:
            The scores of the classes; empty where it cannot be run, which the page explains.
        """
        from d2l_ext.explorers import gate_measurements

        key = [self.stage, self.block, self.channel, self.gate, self.image]
        self._live = True
        try:
            at = self.position()
            pre = self._image["blocks"][at]["pre"][self.channel - 1]
            gate = gate_reading.sigmoid(pre) if self.gate is None else self.gate
            found = gate_measurements.probe(
                self.model, self._image["number"], self.stage, self.block, self.channel, gate
            )
        except (KeyError, ValueError, RuntimeError) as error:
            self.measured = {"key": key, "error": str(error)}
            return []
        self.measured = {"key": key, "logits": [round(score, 4) for score in found]}
        return found

    @property
    def _image(self) -> dict[str, Any]:
        """What was measured on the chosen image."""
        return self.measurements["images"][CLASSES.index(self.image)]

    def probabilities(self) -> tuple[list[float], list[float]]:
        """The classes' probabilities as computed, and with the gate where it is set.

        Raises:
            ShapeError: A setting is impossible; the message says why.
        """
        at, channel = self.position(), self.channel - 1
        mean = self.measurements["blocks"][at]["mean"][channel] / 1000
        scores = gate_reading.scores(self._image, at, mean, channel, self.gate)
        return gate_reading.softmax(self._image["logits"]), gate_reading.softmax(scores)

    def headline(self) -> str:
        """What the gate does to the right class."""
        self.check_ratio()
        if "blocks" not in self.measurements:
            return self.measurements["missing"]
        before, after = (p[CLASSES.index(self.image)] for p in self.probabilities())
        own = gate_reading.sigmoid(self._image["blocks"][self.position()]["pre"][self.channel - 1])
        moved = "" if self.gate is None else f"; at {self.gate:g}: {after:.1%}"
        return (
            f"{self.model}, stage {self.stage}, block {self.block}: on an image of class "
            f"{self.image} the gate of channel {self.channel} is {own:.2f}, "
            f"the class has probability {before:.1%}{moved}"
        )

    def check_ratio(self) -> None:
        """Raise unless the ratio is at most the channels of a ResNet-50's narrowest block.

        Raises:
            ShapeError: The message says what is possible.
        """
        check_range("ratio", self.ratio, (1, COSTS["ResNet-50"]["widths"][0][0]))

    def table(self) -> str:
        """The classes' probabilities, and what the gates cost."""
        self.check_ratio()
        costs = [
            (name, f"{known['plain']:,}", f"{gate_reading.added(known['widths'], self.ratio):,}")
            for name, known in COSTS.items()
            if self.ratio <= known["widths"][0][0]
        ]
        header = ("network", "parameters", f"added at ratio {self.ratio}")
        table = plain_table("What gates cost", header, costs)
        if "blocks" not in self.measurements:
            return f"<p>{self.measurements['missing']}</p>{table}"
        rows = [
            (name, f"{before:.1%}", f"{after:.1%}")
            for name, before, after in zip(CLASSES, *self.probabilities(), strict=True)
        ]
        return plain_table(self.headline(), ("class", "as computed", "as set"), rows) + table
