"""ShuffleNet v1 (Zhang et al. 2018) and v2 (Ma et al. 2018), and three ways to write the shuffle.

Grouping every 1x1 convolution leaves stove pipes: a group never hears of the others. The channel
shuffle connects them, by a fixed permutation with nothing to learn. Modules of v2 are named as in
torchvision, so state dicts load both ways as they are.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least, check_four, check_network
from d2l_ext.networks.layers import initialise, scaled
from d2l_ext.networks.registry import register
from d2l_ext.networks.widths import check_divides, scaled_to_multiple

# Channels after the first stage for each number of groups: more groups buy more channels at equal
# cost (Table 1 of v1). The two stages after it double them.
STAGE2_CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}


def channel_shuffle(X: Tensor, cardinality: int) -> Tensor:
    """Deal the channels of each group out to all groups: reshape, transpose, flatten.

    The channels are a table, one row for each group; it is read column by column. The networks use
    `nn.ChannelShuffle`, which does the same and keeps the memory format.

    Shape: (N, C, H, W) to the same.

    Raises:
        ValueError: `cardinality` does not divide the channels.
    """
    check_divides(cardinality, X.shape[1], "channels")
    table = X.unflatten(1, (cardinality, -1))  # (N, groups, channels of a group, H, W)
    return table.transpose(1, 2).flatten(1, 2)


def inverse_channel_shuffle(X: Tensor, cardinality: int) -> Tensor:
    """Undo `channel_shuffle`: the transposed table has C / cardinality rows.

    Shape: (N, C, H, W) to the same.

    Raises:
        ValueError: `cardinality` does not divide the channels.
    """
    check_divides(cardinality, X.shape[1], "channels")
    return channel_shuffle(X, X.shape[1] // cardinality)


def shuffle_permutation(channels: int, cardinality: int) -> Tensor:
    """The shuffle as an index: `X[:, shuffle_permutation(C, g)]` is `channel_shuffle(X, g)`.

    `torch.argsort` of it is the inverse.

    Returns:
        Integers of shape (channels,): which channel comes to each place.

    Raises:
        ValueError: `cardinality` does not divide `channels`.
    """
    check_divides(cardinality, channels, "channels")
    return torch.arange(channels).reshape(cardinality, -1).T.flatten()


def shuffle_matrix(channels: int, cardinality: int) -> Tensor:
    """The shuffle as a linear map: a permutation matrix, whose transpose is its inverse.

    As the weights of a 1x1 convolution it shuffles too, at a cost of channels^2 per pixel.

    Returns:
        Zeros and ones of shape (channels, channels); row i has its one where channel i comes from.

    Raises:
        ValueError: `cardinality` does not divide `channels`.
    """
    return torch.eye(channels)[shuffle_permutation(channels, cardinality)]


class ShuffleBranch(nn.Module):
    """Grouped 1x1, shuffle, depthwise 3x3, grouped 1x1 (the right-hand side of v1's Figure 2).

    There is no ReLU after the depthwise convolution, as in Xception.

    Args:
        in_channels: Channels that come in.
        channels: Channels in between, where the 3x3 is.
        out_channels: Channels that come out.
        cardinality: Groups of the 1x1 convolutions.
        stride: Stride of the 3x3.
        shuffle: Whether the channels are shuffled after the first 1x1.
        first_cardinality: Groups of the first 1x1 alone; None is as many as in the other.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up.

    Raises:
        ValueError: The groups do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        out_channels: int,
        cardinality: int,
        stride: int = 1,
        shuffle: bool = True,
        first_cardinality: int | None = None,
    ) -> None:
        super().__init__()
        first_cardinality = first_cardinality or cardinality
        check_divides(first_cardinality, in_channels, "in_channels")
        check_divides(cardinality, channels, "channels in between")
        check_divides(cardinality, out_channels, "out_channels")
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=1, groups=first_cardinality, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.shuffle = nn.ChannelShuffle(cardinality) if shuffle else nn.Identity()
        self.conv2 = nn.Conv2d(
            channels,
            channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=channels,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(
            channels, out_channels, kernel_size=1, groups=cardinality, bias=False
        )
        self.bn3 = nn.BatchNorm2d(out_channels)

    def forward(self, X: Tensor) -> Tensor:
        Y = self.shuffle(F.relu(self.bn1(self.conv1(X))))
        Y = self.bn2(self.conv2(Y))
        return self.bn3(self.conv3(Y))


class ShuffleUnit(nn.Module):
    """A residual block of a shuffled branch (v1, Figure 2b).

    Shape: (N, channels, H, W) to the same.

    Raises:
        ValueError: The groups do not divide the channels, or there are fewer than 4.
    """

    def __init__(self, channels: int, cardinality: int, shuffle: bool = True) -> None:
        super().__init__()
        check_at_least(4, channels=channels)
        self.branch = ShuffleBranch(channels, channels // 4, channels, cardinality, shuffle=shuffle)

    def forward(self, X: Tensor) -> Tensor:
        return F.relu(X + self.branch(X))


class DownShuffleUnit(nn.Module):
    """The unit that halves the size: its shortcut is pooled, and concatenated (v1, Figure 2c).

    Args:
        in_channels: Channels that come in, and that the shortcut hands on.
        out_channels: Channels that come out, those of the shortcut among them.
        cardinality: Groups of the 1x1 convolutions.
        shuffle: Whether the channels are shuffled after the first 1x1.
        first_cardinality: Groups of the first 1x1 alone; None is as many as in the other.

    Shape: (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2), rounded up.

    Raises:
        ValueError: The groups do not divide the channels, or `out_channels` leave none for the branch.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        cardinality: int,
        shuffle: bool = True,
        first_cardinality: int | None = None,
    ) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels, cardinality=cardinality)
        if out_channels <= in_channels:
            step = 4 * cardinality  # the groups divide a quarter of the channels
            raise ValueError(
                f"out_channels = {out_channels} must be more than the in_channels = {in_channels} that "
                f"the shortcut hands on; the nearest multiple of {step} above them is "
                f"{in_channels // step * step + step}"
            )
        self.pool = nn.AvgPool2d(kernel_size=3, stride=2, padding=1)
        self.branch = ShuffleBranch(
            in_channels,
            out_channels // 4,
            out_channels - in_channels,
            cardinality,
            stride=2,
            shuffle=shuffle,
            first_cardinality=first_cardinality,
        )

    def forward(self, X: Tensor) -> Tensor:
        return F.relu(torch.cat((self.pool(X), self.branch(X)), dim=1))


class ShuffleNetV1(nn.Module):
    """Stem, three stages of shuffle units, head (v1, Table 1, the column "1x").

    Args:
        cardinality: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8.
        shuffle: Whether units shuffle; without it, groups hear of each other only where a stage
            begins, whose concatenation deals the channels out anew, and in the head.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales the channels of every stage, to the nearest multiple of
            4 * cardinality, so that the groups divide a unit and its quarter.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: The paper has no widths for this cardinality, or another setting is not positive.
    """

    stem_stride = 2
    stage2_channels = STAGE2_CHANNELS

    def __init__(
        self,
        cardinality: int,
        shuffle: bool = True,
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        if cardinality not in self.stage2_channels:
            nearest = sorted(self.stage2_channels, key=lambda groups: abs(groups - cardinality))[:2]
            raise ValueError(
                f"cardinality = {cardinality} has no widths in the paper, which has those for "
                f"1, 2, 3, 4 and 8 groups; the nearest are {min(nearest)} and {max(nearest)}"
            )
        shuffle = shuffle and cardinality > 1  # one group: nothing to shuffle
        channels = scaled_to_multiple(24, width_mult, cardinality)
        self.conv1 = nn.Conv2d(
            in_channels, channels, kernel_size=3, stride=self.stem_stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.maxpool: nn.Module = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        stage2 = scaled_to_multiple(self.stage2_channels[cardinality], width_mult, 4 * cardinality)
        # The stem's 24 channels are too few to be cut into groups.
        down2 = DownShuffleUnit(channels, stage2, cardinality, shuffle, first_cardinality=1)
        down3 = DownShuffleUnit(stage2, 2 * stage2, cardinality, shuffle)
        down4 = DownShuffleUnit(2 * stage2, 4 * stage2, cardinality, shuffle)

        def units(count: int, channels: int) -> list[nn.Module]:
            return [ShuffleUnit(channels, cardinality, shuffle) for _ in range(count)]

        self.stage2 = nn.Sequential(down2, *units(3, stage2))
        self.stage3 = nn.Sequential(down3, *units(7, 2 * stage2))
        self.stage4 = nn.Sequential(down4, *units(3, 4 * stage2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4 * stage2, num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = self.maxpool(F.relu(self.bn1(self.conv1(X))))
        X = self.stage4(self.stage3(self.stage2(X)))
        return self.fc(self.avgpool(X).flatten(1))


def split_branch(in_channels: int, channels: int, stride: int) -> nn.Sequential:
    """1x1, depthwise 3x3, 1x1, none of them grouped otherwise (v2, Figure 3c and d, right)."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, kernel_size=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(
            channels,
            channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=channels,
            bias=False,
        ),
        nn.BatchNorm2d(channels),
        nn.Conv2d(channels, channels, kernel_size=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


class SplitUnit(nn.Module):
    """Half of the channels pass, half are transformed; a shuffle mixes them (v2, Figure 3c).

    Shape: (N, channels, H, W) to the same.

    Raises:
        ValueError: `channels` is odd or below 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        check_divides(2, channels, "channels")
        self.branch2 = split_branch(channels // 2, channels // 2, stride=1)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, X: Tensor) -> Tensor:
        passed, transformed = X.chunk(2, dim=1)
        return self.shuffle(torch.cat((passed, self.branch2(transformed)), dim=1))


class DownSplitUnit(nn.Module):
    """The unit that halves the size: both branches read all channels (v2, Figure 3d).

    Shape: (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2), rounded up.

    Raises:
        ValueError: `out_channels` is odd, or a number is below 1.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels)
        check_divides(2, out_channels, "out_channels")
        channels = out_channels // 2
        self.branch1 = nn.Sequential(
            nn.Conv2d(
                in_channels,
                in_channels,
                kernel_size=3,
                stride=2,
                padding=1,
                groups=in_channels,
                bias=False,
            ),
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        self.branch2 = split_branch(in_channels, channels, stride=2)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, X: Tensor) -> Tensor:
        return self.shuffle(torch.cat((self.branch1(X), self.branch2(X)), dim=1))


class ShuffleNetV2(nn.Module):
    """Stem, three stages of split units, a 1x1 convolution, head (v2, Table 5).

    Args:
        widths: Channels of the three stages and of the last convolution.
        in_channels: Channels of the images.
        num_classes: Size of the output.
        width_mult: Scales all channels, those of the stages to the nearest even number.

    Shape: (N, in_channels, H, W) to (N, num_classes), for any H and W from 1 upwards.

    Raises:
        ValueError: `widths` are not four positive numbers, or another setting is not positive.
    """

    stem_stride = 2

    def __init__(
        self,
        widths: tuple[int, int, int, int],
        in_channels: int = 3,
        num_classes: int = 1000,
        width_mult: float = 1.0,
    ) -> None:
        super().__init__()
        check_network(in_channels, num_classes, width_mult)
        check_four(widths=widths)
        stem, last = scaled(24, width_mult), scaled(widths[3], width_mult)
        stages = [scaled_to_multiple(channels, width_mult, 2) for channels in widths[:3]]
        self.conv1 = nn.Sequential(
            nn.Conv2d(
                in_channels, stem, kernel_size=3, stride=self.stem_stride, padding=1, bias=False
            ),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
        )
        self.maxpool: nn.Module = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        def stage(depth: int, in_channels: int, channels: int) -> nn.Sequential:
            others = [SplitUnit(channels) for _ in range(depth - 1)]
            return nn.Sequential(DownSplitUnit(in_channels, channels), *others)

        self.stage2 = stage(4, stem, stages[0])
        self.stage3 = stage(8, stages[0], stages[1])
        self.stage4 = stage(4, stages[1], stages[2])
        self.conv5 = nn.Sequential(
            nn.Conv2d(stages[2], last, kernel_size=1, bias=False), nn.BatchNorm2d(last), nn.ReLU()
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(last, num_classes)
        initialise(self)

    def forward(self, X: Tensor) -> Tensor:
        X = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(X)))))
        return self.fc(self.avgpool(self.conv5(X)).flatten(1))


