"""Widgets in which a learner changes a network and sees at once what follows. They need no torch."""

from d2l_ext.explorers.layer_explorer import LayerExplorer

__all__ = ["LayerExplorer"]
