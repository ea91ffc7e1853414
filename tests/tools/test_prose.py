"""What people read here is spelt right, in British English, without a word said twice."""

from pathlib import Path

import pytest

from tools import prose, texts

FILES = texts.files()


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=str(p.relative_to(texts.ROOT))) for p in texts.files(".ipynb", ".md")],
)
def test_the_prose_of_a_page_is_right(path: Path) -> None:
    found = [f"{t.place}: {p}" for t in texts.of_file(path) for p in prose.problems(t.source)]
    assert found == [], "a word that is right goes to tools/words.txt"


def test_the_docstrings_are_right() -> None:
    found = [
        f"{text.place}: {problem}"
        for path in texts.files(".py")
        for text in texts.of_file(path)
        for problem in prose.problems(text.source)
    ]
    assert found == [], "a word that is right goes to tools/words.txt"


def test_every_word_of_our_own_is_used_and_not_in_the_dictionary() -> None:
    used = {
        word.lower()
        for path in FILES
        for text in texts.of_file(path)
        for word in prose.words(text.source)
    }
    used |= {word.replace("’", "'").replace("'", "") for word in used}
    from spellchecker import SpellChecker

    assert prose.own_words() - used == set()
    assert prose.own_words() & set(SpellChecker(language="en").word_frequency.words()) == set()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("The the block.", "doubled word 'The the'"),
        ("It ends with the\nthe sum.", "doubled word 'the the'"),
        ("A resdiual block.", "unknown word 'resdiual'"),
        ("Its neighbor is red.", "US spelling 'neighbor'"),
        ("We normalize it.", "US spelling 'normalize'"),
        ("- *resdiual*: one", "unknown word 'resdiual'"),
    ],
)
def test_a_mistake_is_named(source: str, complaint: str) -> None:
    assert complaint in prose.problems(source)


@pytest.mark.parametrize(
    "source",
    [
        "Call `normalize(colr)` and `` f(`x`) ``.",
        "```python\nresdiual = neighbor neighbor\n```\nThat is all.",
        "  ```\n  resdiual\n  ```",
        "It costs $c_i \\, resdiual$ or\n$$\nhh \\quad ww\n$$\nin all.",
        "See [the chapter](03_resdiual.ipynb) at https://d2l.ai/resdiual.html now.",
        "Of `a` of `b`, of $c$ of $d$.",
        "We know that that holds.",
        "*Batch normalization* is a title; [batch normalization](x.md) the words of a link.",
        "A neighbour's colour, the neighbours' and Dollár’s.",
        "ReLU, ResNeXt-50, 32x4d and W3C are names.",
    ],
)
def test_what_is_no_prose_or_right_is_left_in_peace(source: str) -> None:
    assert prose.problems(source) == []


def test_the_command_names_the_place(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page = tmp_path / "page.md"
    page.write_text("A resdiual block.\n")
    assert prose.main([str(page)]) == 1
    assert "page.md: unknown word 'resdiual'" in capsys.readouterr().out
    page.write_text("A residual block.\n")
    assert prose.main([str(page)]) == 0
