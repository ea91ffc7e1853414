"""What the number in a CIFAR network's name says: how deep its stages are."""


def blocks_per_stage(depth: int, layers: int) -> int:
    """n of a network of three stages, a stem and a head: depth = 3 * layers * n + 2.

    Raises:
        ValueError: `depth` is not of that form.
    """
    step = 3 * layers
    if depth < step + 2 or (depth - 2) % step:
        lower = max(step + 2, (depth - 2) // step * step + 2)
        raise ValueError(
            f"depth = {depth} is not {step}n + 2 (n blocks of {layers} layers in each of three "
            f"stages, a stem and a head); the nearest are {lower} and {lower + step}"
        )
    return (depth - 2) // step
