"""Settings that no network or block can be built from are refused in words, with what would do."""

from collections.abc import Callable

import pytest

from d2l_ext import networks
from d2l_ext.networks.book import BookResidual, BookResNet
from d2l_ext.networks.cifar_resnet import CifarResNet, PlainBlock
from d2l_ext.networks.densenet import CifarDenseNet, DenseBlock, DenseLayer, DenseNet
from d2l_ext.networks.design_space import compatible, regnet_stages
from d2l_ext.networks.layers import stage
from d2l_ext.networks.mobilenet import InvertedResidual, SeparableConv
from d2l_ext.networks.preact import PreActBasicBlock
from d2l_ext.networks.resnet import BasicBlock, ResNet
from d2l_ext.networks.resnext import CifarResNeXt, equal_cost_width
from d2l_ext.networks.senet_lecture import InnerProductExcitation
from d2l_ext.networks.shufflenet import (
    DownShuffleUnit,
    DownSplitUnit,
    ShuffleNetV2,
    ShuffleUnit,
    SplitUnit,
)
from tests.counting.families import FAMILIES

ONE = "must be at least 1; the nearest valid value is 1"


@pytest.mark.parametrize("name", [names[0] for names in FAMILIES.values()])
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_classes": -1}, f"num_classes = -1 {ONE}"),
        ({"num_classes": 0}, f"num_classes = 0 {ONE}"),
        ({"in_channels": -2}, f"in_channels = -2 {ONE}"),
        ({"in_channels": 0}, f"in_channels = 0 {ONE}"),
        ({"width_mult": float("inf")}, "width_mult = inf must be positive and finite"),
        ({"width_mult": float("nan")}, "width_mult = nan must be positive and finite"),
    ],
)
def test_of_any_network(name: str, setting: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        networks.get_network(name, **setting)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: regnet_stages(13, 24, 36.44, 2.49, group_width=0), f"group_width = 0 {ONE}"),
        (lambda: compatible(1, 64, 8, bottleneck_ratio=0), f"bottleneck_ratio = 0 {ONE}"),
        (lambda: compatible(1, -64, 8), f"width = -64 {ONE}"),
        (lambda: DownShuffleUnit(48, 24, 1), "out_channels = 24 must be more than .* 48 .* is 52"),
        (lambda: DownShuffleUnit(48, 48, 4), "out_channels = 48 must be more than .* 48 .* is 64"),
        (lambda: DownShuffleUnit(48, 24, 0), f"cardinality = 0 {ONE}"),
        (lambda: ShuffleUnit(2, 1), "channels = 2 must be at least 4; the nearest"),
        (lambda: SplitUnit(0), "channels = 0 must be at least 2; the nearest valid value is 2"),
        (lambda: DownSplitUnit(0, 4), f"in_channels = 0 {ONE}"),
        (lambda: ShuffleNetV2((48, 96, 192)), r"widths .* is \(48, 96, 192, 192\)"),
        (lambda: InvertedResidual(8, 8, 1, 0), f"expansion = 0 {ONE}"),
        (lambda: SeparableConv(8, 8, stride=0), f"stride = 0 {ONE}"),
        (lambda: ResNet(BasicBlock, (0, 1, 1, 1)), r"depths .* is \(1, 1, 1, 1\)"),
        (lambda: ResNet(BasicBlock, (2, 2, 2)), r"depths .* is \(2, 2, 2, 2\)"),
        (lambda: ResNet(BasicBlock, (1, 2, 3, 4, 5)), r"depths .* is \(1, 2, 3, 4\)"),
        (lambda: BookResNet(()), r"depths = \(\) .* is \(1, 1, 1, 1\)"),
        (lambda: stage(BasicBlock, 0, 8, 8, stride=1), f"depth = 0 {ONE}"),
        (lambda: BasicBlock(8, 8, stride=0), f"stride = 0 {ONE}"),
        (lambda: PreActBasicBlock(8, 8, stride=0), f"stride = 0 {ONE}"),
        (lambda: PlainBlock(8, 8, stride=0), f"stride = 0 {ONE}"),
        (lambda: BookResidual(8, 8, stride=0), f"stride = 0 {ONE}"),
        (lambda: CifarResNet(BasicBlock, 8, base_channels=0), f"base_channels = 0 {ONE}"),
        (lambda: CifarResNeXt(11, 2, 2, base_channels=0), f"base_channels = 0 {ONE}"),
        (lambda: CifarDenseNet(10, growth_rate=-3, bottleneck=True), f"growth_rate = -3 {ONE}"),
        (lambda: DenseNet((1, 1), 4, stem_channels=0), f"stem_channels = 0 {ONE}"),
        (lambda: DenseBlock(DenseLayer, 0, 8, 4), f"depth = 0 {ONE}"),
        (lambda: equal_cost_width(2, kernel_size=0), f"kernel_size = 0 {ONE}"),
        (lambda: InnerProductExcitation(3, 0, 0), f"height = 0 {ONE}"),
    ],
)
def test_of_a_block_or_a_class(build: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
