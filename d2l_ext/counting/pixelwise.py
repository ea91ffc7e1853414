"""Which functions and modules without a closed form keep the receptive field."""

# Functions and modules without a closed form of which an output at a pixel depends on its inputs at
# that pixel alone; names as torch has them, in small letters and without underscores. A softmax is
# not among them: its axis, which its name does not say, may be a row.
PIXELWISE = frozenset(
    {
        *("add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul", "multiply"),
        *("div", "idiv", "rdiv", "truediv", "itruediv", "rtruediv", "neg", "pow", "rpow"),
        *("abs", "sign", "square", "sqrt", "rsqrt", "reciprocal", "exp", "log", "log1p", "erf"),
        *("sin", "cos", "maximum", "minimum", "clamp", "clampmin", "clampmax", "clip"),
        *("where", "gt", "ge", "lt", "le", "eq", "ne", "threshold"),
        *("relu", "relu6", "sigmoid", "silu", "gelu", "tanh", "hardswish", "hardsigmoid"),
        *("leakyrelu", "prelu", "rrelu", "elu", "selu", "celu", "mish", "logsigmoid"),
        *("softplus", "softsign", "softshrink", "tanhshrink", "hardshrink", "hardtanh"),
        *("dropout", "dropout2d", "featuredropout", "alphadropout", "featurealphadropout"),
        *("batchnorm", "localresponsenorm", "softmax2d", "channelshuffle"),
        *("cat", "clone", "contiguous", "detach", "identity"),
        *("to", "float", "double", "half", "bfloat16"),
    }
)


def is_pixelwise(kind: str) -> bool:
    """Whether an output depends on the inputs at its own pixel alone; `kind` as torch names it."""
    return kind.removesuffix(" function").replace("_", "").lower() in PIXELWISE
