"""The gallery of residual blocks: one small description of each.

A description is words: the layers of the residual branch in their order, what the shortcut does,
how the two are merged and what follows. `residual_graph.py` makes layers of it. A word is

- `conv3:out`, a convolution with its kernel size and its output channels: `in`, `out`, a quarter
  of `out` (`mid`), half of it (`paths`), `growth` or `wide`, four times that. The letters `s`, `g`,
  `b` before the colon say that it has the stride, that it is grouped, that it has a bias;
- `se:out`, a squeeze-and-excitation on so many channels; `pad`, the shortcut without parameters;
- `bn`, `relu`, `dropout`, or `scale` and `half`, a product with a constant.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    """One kind of block.

    Attributes:
        title: As people write it.
        group: Where it stands in the list.
        made_by: Its class in `d2l_ext.networks`.
        source: Paper, and figure or table.
        says: What to look at, one sentence.
        branch: The residual branch.
        after: What follows the merge.
        shortcut: What the shortcut does in any case.
        change: What it does before that where the block changes the shape; empty: it cannot.
        tap: After so many layers of the branch that shortcut begins.
        gate: A third path, whose values from 0 to 1 weight the others.
        start: What is added to the gate before its sigmoid.
        gates_branch: Whether the gate also weights the branch.
        merge: `add`, `concat`, or empty: there is no shortcut.
        factor: What the shortcut multiplies the signal by at the start; None if no constant.
        factor_says: How that comes about.
        own: Settings at which the paper uses it, where they differ from 64 channels on 56 x 56.
    """

    title: str
    group: str
    made_by: str
    source: str
    says: str
    branch: str
    after: str = ""
    shortcut: str = ""
    change: str = "conv1s:out bn"
    tap: int = 0
    gate: str = ""
    start: float = 0.0
    gates_branch: bool = False
    merge: str = "add"
    factor: float | None = 1.0
    factor_says: str = "The shortcut is the identity."
    own: dict[str, int] = field(default_factory=dict)


TWO_3X3 = "conv3s:out bn relu conv3:out bn"
THREE = "conv1:mid bn relu conv3s:mid bn relu conv1:out bn"
PATHS = "conv1:paths bn relu conv3sg:paths bn relu conv1:out bn"
WIDE = {"channels": 256, "out_channels": 256}

RESNET = "He et al. 2015, Deep residual learning"
PREACT = "He et al. 2016, Identity mappings"
SENET = "Hu et al. 2018, Squeeze-and-excitation networks"

GALLERY: dict[str, Block] = {
    "plain": Block(
        "Plain, no shortcut",
        "The residual block",
        "cifar_resnet.PlainBlock",
        f"{RESNET}, Section 3.3",
        "What a residual block is compared with: the same layers without the shortcut.",
        TWO_3X3,
        after="relu",
        merge="",
        factor=0.0,
        factor_says="There is no shortcut.",
    ),
    "original": Block(
        "Original",
        "The residual block",
        "resnet.BasicBlock",
        f"{RESNET}, Figure 5, left; (a) of Identity mappings' tables",
        "The branch learns g(x) = f(x) - x; the last ReLU follows the addition.",
        TWO_3X3,
        after="relu",
    ),
    "bottleneck": Block(
        "Bottleneck",
        "The residual block",
        "resnet.Bottleneck",
        f"{RESNET}, Figure 5, right",
        "Few channels where the 3x3 works, four times as many on the shortcut.",
        THREE,
        after="relu",
        own=WIDE,
    ),
    "bn_after_addition": Block(
        "(b) BN after the addition",
        "Order of BN, ReLU and addition (Table 2)",
        "preact_orders.BatchNormAfterAddition",
        f"{PREACT}, Table 2 (b): error 8.17 % where (a) has 6.61 %",
        "Batch norm acts on the sum, so it scales the shortcut as well.",
        "conv3s:out bn relu conv3:out",
        after="bn relu",
        change="pad",
        factor=None,
        factor_says="Batch norm divides the shortcut by the sum's standard deviation, which follows "
        "from the data.",
    ),
    "relu_before_addition": Block(
        "(c) ReLU before the addition",
        "Order of BN, ReLU and addition (Table 2)",
        "preact_orders.ReLUBeforeAddition",
        f"{PREACT}, Table 2 (c): error 7.84 % where (a) has 6.61 %",
        "The branch is never negative, so the signal can only grow.",
        f"{TWO_3X3} relu",
        change="pad",
    ),
    "relu_only_preact": Block(
        "(d) ReLU-only pre-activation",
        "Order of BN, ReLU and addition (Table 2)",
        "preact_orders.ReLUOnlyPreActivation",
        f"{PREACT}, Table 2 (d): error 6.71 % where (a) has 6.61 %",
        "Nothing follows the addition; the first ReLU is not normalised.",
        "relu conv3s:out bn relu conv3:out bn",
        change="pad",
    ),
    "full_preact": Block(
        "(e) Full pre-activation",
        "Order of BN, ReLU and addition (Table 2)",
        "preact.PreActBasicBlock",
        f"{PREACT}, Table 2 (e): error 6.37 % where (a) has 6.61 %",
        "Nothing follows the addition, and every convolution reads normalised values.",
        "bn relu conv3s:out bn relu conv3:out",
        change="conv1s:out",
        tap=2,
    ),
    "preact_bottleneck": Block(
        "Pre-activation bottleneck",
        "Order of BN, ReLU and addition (Table 2)",
        "preact.PreActBottleneck",
        f"{PREACT}, Section 5",
        "The block of ResNet-v2-50 and deeper.",
        "bn relu conv1:mid bn relu conv3s:mid bn relu conv1:out",
        change="conv1s:out",
        tap=2,
        own=WIDE,
    ),
    "half_both": Block(
        "(b) Constant scaling, both",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.ConstantScaling",
        f"{PREACT}, Table 1 (b): error 12.35 % where (a) has 6.61 %",
        "Shortcut and branch are multiplied by a constant, 0.5 in the paper.",
        f"{TWO_3X3} half",
        after="relu",
        shortcut="scale",
        change="pad",
        factor=0.5,
        factor_says="Each block multiplies the shortcut by the scale.",
    ),
    "half_shortcut": Block(
        "(b) Constant scaling, shortcut",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.HalfShortcut",
        f"{PREACT}, Table 1 (b): fails, error above 20 %, where (a) has 6.61 %",
        "The shortcut alone is multiplied by a constant, 0.5 in the paper.",
        TWO_3X3,
        after="relu",
        shortcut="scale",
        change="pad",
        factor=0.5,
        factor_says="Each block multiplies the shortcut by the scale.",
    ),
    "exclusive_gating": Block(
        "(c) Exclusive gating",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.ExclusiveGating",
        f"{PREACT}, Table 1 (c), initial bias -6: error 8.70 % where (a) has 6.61 %",
        "A gate g(x) weights the branch, and 1 - g(x) the shortcut.",
        TWO_3X3,
        after="relu",
        change="pad",
        gate="conv1sb:out",
        start=-6.0,
        gates_branch=True,
        factor=0.9975,
        factor_says="1 - sigmoid(-6) = 0.9975 where the gate's convolution gives 0.",
    ),
    "shortcut_gating": Block(
        "(d) Shortcut-only gating",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.ShortcutOnlyGating",
        f"{PREACT}, Table 1 (d), initial bias -6: error 6.91 % where (a) has 6.61 %",
        "The shortcut is weighted by 1 - g(x), the branch is left as it is.",
        TWO_3X3,
        after="relu",
        change="pad",
        gate="conv1sb:out",
        start=-6.0,
        factor=0.9975,
        factor_says="1 - sigmoid(-6) = 0.9975 where the gate's convolution gives 0.",
    ),
    "conv_shortcut": Block(
        "(e) 1x1 convolution",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.ConvolutionalShortcut",
        f"{PREACT}, Table 1 (e): error 12.22 % where (a) has 6.61 %",
        "Every shortcut is a 1x1 convolution: more parameters, and no identity.",
        TWO_3X3,
        after="relu",
        shortcut="conv1s:out bn",
        change="-",
        factor=None,
        factor_says="A convolution is no constant factor.",
    ),
    "dropout_shortcut": Block(
        "(f) Dropout",
        "Shortcut that is not the identity (Table 1)",
        "preact_shortcuts.DropoutShortcut",
        f"{PREACT}, Table 1 (f): fails, error above 20 %, where (a) has 6.61 %",
        "In training half of the shortcut's values are dropped, at random, in every block.",
        TWO_3X3,
        after="relu",
        shortcut="dropout",
        change="pad",
        factor=1.0,
        factor_says="PyTorch doubles the values that it keeps, so the factor is 0 or 2, 1 on average; "
        "a value passes all n blocks with probability 0.5^n.",
    ),
    "se": Block(
        "SE, the standard place",
        "Squeeze-and-excitation",
        "senet.SEBottleneck",
        f"{SENET}, Figure 3",
        "The branch is weighted, channel by channel, before the addition.",
        f"{THREE} se:out",
        after="relu",
        own=WIDE,
    ),
    "se_pre": Block(
        "SE-PRE",
        "Squeeze-and-excitation",
        "senet_positions.SEPreBottleneck",
        f"{SENET}, Section 6.5, SE-PRE",
        "What the branch reads is weighted; the shortcut is not.",
        f"se:in {THREE}",
        after="relu",
        own=WIDE,
    ),
    "se_post": Block(
        "SE-POST",
        "Squeeze-and-excitation",
        "senet_positions.SEPostBottleneck",
        f"{SENET}, Section 6.5, SE-POST",
        "The sum is weighted, so no path through the block is the identity.",
        THREE,
        after="relu se:out",
        factor=0.5,
        factor_says="About 0.5: sigmoid(0), where the excitation gives 0.",
        own=WIDE,
    ),
    "se_identity": Block(
        "SE-Identity",
        "Squeeze-and-excitation",
        "senet_positions.SEIdentityBottleneck",
        f"{SENET}, Section 6.5, SE-Identity",
        "The shortcut is weighted, the branch is left as it is.",
        THREE,
        after="relu",
        shortcut="se:out",
        factor=0.5,
        factor_says="About 0.5: sigmoid(0), where the excitation gives 0.",
        own=WIDE,
    ),
    "resnext": Block(
        "ResNeXt",
        "Other blocks",
        "resnext.ResNeXtBlock",
        "Xie et al. 2017, Aggregated residual transformations, Figure 3 (c)",
        "A bottleneck of twice the width, whose 3x3 works in groups.",
        PATHS,
        after="relu",
        own=WIDE,
    ),
    "dense": Block(
        "DenseNet layer",
        "Other blocks",
        "densenet.BottleneckLayer",
        "Huang et al. 2017, Densely connected networks, Section 3 (DenseNet-B)",
        "The input is kept beside the new channels, not added to them.",
        "bn relu conv1:wide bn relu conv3:growth",
        change="",
        merge="concat",
    ),
    "highway": Block(
        "Highway",
        "Other blocks",
        "highway.HighwayBlock",
        "Srivastava et al. 2015, Highway networks",
        "A gate T(x) weights the change, and 1 - T(x) the input: it can close the way around.",
        "conv3b:out relu",
        change="",
        gate="conv3b:out",
        start=-2.0,
        gates_branch=True,
        factor=0.8808,
        factor_says="1 - sigmoid(-2) = 0.88 where the gate's convolution gives 0.",
    ),
}
