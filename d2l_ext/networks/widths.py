"""Widths of grouped convolutions: the groups must divide the channels."""

from d2l_ext.networks.checks import check_at_least
from d2l_ext.scaling import scaled_generously as scaled_generously
from d2l_ext.scaling import scaled_to_multiple as scaled_to_multiple


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
    if channels < 1:
        check_at_least(max(1, number), **{what: channels})
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
