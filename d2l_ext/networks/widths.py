"""Widths of grouped convolutions: the groups must divide the channels."""

from d2l_ext.networks.layers import scaled


def scaled_to_multiple(channels: int, width_mult: float, multiple: int) -> int:
    """Number of channels after scaling: the nearest multiple, at least one; halves round up.

    Raises:
        ValueError: `width_mult` is not positive.
    """
    if scaled(channels, width_mult) <= multiple:
        return multiple
    return multiple * int(channels * width_mult / multiple + 0.5)


def scaled_generously(channels: int, width_mult: float, multiple: int) -> int:
    """As `scaled_to_multiple`, but one multiple more where that would lose over a tenth.

    The rule of MobileNet v2's code, which torchvision uses in its RegNets as well.
    """
    rounded = scaled_to_multiple(channels, width_mult, multiple)
    return rounded if rounded >= 0.9 * channels * width_mult else rounded + multiple


def check_divides(number: int, channels: int, what: str, name: str = "cardinality") -> None:
    """Raise unless `channels` can be cut into equal groups: `number` of them, or so wide each.

    Args:
        number: How many groups, or how many channels in each.
        channels: What is cut.
        what: What the channels are called in the message.
        name: What the number is called.

    Raises:
        ValueError: They cannot; the message names the nearest numbers that would do.
    """
    if number >= 1 and channels % number == 0:
        return
    valid = [divisor for divisor in range(1, channels + 1) if channels % divisor == 0]
    below = [divisor for divisor in valid if divisor < number][-1:]
    above = [divisor for divisor in valid if divisor > number][:1]
    nearest = " and ".join(map(str, below + above))
    raise ValueError(
        f"{name} = {number} does not divide {what} = {channels} into equal groups; "
        f"the nearest that do: {nearest}"
    )
