"""Large numbers in few characters."""


def short(number: int) -> str:
    """Four significant digits, halves up: 1814073344 is 1.814 G. `base.js` says the same.

    Example:
        >>> short(9408), short(11689512)
        ('9,408', '11.69 M')
    """
    if number < 10_000:
        return f"{number:,}"
    for power, letter in ((3, "k"), (6, "M"), (9, "G"), (12, "T")):
        for decimals in (3, 2, 1):
            unit = 10 ** (power - decimals)
            rounded = (2 * number + unit) // (2 * unit)
            if rounded < 10_000:
                return f"{rounded / 10**decimals:.{decimals}f} {letter}"
    return f"{(2 * number + 10**12) // (2 * 10**12):,} T"
