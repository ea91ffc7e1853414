"""Inference graphs: batch-norm folding and the other fusions, and a report of what they did."""

from d2l_ext.fusion.fusing import fuse, report
from d2l_ext.fusion.network import FusedNetwork
from d2l_ext.fusion.reports import Firing, Left, Report
from d2l_ext.fusion.traffic import Traffic

__all__ = ["Firing", "FusedNetwork", "Left", "Report", "Traffic", "fuse", "report"]
