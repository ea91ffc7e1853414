"""The progress bar of training: images per second and time left."""

from __future__ import annotations

import time

from tqdm.auto import tqdm

REFRESH_SECONDS = 0.5


class Progress:
    """A bar of steps, with images per second behind it.

    Args:
        total: Steps of the whole training.
        done: Steps that were done before.
        shown: Whether there is a bar at all.
    """

    def __init__(self, total: int, done: int, shown: bool) -> None:
        self._bar = tqdm(total=total, initial=done, unit="step", disable=not shown, leave=False)
        self._images, self._since = 0, time.perf_counter()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def update(self, images: int) -> None:
        """One step more, with so many images."""
        self._images += images
        now = time.perf_counter()
        if now - self._since > REFRESH_SECONDS:
            rate = self._images / (now - self._since)
            self._bar.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
            self._images, self._since = 0, now
        self._bar.update()
