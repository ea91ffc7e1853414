"""RegNet and its design spaces: the generator, the constraints, counts, the references' outputs."""

from itertools import groupby

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.models.regnet import adjust_widths_groups_comp, generate_regnet

from d2l_ext import networks
from d2l_ext.networks.design_space import (
    Stage,
    design_space,
    nearest_multiple,
    quantised_linear,
    regnet_stages,
    tenth_multiple,
)
from d2l_ext.networks.regnet import AnyNet, XBlock, YBlock
from tests.networks.reference import (
    million_macs,
    on_meta,
    parameters,
    randomise_batch_norm,
    relative_difference,
)

REGNETS = [name for name in networks.list_networks() if name.startswith("regnet")]
# parameters, million MACs; 1000 classes, 3 x 224 x 224
EXPECTED = {
    "regnetx_002": (2_684_792, 199.0),
    "regnety_002": (3_162_996, 199.5),
    "regnetx_004": (5_157_512, 397.7),
    "regnetx_004_tv": (5_495_976, 413.8),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_parameters_and_macs_are_the_expected_ones(name: str) -> None:
    net = on_meta(name)
    assert parameters(net) == EXPECTED[name][0]
    assert million_macs(net) == pytest.approx(EXPECTED[name][1], abs=0.1)


@pytest.mark.parametrize("name", REGNETS)
def test_state_dicts_have_timms_names_and_shapes(name: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name)
    ours = on_meta(name)
    expected = {key: value.shape for key, value in theirs.state_dict().items()}
    converted = networks.to_timm(ours.state_dict())
    assert {key: value.shape for key, value in converted.items()} == expected


@pytest.mark.parametrize("name", ["regnetx_002", "regnety_002"])
def test_outputs_equal_timms_in_both_directions(name: str) -> None:
    theirs = timm.create_model(name, num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(networks.from_timm(theirs.state_dict()))
    X = torch.randn(2, 3, 64, 47)
    assert relative_difference(ours, theirs, X) <= 1e-5
    assert million_macs(ours) == pytest.approx(million_macs(theirs), abs=1e-6)
    theirs.load_state_dict(networks.to_timm(ours.state_dict()))


@pytest.mark.parametrize(
    ("name", "their_name"),
    [
        ("regnetx_004_tv", "regnet_x_400mf"),
        ("regnety_004", "regnet_y_400mf"),
        ("regnety_008_tv", "regnet_y_800mf"),
    ],
)
def test_outputs_equal_torchvisions_in_both_directions(name: str, their_name: str) -> None:
    theirs = getattr(torchvision.models, their_name)(num_classes=10)
    randomise_batch_norm(theirs)
    ours = networks.get_network(name, num_classes=10)
    ours.load_state_dict(networks.from_torchvision(theirs.state_dict()))
    assert relative_difference(ours, theirs, torch.randn(2, 3, 64, 47)) <= 1e-5
    theirs.load_state_dict(networks.to_torchvision(ours.state_dict()))


generator_settings = {
    "depth": st.integers(1, 40),
    "initial_width": st.integers(1, 40).map(lambda n: 8 * n),
    "slope": st.floats(0, 250),
    "step": st.floats(1.5, 3),
    "group_width": st.integers(1, 32).map(lambda n: 8 * n),
}


@given(**generator_settings, generous=st.booleans())
@settings(max_examples=50, deadline=None, derandomize=True)  # timm's float32 could tie elsewhere
def test_the_generator_gives_timms_stages(
    depth: int, initial_width: int, slope: float, step: float, group_width: int, generous: bool
) -> None:
    rounding = tenth_multiple if generous else nearest_multiple
    stages = regnet_stages(depth, initial_width, slope, step, group_width, rounding)
    block_widths, _, _ = generate_regnet(slope, initial_width, step, depth, group_width)
    runs = [(width, len(list(blocks))) for width, blocks in groupby(block_widths)]
    widths, group_widths = adjust_widths_groups_comp(
        [width for width, _ in runs],
        [1.0] * len(runs),
        [group_width] * len(runs),
        0.9 if generous else 0.0,
    )
    assert [stage.depth for stage in stages] == [depth for _, depth in runs]
    assert [stage.width for stage in stages] == widths
    assert [stage.group_width for stage in stages] == group_widths


@given(**generator_settings)
@settings(max_examples=50, deadline=None)
def test_every_regnet_lies_in_space_d_or_e(
    depth: int, initial_width: int, slope: float, step: float, group_width: int
) -> None:
    stages = regnet_stages(depth, initial_width, slope, step, group_width)
    assert sum(stage.depth for stage in stages) == depth
    assert design_space(stages) in "DE"


def test_the_200_mf_regnet_has_the_papers_stages() -> None:
    stages = regnet_stages(13, 24, 36.44, 2.49, 8)
    assert [stage.depth for stage in stages] == [1, 1, 4, 7]
    assert [stage.width for stage in stages] == [24, 56, 152, 368]


@pytest.mark.parametrize(
    ("space", "stages"),
    [
        ("A", [Stage(1, 32, 8, 1), Stage(2, 64, 8, 2)]),
        ("B", [Stage(1, 32, 8, 2), Stage(2, 64, 16, 2)]),
        ("C", [Stage(1, 64, 8), Stage(2, 32, 8)]),
        ("D", [Stage(2, 32, 8), Stage(1, 64, 8)]),
        ("E", [Stage(1, 32, 8), Stage(2, 64, 8)]),
        ("E", [Stage(1, 8, 8), Stage(2, 64, 16)]),  # the first is narrower than a group
    ],
)
def test_each_constraint_tells_its_space_from_the_one_before(
    space: str, stages: list[Stage]
) -> None:
    assert design_space(stages) == space


@given(
    width=st.integers(1, 12),
    group_width=st.integers(1, 6),
    bottleneck_ratio=st.integers(1, 4),
    width_mult=st.floats(0.05, 3),
)
@settings(max_examples=50, deadline=None)
def test_a_scaled_stage_can_be_built(
    width: int, group_width: int, bottleneck_ratio: int, width_mult: float
) -> None:
    stage = Stage(1, width * group_width * bottleneck_ratio, group_width, bottleneck_ratio)
    scaled = stage.scaled(width_mult)
    assert scaled.group_width <= stage.group_width
    assert stage.scaled(1.0) == stage
    with torch.device("meta"):
        block = YBlock(5, scaled, stride=2).eval()
        assert block(torch.empty(1, 5, 9, 9)).shape == (1, scaled.width, 5, 5)


def test_any_stages_make_a_network() -> None:
    stages = [Stage(1, 16, 4, 2), Stage(2, 24, 12), Stage(1, 8, 8)]
    net = AnyNet(XBlock, stages, num_classes=5)
    assert [len(blocks) for blocks in net.stages] == [1, 2, 1]
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 5)


def test_impossible_stages_name_the_nearest_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"group_width = 24 does not divide .*= 64 .*16 and 32"):
        Stage(1, 64, 24)
    with pytest.raises(
        ValueError, match=r"bottleneck_ratio = 3 does not divide width = 64.*2 and 4"
    ):
        Stage(1, 64, 8, 3)
    with pytest.raises(ValueError, match=r"depth = 0 must be at least 1"):
        Stage(0, 64, 8)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"depth": 0}, "depth = 0 must be at least 1"),
        ({"initial_width": 20}, "initial_width = 20 .*nearest are 16 and 24"),
        ({"initial_width": 0}, "initial_width = 0 .*nearest are 8 and 16"),
        ({"slope": -1.0}, "slope = -1.0 must be at least 0"),
        ({"step": 1.0}, "step = 1.0 must be above 1"),
    ],
)
def test_impossible_generators_are_refused(changed: dict, message: str) -> None:
    valid = {"depth": 13, "initial_width": 24, "slope": 36.44, "step": 2.49}
    with pytest.raises(ValueError, match=message):
        quantised_linear(**(valid | changed))