@register
def shufflenet_v1_g1(**settings) -> ShuffleNetV1:
    """1,531,936 parameters at 1000 classes; nothing to shuffle."""
    return ShuffleNetV1(cardinality=1, **settings)


@register
def shufflenet_v1_g2(**settings) -> ShuffleNetV1:
    """1,733,848 parameters at 1000 classes; `shuffle=False` leaves the shuffle out."""
    return ShuffleNetV1(cardinality=2, **settings)


@register
def shufflenet_v1_g3(**settings) -> ShuffleNetV1:
    """1,865,728 parameters at 1000 classes; `shuffle=False` leaves the shuffle out."""
    return ShuffleNetV1(cardinality=3, **settings)


@register
def shufflenet_v1_g4(**settings) -> ShuffleNetV1:
    """1,968,344 parameters at 1000 classes; `shuffle=False` leaves the shuffle out."""
    return ShuffleNetV1(cardinality=4, **settings)


@register
def shufflenet_v1_g8(**settings) -> ShuffleNetV1:
    """2,434,768 parameters at 1000 classes; `shuffle=False` leaves the shuffle out."""
    return ShuffleNetV1(cardinality=8, **settings)


@register
def shufflenet_v2_x0_5(**settings) -> ShuffleNetV2:
    """1,366,792 parameters at 1000 classes."""
    return ShuffleNetV2((48, 96, 192, 1024), **settings)


@register
def shufflenet_v2_x1_0(**settings) -> ShuffleNetV2:
    """2,278,604 parameters at 1000 classes."""
    return ShuffleNetV2((116, 232, 464, 1024), **settings)


@register
def shufflenet_v2_x1_5(**settings) -> ShuffleNetV2:
    """3,503,624 parameters at 1000 classes."""
    return ShuffleNetV2((176, 352, 704, 1024), **settings)


@register
def shufflenet_v2_x2_0(**settings) -> ShuffleNetV2:
    """7,393,996 parameters at 1000 classes."""
    return ShuffleNetV2((244, 488, 976, 2048), **settings)
