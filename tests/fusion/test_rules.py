"""Each rule where it holds, and where it must not fire."""

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from d2l_ext import fusion
from tests.fusion.equality import assert_equal, settled

PREVIOUS = "batch norm into the layer before"
BEHIND = "batch norm into the layers behind"
STRIDE = "stride moved forward"
SUM_OF_BRANCHES = "parallel branches into one by their sum"


class Lambda(nn.Module):
    """A forward given as a function of the layers, which are attributes, and the input."""

    def __init__(self, function, **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, X: Tensor) -> Tensor:
        return self.function(self, X)


def fired(net: nn.Module, X: Tensor) -> dict[str, int]:
    return assert_equal(settled(net, X), X).report.count()


def maps(channels: int = 6, size: int = 9) -> Tensor:
    return torch.randn(4, channels, size, size)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 3, "groups": 2, "stride": 2},
        {"kernel_size": 3, "groups": 6, "dilation": 2, "padding": "same"},
        {"kernel_size": (1, 3), "padding": (0, 1), "padding_mode": "circular"},
        {"kernel_size": 3, "padding": 2, "padding_mode": "reflect"},
    ],
)
def test_batch_norm_into_a_convolution(settings: dict, bias: bool) -> None:
    net = nn.Sequential(nn.Conv2d(6, 6, bias=bias, **settings), nn.BatchNorm2d(6), nn.ReLU())
    assert fired(net, maps()) == {PREVIOUS: 1, "layer + ReLU": 1}


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_batch_norm_into_a_transposed_convolution(groups: int) -> None:
    conv = nn.ConvTranspose2d(6, 12, 3, stride=2, padding=1, output_padding=1, groups=groups)
    assert fired(nn.Sequential(conv, nn.BatchNorm2d(12)), maps()) == {PREVIOUS: 1}


def test_batch_norm_into_layers_of_one_and_three_dimensions() -> None:
    one = nn.Sequential(nn.Conv1d(6, 4, 3), nn.BatchNorm1d(4))
    assert fired(one, torch.randn(4, 6, 9)) == {PREVIOUS: 1}
    three = nn.Sequential(nn.Conv3d(6, 4, 3), nn.BatchNorm3d(4))
    assert fired(three, torch.randn(2, 6, 5, 5, 5)) == {PREVIOUS: 1}


def test_batch_norm_into_linear_layers_on_both_sides() -> None:
    net = nn.Sequential(
        nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 3)
    )
    assert fired(net, torch.randn(8, 6)) == {PREVIOUS: 1, BEHIND: 1, "layer + ReLU": 1}


def test_a_folded_linear_layer_refuses_what_its_batch_norm_saw_otherwise() -> None:
    """BatchNorm1d on (N, L, features) is over L; with L = features nothing else would tell."""
    fused = fusion.fuse(nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5)))
    with pytest.raises(ValueError, match=r"\(N, features\), not \(2, 5, 5\)"):
        fused(torch.randn(2, 5, 5))


@pytest.mark.parametrize("padding", [0, "valid"])
def test_batch_norm_into_the_convolution_behind_it(padding: int | str) -> None:
    conv = nn.Conv2d(6, 4, 3, groups=2, padding=padding)
    assert fired(nn.Sequential(nn.BatchNorm2d(6), conv), maps()) == {BEHIND: 1}


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_with_the_map_itself_is_no_obstacle(mode: str) -> None:
    conv = nn.Conv2d(6, 4, 3, padding=1, padding_mode=mode)
    assert fired(nn.Sequential(nn.BatchNorm2d(6), conv), maps()) == {BEHIND: 1}


@pytest.mark.parametrize("padding", [1, "same"])
def test_batch_norm_stays_before_a_convolution_that_pads_with_zeros(padding: int | str) -> None:
    net = settled(nn.Sequential(nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, padding=padding)), maps())
    (left,) = assert_equal(net, maps()).report.left
    assert left.name == "0"
    assert "pads with zeros" in left.reason


def test_normalised_images_go_into_a_stem_without_padding() -> None:
    def net(padding: int) -> nn.Module:
        net = Lambda(
            lambda self, X: self.conv((X - self.mean) / self.std),
            conv=nn.Conv2d(3, 4, 3, padding=padding),
        )
        net.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).reshape(3, 1, 1))
        net.register_buffer("std", torch.tensor([0.2, 0.3, 0.2]).reshape(3, 1, 1))
        return net

    chain = "two affine steps into one"
    assert fired(net(0), maps(3)) == {chain: 1, BEHIND: 1}
    assert fired(net(1), maps(3)) == {chain: 1}


