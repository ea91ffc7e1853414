"""The layer explorer: any network, layer by layer, and what each layer costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from d2l_ext.counting import Summary
from d2l_ext.counting.summary import NOTE
from d2l_ext.explorers.base import Explorer
from d2l_ext.explorers.catalogue import catalogue, check_name, excerpt
from d2l_ext.explorers.expansion import count, expand
from d2l_ext.explorers.numbers import short
from d2l_ext.explorers.settings import Settings
from d2l_ext.explorers.tables import parts_table, shape_text

if TYPE_CHECKING:
    from torch import nn

Size = int | tuple[int, int]


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
        compare: A second network, as `network`.
        opened: Names of the parts and layers that stand open, as in ('layer1', 'layer1.0').

    Raises:
        ValueError: There is no network of that name; the message suggests close ones.
        ShapeError: Your own network cannot take such an image; the message says where, and why.

    Example:
        >>> LayerExplorer('resnet50', compare='resnet18', opened=('layer1',))
        explorers.LayerExplorer('resnet50', compare='resnet18', opened=('layer1',))
    """

    script = "layer_explorer"
    catalogue = traitlets.Dict().tag(sync=True)
    network = traitlets.Unicode().tag(sync=True)
    input_size = traitlets.Union(
        [traitlets.Int(), traitlets.Tuple(traitlets.Int(), traitlets.Int())]
    ).tag(sync=True)
    in_channels = traitlets.Int().tag(sync=True)
    num_classes = traitlets.Int().tag(sync=True)
    width_mult = traitlets.Float().tag(sync=True)
    compare = traitlets.Unicode(allow_none=True).tag(sync=True)
    opened = traitlets.Tuple().tag(sync=True)

    def __init__(
        self,
        network: str | nn.Module = "resnet18",
        input_size: Size | None = None,
        in_channels: int | None = None,
        num_classes: int | None = None,
        width_mult: float = 1.0,
        compare: str | nn.Module | None = None,
        opened: tuple[str, ...] = (),
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
        )

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
        if self.width_mult != 1:
            arguments.append(f"width_mult={self.width_mult:g}")
        if self.compare and not other:
            arguments.append(f"compare={self.compare!r}")
        if self.opened:
            arguments.append(f"opened={self.opened}")
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
        settings = Settings(height, width, self.in_channels, self.num_classes, self.width_mult)
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
        """Parameters and MACs of what is shown."""
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
