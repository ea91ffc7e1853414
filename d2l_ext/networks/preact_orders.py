"""The orders of batch norm, ReLU and addition that the pre-activation paper compares (Table 2).

(a), the original, is `cifar_resnet.PaddedBlock`, and (e), full pre-activation, is
`preact.PreActBasicBlock`; here are the three between, and the same with bottlenecks, for which (a) is
`resnet.Bottleneck` and (e) `preact.PreActBottleneck`. All have the layers of (a), in another order.
"""

from torch import Tensor
from torch.nn import functional as F

from d2l_ext.networks.cifar_resnet import CifarResNet, PaddedBlock
from d2l_ext.networks.registry import register
from d2l_ext.networks.resnet import Bottleneck


class BatchNormAfterAddition(PaddedBlock):
    """(b): the second batch norm acts on the sum, so it scales the shortcut as well."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.conv2(Y)
        return F.relu(self.bn2(Y + self.shortcut(X)))


class ReLUBeforeAddition(PaddedBlock):
    """(c): the residual is never negative, so the signal can only grow from block to block."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        return Y + self.shortcut(X)


class ReLUOnlyPreActivation(PaddedBlock):
    """(d): the ReLU comes before each convolution, batch norm stays behind it."""

    def forward(self, X: Tensor) -> Tensor:
        Y = self.bn1(self.conv1(F.relu(X)))
        Y = self.bn2(self.conv2(F.relu(Y)))
        return Y + self.shortcut(X)


class BottleneckBatchNormAfterAddition(Bottleneck):
    """(b) with a bottleneck."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = self.conv3(Y)
        return F.relu(self.bn3(Y + self.shortcut(X)))


class BottleneckReLUBeforeAddition(Bottleneck):
    """(c) with a bottleneck."""

    def forward(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        Y = F.relu(self.bn3(self.conv3(Y)))
        return Y + self.shortcut(X)


class BottleneckReLUOnlyPreActivation(Bottleneck):
    """(d) with a bottleneck."""

    def forward(self, X: Tensor) -> Tensor:
        Y = self.bn1(self.conv1(F.relu(X)))
        Y = self.bn2(self.conv2(F.relu(Y)))
        Y = self.bn3(self.conv3(F.relu(Y)))
        return Y + self.shortcut(X)


class ReLUOnlyResNet(CifarResNet):
    """The network of (d): the stem's ReLU belongs to the first block, and one follows the last."""

    def forward(self, X: Tensor) -> Tensor:
        X = self.bn1(self.conv1(X))
        X = F.relu(self.layer3(self.layer2(self.layer1(X))))
        return self.fc(self.avgpool(X).flatten(1))


@register
def cifar_resnet110_bn_after_addition(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; (b) of Table 2."""
    return CifarResNet(BatchNormAfterAddition, 110, **settings)


@register
def cifar_resnet110_relu_before_addition(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; (c) of Table 2."""
    return CifarResNet(ReLUBeforeAddition, 110, **settings)


@register
def cifar_resnet110_relu_only_preact(**settings) -> CifarResNet:
    """1,727,962 parameters at 10 classes; (d) of Table 2."""
    return ReLUOnlyResNet(ReLUOnlyPreActivation, 110, **settings)


@register
def cifar_resnet164_bn_after_addition(**settings) -> CifarResNet:
    """1,704,154 parameters at 10 classes; (b) of Table 2."""
    return CifarResNet(BottleneckBatchNormAfterAddition, 164, **settings)


@register
def cifar_resnet164_relu_before_addition(**settings) -> CifarResNet:
    """1,704,154 parameters at 10 classes; (c) of Table 2."""
    return CifarResNet(BottleneckReLUBeforeAddition, 164, **settings)


@register
def cifar_resnet164_relu_only_preact(**settings) -> CifarResNet:
    """1,704,154 parameters at 10 classes; (d) of Table 2."""
    return ReLUOnlyResNet(BottleneckReLUOnlyPreActivation, 164, **settings)