def test_two_batch_norms_in_a_row_are_one() -> None:
    net = nn.Sequential(nn.BatchNorm2d(6), nn.BatchNorm2d(6), nn.ReLU())
    assert fired(net, maps()) == {"two affine steps into one": 1, "batch norm + ReLU": 1}


def test_arithmetic_with_numbers_folds() -> None:
    net = Lambda(lambda self, X: (1 - 0.5 * self.conv(X)) / 3 - 2, conv=nn.Conv2d(6, 6, 3))
    assert assert_equal(net, maps()).report.operations_after == 1


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(6, affine=False), nn.BatchNorm2d(6)])
def test_batch_norm_with_and_without_weights(norm: nn.Module) -> None:
    assert fired(nn.Sequential(nn.Conv2d(6, 6, 3), norm), maps()) == {PREVIOUS: 1}


def test_batch_norm_without_stored_statistics_stays() -> None:
    norm = nn.BatchNorm2d(6, track_running_stats=False)
    report = assert_equal(nn.Sequential(nn.Conv2d(6, 6, 3), norm), maps()).report
    assert report.fired == ()
    assert "without stored statistics" in report.left[0].reason


@pytest.mark.parametrize(
    "forward",
    [
        lambda self, X: self.bn(self.conv(self.conv(X))),  # a layer called twice
        lambda self, X: self.bn(Y := self.conv(X)) + Y,  # a result read twice
        lambda self, X: self.bn(self.conv(X)) + F.conv2d(X, self.conv.weight, padding=1),
    ],
)
def test_what_is_used_twice_is_not_folded(forward) -> None:
    net = Lambda(forward, conv=nn.Conv2d(6, 6, 3, padding=1, bias=False), bn=nn.BatchNorm2d(6))
    assert PREVIOUS not in fired(net, maps())


def test_one_batch_norm_behind_two_convolutions_folds_into_both() -> None:
    net = Lambda(
        lambda self, X: self.bn(self.a(X)) * self.bn(self.b(X)),
        a=nn.Conv2d(6, 6, 3),
        b=nn.Conv2d(6, 6, 3),
        bn=nn.BatchNorm2d(6),
    )
    assert fired(net, maps())[PREVIOUS] == 2


def test_tied_weights_fold_apart() -> None:
    net = nn.Sequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6), nn.Sigmoid(), nn.Conv2d(6, 6, 1))
    net[3].weight = net[0].weight
    assert fired(net, maps()) == {PREVIOUS: 1}


def test_a_hooked_layer_stays_as_it_is() -> None:
    net = nn.Sequential(nn.Conv2d(6, 6, 3), nn.BatchNorm2d(6))
    net[1].register_forward_hook(lambda module, args, output: 2 * output)
    assert fired(net, maps()) == {}


@pytest.mark.parametrize(
    "step",
    [
        lambda self, X: F.relu(X, inplace=True),
        lambda self, X: X.relu_(),
        lambda self, X: self.relu(X),
        lambda self, X: X.mul_(0.5),
        lambda self, X: X.clamp_(0, 1),
    ],
)
def test_a_map_overwritten_after_it_was_read(step) -> None:
    """The convolution reads X before it is changed, the sum after; so must the fused network."""

    def forward(self, X: Tensor) -> Tensor:
        X = self.first(X)
        Y = self.conv(X)
        step(self, X)
        return F.relu(Y + X)

    net = Lambda(
        forward,
        first=nn.Conv2d(6, 6, 3),
        conv=nn.Conv2d(6, 6, 3, padding=1),
        relu=nn.ReLU(inplace=True),
    )
    assert_equal(net, maps())


def test_an_alias_of_a_map_that_is_overwritten() -> None:
    def forward(self, X: Tensor) -> Tensor:
        Y = self.conv(X)
        rows = Y.flatten(2)
        F.relu(Y, inplace=True)
        return rows

    assert_equal(Lambda(forward, conv=nn.Conv2d(6, 6, 3)), maps())


