"""The counts of a network as a table: in a notebook, in a terminal, as text."""

from __future__ import annotations

from dataclasses import dataclass, field

from d2l_ext.counting.graph import Layer, Node
from d2l_ext.counting.rules import Shape
from d2l_ext.counting.tables import folded, html_table, text_table

HEADER = ("layer", "kind", "output shape", "parameters", "MACs", "receptive field")
LEFT = 3  # columns of words; the others are numbers
NOTE = (
    "A MAC is one multiply-accumulate of a convolution, a linear layer or a matrix product, for "
    "one image; biases, batch norm, activations, pooling and additions are not counted."
)


@dataclass(frozen=True, repr=False)
class Summary:
    """What `summarize` returns; printed, it is a table.

    Attributes:
        network: Name of the network's class.
        input_shape: (channels, height, width) of the image.
        layers: One `Layer` for each layer and function call, in the order in which they run.
        nodes: The same layers as a graph, for what wants to draw them or count them anew.
    """

    network: str
    input_shape: Shape
    layers: tuple[Layer, ...]
    nodes: tuple[Node, ...] = field(repr=False, compare=False, default=())

    @property
    def parameters(self) -> int:
        """Learned numbers, in all layers together."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image, in all layers together."""
        return sum(layer.macs for layer in self.layers)

    @property
    def output_shape(self) -> Shape:
        """What comes out of the network, without the batch."""
        return self.layers[-1].output_shape if self.layers else self.input_shape

    def rows(self, depth: int | None = None) -> list[Layer]:
        """The layers, or with `depth` the parts of the network down to that depth of names.

        A part's row has the shape and the receptive field of its last layer and the sum of the
        costs: `rows(1)` of a ResNet is its stem, its stages and its head.

        Raises:
            ValueError: `depth` is below 1.
        """
        if depth is None:
            return list(self.layers)
        if depth < 1:
            raise ValueError(
                f"depth = {depth} must be at least 1, for the parts of the network, or None for all "
                "layers"
            )
        parts: dict[str, list[Layer]] = {}
        for layer in self.layers:
            parts.setdefault(".".join(layer.name.split(".")[:depth]), []).append(layer)
        return [
            layers[0] if layers[0].name == name else gathered(name, layers)
            for name, layers in parts.items()
        ]

    def table(self, depth: int | None = None) -> str:
        """The table as text, for all layers or for parts down to `depth`."""
        title = f"{self.network} on {shape_text(self.input_shape)}"
        return text_table(title, HEADER, list(map(_cells, self.rows(depth))), self._total(), LEFT)

    def __str__(self) -> str:
        """The table with every layer."""
        return self.table()

    def __repr__(self) -> str:
        """The table part by part, short enough to look at."""
        return self.table(depth=1)

    def _repr_html_(self) -> str:
        """The table in a notebook: part by part, with all layers folded below."""
        title = f"{self.network} on {shape_text(self.input_shape)}"
        parts = html_table(title, HEADER, list(map(_cells, self.rows(1))), self._total(), LEFT)
        every = html_table("", HEADER, list(map(_cells, self.layers)), self._total(), LEFT)
        return f"{parts}<p>{NOTE}</p>" + folded(f"all {len(self.layers)} layers", every)

    def _total(self) -> tuple[str, ...]:
        """The last row of the table."""
        return ("total", "", "", f"{self.parameters:,}", f"{self.macs:,}", "")


def gathered(name: str, layers: list[Layer]) -> Layer:
    """One row for several layers: the last one's shape and field, the sum of the costs."""
    return Layer(
        name,
        f"{len(layers)} layers",
        layers[-1].output_shape,
        sum(layer.parameters for layer in layers),
        sum(layer.macs for layer in layers),
        layers[-1].receptive_field,
    )


def shape_text(shape: Shape) -> str:
    """A shape as the papers write it: 64 x 56 x 56."""
    return " x ".join(map(str, shape))


def _cells(layer: Layer) -> tuple[str, ...]:
    """A row of the table."""
    field_ = layer.receptive_field
    return (
        layer.name,
        layer.kind,
        shape_text(layer.output_shape),
        f"{layer.parameters:,}",
        f"{layer.macs:,}",
        "?" if field_ is None else shape_text(field_) if isinstance(field_, tuple) else str(field_),
    )
