"""The layer explorer: any network, layer by layer, and what each layer costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from d2l_ext.counting import Summary
from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.base import Explorer, literal
from d2l_ext.explorers.catalogue import catalogue, check_name, excerpt
from d2l_ext.explorers.expansion import count, expand
from d2l_ext.explorers.numbers import short
from d2l_ext.explorers.panel import Control, choice, number, tick
from d2l_ext.explorers.settings import LIMITS, Settings
from d2l_ext.explorers.tables import parts_table, shape_text

if TYPE_CHECKING:
    from torch import nn

Size = int | tuple[int, int]

# What a learner can make of a network beside its width; None is as published.
STRUCTURE = ("cardinality", "group_width", "ratio", "depths", "stem")

# Of each number its label, its hint, and the steps of Page Up and of an arrow.
IMAGE: tuple[tuple, ...] = (
    ("height", "Height", "Rows of the image, in pixels", 32),
    ("width", "Width", "Columns of the image, in pixels", 32),
)
NUMBERS: tuple[tuple, ...] = (
    ("in_channels", "Channels", "in_channels: 1 is grey, 3 is colour", 16),
    ("num_classes", "Classes", "num_classes: size of the output", 100),
    (
        *("width_mult", "Width factor", "width_mult: a factor on the channels of every stage"),
        *(0.25, 0.05),
    ),
    ("cardinality", "Paths", "cardinality: groups of the 3x3 in each ResNeXt block"),
    ("group_width", "Path width", "group_width: channels of each path in the first stage"),
    ("ratio", "SE ratio", "ratio: channels over those between an excitation's two layers"),
)
STAGE = "depths: blocks of stage {}"
ACTIVATIONS = "Activations in the bars: the numbers that come out of convolutions and linear layers, for one image."


def numeric(name: str, label: str, hint: str, page: float = 10, step: float = 1) -> Control:
    """A control for a number within its limits."""
    return number(name, label, LIMITS[name.partition("[")[0]], hint, page, step)


class LayerExplorer(Explorer):
    """See what each layer of a network does to a shape, and what it costs.

    Parts open down to the single layer and its arithmetic; a second network can stand beside the
    first. Every argument is also an attribute: setting it changes the page, and what a learner
    changes there can be read from it. An impossible setting is no error, the page explains it.

    Args:
        network: One of `networks.list_networks()`, or a module of your own; of that only the
            size of the image can be changed.
        input_size: Side of the image in pixels, or (height, width). What is left out here and
            below is as the network was published.
        in_channels: Channels of the image.
        num_classes: Size of the output.
        width_mult: Factor on the channels of every stage.
        cardinality: Paths of a ResNeXt's blocks; here and in the next four, None is as published,
            and a network that has no such thing stays as it is.
        group_width: Channels of each path in the first stage.
        ratio: Channels over those of the bottleneck in a squeeze-and-excitation.
        depths: Blocks of each stage, as in (3, 4, 6, 3), for networks that have as many stages.
        stem: What stands before the first stage: '7x7', '3x3' or 'deep'.
        compare: A second network, as `network`.
        opened: Names of the parts and layers that stand open, as in ('layer1', 'layer1.0'). Of the
            last one the receptive field is drawn and the code shown.
        predict: Whether a guess is asked for before the numbers are shown.

    Raises:
        ValueError: There is no network of that name; the message suggests close ones.
        ShapeError: Your own network cannot take such an image; the message says where, and why.

    Example:
        >>> LayerExplorer('resnet50', compare='resnet18', opened=('layer1',))
        explorers.LayerExplorer('resnet50', compare='resnet18', opened=('layer1',))
    """

    script = "layer_explorer"
    words: ClassVar[dict[str, Any]] = {"activations": ACTIVATIONS}
    catalogue = traitlets.Dict().tag(sync=True)
    network = traitlets.Unicode().tag(sync=True)
    input_size = traitlets.Union(
        [traitlets.Int(), traitlets.Tuple(traitlets.Int(), traitlets.Int())]
    ).tag(sync=True)
    in_channels = traitlets.Int().tag(sync=True)
    num_classes = traitlets.Int().tag(sync=True)
    width_mult = traitlets.Float().tag(sync=True)
    cardinality = traitlets.Int(allow_none=True).tag(sync=True)
    group_width = traitlets.Int(allow_none=True).tag(sync=True)
    ratio = traitlets.Int(allow_none=True).tag(sync=True)
    depths = traitlets.Tuple(allow_none=True).tag(sync=True)
    stem = traitlets.Unicode(allow_none=True).tag(sync=True)
    compare = traitlets.Unicode(allow_none=True).tag(sync=True)
    opened = traitlets.Tuple().tag(sync=True)
    predict = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        network: str | nn.Module = "resnet18",
        input_size: Size | None = None,
        in_channels: int | None = None,
        num_classes: int | None = None,
        width_mult: float = 1.0,
        compare: str | nn.Module | None = None,
        opened: tuple[str, ...] = (),
        cardinality: int | None = None,
        group_width: int | None = None,
        ratio: int | None = None,
        depths: tuple[int, ...] | None = None,
        stem: str | None = None,
        predict: bool = False,
    ) -> None:
        known = catalogue()
        if not isinstance(network, str):
            known, network = with_own(known, network, "net", in_channels, input_size)
        check_name(network, known["networks"])
        own = known["networks"][network]["own"]
        in_channels = own["in_channels"] if in_channels is None else in_channels
        input_size = own["input_size"] if input_size is None else input_size
        if compare is not None and not isinstance(compare, str):
            known, compare = with_own(known, compare, "other", in_channels, input_size)
        super().__init__(
            catalogue=known,
            network=network,
            input_size=input_size,
            in_channels=in_channels,
            num_classes=own["num_classes"] if num_classes is None else num_classes,
            width_mult=width_mult,
            compare=compare,
            opened=opened,
            cardinality=cardinality,
            group_width=group_width,
            ratio=ratio,
            depths=depths,
            stem=stem,
            predict=predict,
        )

    def panel(self) -> list[Control]:
        """The controls of the page, in their order."""
        return [
            choice("network", "Network"),
            choice("compare", "Compare with"),
            *(numeric(*one) for one in IMAGE),
            tick("square", "square", "The width follows the height"),
            *(numeric(*one) for one in NUMBERS),
            *(numeric(f"depths[{i}]", f"Blocks {i + 1}", STAGE.format(i + 1)) for i in range(4)),
            choice("stem", "Stem", hint="stem: what stands before the first stage"),
            tick("predict", "predict first", "Guess before the numbers are shown"),
        ]

    @traitlets.validate("network", "compare")
    def _check_network(self, proposal: Any) -> str | None:
        if proposal["value"] is not None:
            check_name(proposal["value"], self.catalogue["networks"])
        return proposal["value"]

    def __repr__(self) -> str:
        """The shortest line of Python that makes this explorer again; the page shows the same."""
        shown = self.catalogue["networks"]
        blueprint = shown[self.network]
        other = shown[self.compare].get("expression") if self.compare else None
        first = blueprint.get("expression", repr(self.network))
        arguments = [] if first == "'resnet18'" and not other else [first]
        arguments += [f"compare={other}"] if other else []
        for name in ("input_size", "in_channels", "num_classes"):
            value = getattr(self, name)
            if value != blueprint["own"][name]:
                arguments.append(f"{name}={value}")
        others = {"width_mult": 1, **dict.fromkeys(STRUCTURE)}
        others |= {"compare": self.compare if other else None, "opened": ()}
        for name, usual in {**others, "predict": False}.items():
            if getattr(self, name) != usual:
                arguments.append(f"{name}={literal(getattr(self, name))}")
        return f"explorers.LayerExplorer({', '.join(arguments)})"

    def page_state(self) -> dict[str, Any]:
        """As the page has it, with the networks that a snapshot carries."""
        shown = [name for name in (self.network, self.compare) if name]
        return {**super().page_state(), "catalogue": excerpt(self.catalogue, shown)}

    def summaries(self) -> list[Summary]:
        """The counts of the network, and of the one that it is compared with.

        Raises:
            ShapeError: A setting is impossible; the message says why.
        """
        size = self.input_size
        height, width = (size, size) if isinstance(size, int) else size
        structure = {name: getattr(self, name) for name in STRUCTURE}
        settings = Settings(
            height, width, self.in_channels, self.num_classes, self.width_mult, **structure
        )
        summaries = []
        for name in (self.network, self.compare):
            if name is not None:
                blueprint, blocks = self.catalogue["networks"][name], self.catalogue["blocks"]
                layers = tuple(count(blueprint, blocks, settings))
                nodes = tuple(expand(blueprint, blocks, settings))
                shape = settings.input_shape
                summaries.append(Summary(blueprint["title"], shape, layers, nodes))
        return summaries

    def headline(self) -> str:
        """Parameters and MACs of what is shown; the question alone where a guess is asked for."""
        if self.predict:
            titles = [summary.network for summary in self.summaries()]
            return f"{' and '.join(titles)}: what do you expect?"
        return "; ".join(map(in_one_line, self.summaries()))

    def table(self) -> str:
        """The parts of each network as a table."""
        return "".join(map(parts_table, self.summaries())) + f"<p>{NOTE}</p>"


def in_one_line(summary: Summary) -> str:
    """ResNet-18 on 3 x 224 x 224: 11,689,512 parameters, 1.814 G MACs."""
    return (
        f"{summary.network} on {shape_text(summary.input_shape)}: "
        f"{summary.parameters:,} parameters, {short(summary.macs)} MACs"
    )


def with_own(
    known: dict[str, Any],
    net: nn.Module,
    expression: str,
    in_channels: int | None,
    input_size: Size | None,
) -> tuple[dict[str, Any], str]:
    """The catalogue with a network of the learner's own, and the name that it has there."""
    from d2l_ext.explorers import blueprints  # needs torch, as the network itself does

    size = 224 if input_size is None else input_size
    height, width = (size, size) if isinstance(size, int) else size
    channels = blueprints.first_channels(net) if in_channels is None else in_channels
    drawn = blueprints.draw_own(net, expression, (channels, height, width))
    return {**known, "networks": {**known["networks"], expression: drawn}}, expression