def test_sums_in_place_as_torchvision_writes_them() -> None:
    def forward(self, X: Tensor) -> Tensor:
        Y = self.bn(self.conv(X))
        Y += X
        return self.relu(Y)

    net = Lambda(
        forward,
        conv=nn.Conv2d(6, 6, 3, padding=1),
        bn=nn.BatchNorm2d(6),
        relu=nn.ReLU(inplace=True),
    )
    assert fired(net, maps()).keys() >= {PREVIOUS, SUM_OF_BRANCHES}


def later_names(self, X: Tensor) -> Tensor:
    Y = self.conv(X)
    Z = Y
    Z += X
    return Y * 2 + Z


def listed(self, X: Tensor) -> Tensor:
    Y = self.conv(X)
    skips = [Y]
    Y -= F.relu(X)
    return Y + skips[0]


def part_of_it(self, X: Tensor) -> Tensor:
    Y = self.conv(X)
    part = Y[:, :2]
    part *= 3
    return F.relu(Y + X)


def transposed(self, X: Tensor) -> Tensor:
    Y = self.conv(X)
    columns = Y.mT
    columns /= 2
    return Y + X


def powers(self, X: Tensor) -> Tensor:
    Y = self.conv(X)
    Z = Y
    Z **= 2
    return Y + X


def masks(self, X: Tensor) -> Tensor:
    positive = self.conv(X) > 0
    both = positive
    both &= X > 0
    return positive * X


@pytest.mark.parametrize("forward", [later_names, listed, part_of_it, transposed, powers, masks])
def test_a_map_changed_under_one_name_and_read_under_another(forward) -> None:
    assert_equal(Lambda(forward, conv=nn.Conv2d(6, 6, 3, padding=1)), maps())


def enlarged(self, X: Tensor) -> Tensor:
    height = X.shape[2]
    return F.interpolate(self.conv(X), size=(height * 2 - 1, X.size(3) * 2 - 1))


def scaled_by_a_size(self, X: Tensor) -> Tensor:
    return self.conv(X) * (X.shape[2] * X.shape[3] + X.shape[1])


def size_as_summand(self, X: Tensor) -> Tensor:
    return F.relu(self.conv(X) * X.dim() + X.shape[1])


def counted_up(self, X: Tensor) -> Tensor:
    """Unlike a map, a number that has been read stays what it was."""
    first = X.shape[2] + 1
    second = first
    second += 1
    second *= 2
    return self.conv(X) * first + second


@pytest.mark.parametrize(
    ("forward", "operations"),
    [(enlarged, 2), (scaled_by_a_size, 2), (size_as_summand, 4), (counted_up, 3)],
)
def test_arithmetic_on_sizes_is_not_on_maps(forward, operations: int) -> None:
    fused = assert_equal(Lambda(forward, conv=nn.Conv2d(6, 6, 3, padding=1)), maps())
    assert fused.report.left == ()
    assert fused.report.operations_before == operations


def test_a_sum_that_broadcasts() -> None:
    net = Lambda(
        lambda self, X: F.relu(self.conv(X) + X),
        conv=nn.Conv2d(6, 6, 9),  # gives a single pixel, X has many
    )
    assert_equal(net, maps())


