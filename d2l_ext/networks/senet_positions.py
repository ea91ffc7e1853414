"""Where a squeeze-and-excitation can stand in a residual block (Hu et al. 2018, Table 14, Figure 5).

The standard place, on the residual before the addition, is `senet.SEBottleneck`; here are the
other three of the paper's ablation, as SE-ResNet-50.
"""

from torch import Tensor
from torch.nn import functional as F

from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import Bottleneck, ResNet
from d2l_ext.networks.senet import SEBottleneck, SqueezeExcitation


class SEPreBottleneck(Bottleneck):
    """SE-PRE: the residual branch weights what it reads, so `se` has the input's channels."""

    ratio = 16

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.se = SqueezeExcitation(in_channels, self.ratio)

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(self.se(X))))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        Y += self.shortcut(X)
        return F.relu(Y)


class SEPostBottleneck(SEBottleneck):
    """SE-POST: the sum is weighted, after its ReLU; no path through the block is the identity."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        return self.se(F.relu(Y + self.shortcut(X)))


class SEIdentityBottleneck(SEBottleneck):
    """SE-Identity: the shortcut is weighted, the residual is left as it is."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        return F.relu(Y + self.se(self.shortcut(X)))


@register
def seresnet50_pre(**settings) -> ResNet:
    """27,562,656 parameters at 1000 classes; `seresnet50` with SE before the residual branch."""
    return ResNet(SEPreBottleneck, (3, 4, 6, 3), **settings)


@register
def seresnet50_post(**settings) -> ResNet:
    """28,088,024 parameters at 1000 classes; `seresnet50` with SE after the addition."""
    return ResNet(SEPostBottleneck, (3, 4, 6, 3), **settings)


@register
def seresnet50_identity(**settings) -> ResNet:
    """28,088,024 parameters at 1000 classes; `seresnet50` with SE on the shortcut."""
    return ResNet(SEIdentityBottleneck, (3, 4, 6, 3), **settings)
