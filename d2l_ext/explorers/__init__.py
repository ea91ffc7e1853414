"""Widgets in which a learner changes a network and sees at once what follows. They need no torch."""

from d2l_ext.explorers.cost_explorer import CostExplorer
from d2l_ext.explorers.function_class_explorer import FunctionClassExplorer
from d2l_ext.explorers.gate_explorer import GateExplorer
from d2l_ext.explorers.grouped_convolution_explorer import GroupedConvolutionExplorer
from d2l_ext.explorers.layer_explorer import LayerExplorer
from d2l_ext.explorers.residual_explorer import ResidualExplorer
from d2l_ext.explorers.zoo_explorer import ZooExplorer

__all__ = [
    "CostExplorer",
    "FunctionClassExplorer",
    "GateExplorer",
    "GroupedConvolutionExplorer",
    "LayerExplorer",
    "ResidualExplorer",
    "ZooExplorer",
]