def test_repvgg_branches_become_one_convolution() -> None:
    net = Lambda(
        lambda self, X: F.relu(self.bn3(self.conv3(X)) + self.bn1(self.conv1(X)) + self.bn0(X)),
        conv3=nn.Conv2d(6, 6, 3, padding=1, groups=2, bias=False),
        bn3=nn.BatchNorm2d(6),
        conv1=nn.Conv2d(6, 6, 1, groups=2, bias=False),
        bn1=nn.BatchNorm2d(6),
        bn0=nn.BatchNorm2d(6),
    )
    fused = assert_equal(settled(net, maps()), maps())
    assert fused.report.count()[SUM_OF_BRANCHES] == 2
    assert fused.report.operations_after == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3},  # not centred on the same pixel
        {"kernel_size": 3, "padding": 1, "stride": 2},
        {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
    ],
)
def test_branches_that_look_elsewhere_stay_apart(settings: dict) -> None:
    stride = settings.get("stride", 1)
    net = Lambda(
        lambda self, X: self.large(X) + self.pool(self.small(X)),
        large=nn.Conv2d(6, 6, **settings),
        small=nn.Conv2d(6, 6, 1),
        pool=nn.AdaptiveAvgPool2d(1) if stride == 1 else nn.MaxPool2d(3, 2, 1),
    )
    assert SUM_OF_BRANCHES not in fired(net, maps())
    cropped = Lambda(
        lambda self, X: self.large(X)[..., :5, :5] + self.small(X)[..., :5, :5],
        large=nn.Conv2d(6, 6, **settings),
        small=nn.Conv2d(6, 6, 1),
    )
    assert SUM_OF_BRANCHES not in fired(cropped, maps())


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("stride", [2, (1, 3)])
def test_a_stride_moves_through_relu_and_sum(size: int, stride: int | tuple[int, int]) -> None:
    def forward(self, X: Tensor) -> Tensor:
        X = F.relu(self.first(X) + X)
        return self.left(X) * self.right(X)

    net = Lambda(
        forward,
        first=nn.Conv2d(6, 6, 3, padding=1, groups=3),
        left=nn.Conv2d(6, 4, 1, stride=stride),
        right=nn.Conv2d(6, 4, 1, stride=stride),
    )
    fused = assert_equal(net, maps(size=size))
    assert max(fused.get_submodule("first").stride) == max(nn.modules.utils._pair(stride))


def test_a_stride_stays_where_another_reader_needs_all_pixels() -> None:
    net = Lambda(
        lambda self, X: self.skip(Y := self.first(X)).sum() + Y,
        first=nn.Conv2d(6, 6, 3, padding=1),
        skip=nn.Conv2d(6, 6, 1, stride=2),
    )
    assert STRIDE not in fired(net, maps())


@pytest.mark.parametrize(
    "pool", [nn.MaxPool2d(1, stride=2), nn.AvgPool2d(1, stride=2, ceil_mode=True)]
)
def test_1x1_pooling_skips_in_the_convolution_before_it(pool: nn.Module) -> None:
    fused = assert_equal(nn.Sequential(nn.Conv2d(6, 6, 3), pool), maps(size=8))
    assert fused.get_submodule("0").stride == (2, 2)
    assert fused.report.operations_after == 1


def test_1x1_pooling_with_stride_1_is_nothing() -> None:
    assert fired(nn.Sequential(nn.AvgPool2d(1), nn.Sigmoid()), maps()) == {"1x1 pooling": 1}


def test_what_training_alone_needs_goes() -> None:
    net = Lambda(
        lambda self, X: F.dropout(self.drop(self.same(X)), training=self.training) * 2,
        drop=nn.Dropout(0.5),
        same=nn.Identity(),
    )
    assert fired(net, maps()) == {"inactive step removed": 3}


def stochastic_depth(input: Tensor, p: float, training: bool = True) -> Tensor:
    """In place of torchvision's, which is known by this name."""
    return input * (torch.rand(()) >= p) if training else input


fx.wrap("stochastic_depth")


def test_what_is_read_by_name_is_found_as_well() -> None:
    net = Lambda(
        lambda self, X: stochastic_depth(
            input=self.relu(input=self.bn(input=self.conv(input=self.drop(input=X)))),
            p=0.5,
            training=self.training,
        ),
        drop=nn.Dropout(0.5),
        conv=nn.Conv2d(6, 6, 3),
        bn=nn.BatchNorm2d(6),
        relu=nn.ReLU(),
    )
    expected = {"inactive step removed": 2, PREVIOUS: 1, "layer + ReLU": 1}
    assert fired(net, maps()) == expected


def test_dropout_that_is_always_on_stays() -> None:
    net = Lambda(lambda self, X: F.dropout(X, 0.5))
    fused = fusion.fuse(net)
    assert (fused(torch.ones(1000)) == 0).any()


def test_parallel_convolutions_of_different_kinds_stay_apart() -> None:
    net = Lambda(
        lambda self, X: torch.cat((F.relu(self.a(X)), self.b(X), F.relu(self.c(X)), self.d(X)), 1),
        a=nn.Conv2d(6, 4, 1),
        b=nn.Conv2d(6, 5, 1, bias=False),
        c=nn.Conv2d(6, 3, 1),
        d=nn.Conv2d(6, 2, 1, groups=2),
    )
    assert fired(net, maps())["parallel convolutions into one"] == 1  # a and c
