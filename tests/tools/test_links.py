"""Links within the course lead somewhere; links out of it have a form that somebody has looked at."""

from pathlib import Path

import pytest

from tools import links, texts


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=str(p.relative_to(texts.ROOT))) for p in texts.files(".ipynb", ".md")],
)
def test_the_links_of_a_page_are_right(path: Path) -> None:
    assert links.problems(path) == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "other.md").write_text("# A title\n\n## Cutting up the window\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "source",
    [
        "[other](other.md), [there](other.md#Cutting-up-the-window), [or](other.md#cutting-up-the-window)",
        "# Here\n\n[above](#here)",
        "[arXiv:1512.03385](https://arxiv.org/abs/1512.03385)",
        "Reported at https://arxiv.org/abs/1404.5997, and https://doi.org/10.1145/1498765.1498785.",
        "[8.6](https://d2l.ai/chapter_convolutional-modern/resnet.html#resnext)",
        "`[code](nowhere.md)`\n\n```\nhttp://nowhere\n```",
    ],
)
def test_a_right_link_is_left_in_peace(page: Path, source: str) -> None:
    page.write_text(source)
    assert links.problems(page) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("[other](othr.md)", "othr.md leads nowhere"),
        ("[other](other.md#nothing)", "no such heading"),
        ("[above](#nothing)", "no such heading"),
        ('<a href="othr.md">other</a>', "othr.md leads nowhere"),
        ("http://arxiv.org/abs/1512.03385", "none of the forms"),
        ("https://arxiv.org/abs/1513.03385", "none of the forms"),  # there is no 13th month
        ("https://arxiv.org/abs/1512.0338", "none of the forms"),  # five digits since 2015
        ("https://arxiv.org/abs/1404.05997", "none of the forms"),  # four before
        ("https://arxiv.org/pdf/1512.03385", "none of the forms"),
        ("[arXiv:1512.03385](https://arxiv.org/abs/1603.05027)", "the words say arXiv:1512.03385"),
        ("https://doi.org/1498765.1498785", "none of the forms"),
        ("[there](https://example.org)", "none of the forms"),
        ("[there](javascript:alert)", "none of the forms"),
    ],
)
def test_a_wrong_link_is_named(page: Path, source: str, complaint: str) -> None:
    page.write_text(source)
    (found,) = links.problems(page)
    assert found.startswith(str(page)) and complaint in found


def test_the_command_fails_where_a_link_is_wrong(page: Path, capsys: pytest.CaptureFixture) -> None:
    page.write_text("[other](othr.md)")
    assert links.main([str(page)]) == 1
    assert "leads nowhere" in capsys.readouterr().out
    page.write_text("[other](other.md)")
    assert links.main([str(page)]) == 0
    assert capsys.readouterr().out == ""
