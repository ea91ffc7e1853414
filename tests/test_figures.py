"""A figure in a notebook: its text, and a picture that is small and loses no colour."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from d2l_ext import figures


def shown(picture: figures.Picture) -> bytes:
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', picture._repr_html_())
    return base64.b64decode(data)


def whole(picture: figures.Picture) -> bytes:
    buffer = io.BytesIO()
    picture.figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    return buffer.getvalue()


def colours(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)


def heat_map() -> figures.Picture:
    figure, ax = figures.axes()
    values = np.random.default_rng(0).normal(size=(12, 18)) ** 3
    ax.imshow(values, cmap="PuOr", vmin=-abs(values).max(), vmax=abs(values).max())
    return figures.show(figure, "A heat map with few extreme values.")


def test_a_picture_takes_half_the_bytes_and_its_colours_can_hardly_be_told_apart() -> None:
    picture = heat_map()
    small, large = shown(picture), whole(picture)
    assert len(small) < len(large) / 2
    assert abs(colours(small) - colours(large)).max() <= 24


def test_the_alternative_text_is_in_the_picture_and_stands_for_it_where_there_is_none() -> None:
    picture = figures.show(figures.axes()[0], '  Loss  against "epoch": a < b\n')
    assert 'alt="Loss against &quot;epoch&quot;: a &lt; b"' in picture._repr_html_()
    assert repr(picture) == '[figure: Loss against "epoch": a < b]'


def test_a_figure_without_alternative_text_is_refused() -> None:
    with pytest.raises(ValueError, match="alternative text"):
        figures.show(figures.axes()[0], " ")
