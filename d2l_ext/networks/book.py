"""The book's ResNet-18 for Fashion-MNIST (d2l.ai, section 8.6), with its two departures.

Its convolutions keep biases that the batch norm after them cancels, and its 1x1 shortcuts have no
batch norm. `resnet18(in_channels=1, num_classes=10)` is the clean network of the same shape.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from d2l_ext.networks.checks import check_at_least, check_four, check_network
from d2l_ext.networks.layers import scaled, stage
from d2l_ext.networks.registry import register


class BookResidual(nn.Module):
    """The book's block, its channels written out.

    Shape: (N, in_channels, H, W) to (N, channels, H / stride, W / stride), rounded up.
    """

    expansion = 1

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        check_at_least(1, in_channels=in_channels, channels=channels, stride=stride)
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=3, stride=stride, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.conv3 = nn.Conv2d(in_channels, channels, kernel_size=1, stride=stride)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return F.relu(Y + self.conv3(X))


class BookResNet(nn.Sequential):
    """Stem, four stages and head, named and numbered as in the book's code.

    Shape: (N, in_channels, H, W) to (N, num_classes); the book resizes to 96 x 96.

    Raises:
        ValueError: `depths` are not four positive numbers, or another setting is not positive.
    """

    def __init__(
        self,
        depths: tuple[int, int, int, int],
        in_channels: int = 1,
        num_classes: int = 10,
        width_mult: float = 1.0,
    ) -> None:
        check_network(in_channels, num_classes, width_mult)
        check_four(depths=depths)
        widths = [scaled(channels, width_mult) for channels in (64, 128, 256, 512)]
        stem = nn.Sequential(
            nn.Conv2d(in_channels, widths[0], kernel_size=7, stride=2, padding=3),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        stage1 = stage(BookResidual, depths[0], widths[0], widths[0], stride=1)
        stage2 = stage(BookResidual, depths[1], widths[0], widths[1], stride=2)
        stage3 = stage(BookResidual, depths[2], widths[1], widths[2], stride=2)
        stage4 = stage(BookResidual, depths[3], widths[2], widths[3], stride=2)
        head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[3], num_classes)
        )
        super().__init__(stem, stage1, stage2, stage3, stage4, head)


@register
def book_resnet18(**settings) -> BookResNet:
    """11,178,378 parameters at 1 channel and 10 classes."""
    return BookResNet((2, 2, 2, 2), **settings)
