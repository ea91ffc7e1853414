"""Spelling, British forms and doubled words in everything that people read here.

python -m tools.prose             all texts
python -m tools.prose FILE...     notebooks, Markdown pages, Python modules

A word is right if the English dictionary of pyspellchecker or tools/words.txt has it. Code, formulas,
links and names with capitals inside, such as ReLU, are not looked at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools import texts

WORDS = Path(__file__).with_name("words.txt")

# What is not prose, in this order: a fence may hold dollars, a formula may hold brackets.
NOT_PROSE = [
    re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE),
    re.compile(r"(?:^(?: {4}|\t).*\n?)+", re.MULTILINE),
    re.compile(r"``.+?``|`[^`]*`", re.DOTALL),
    re.compile(r"\$\$.+?\$\$|(?<!\\)\$[^$]+?\$", re.DOTALL),
    re.compile(r"<[^<>]+>"),
    re.compile(r"(?<=\])\([^()\s]*(?:\([^()]*\)[^()\s]*)*\)"),
    re.compile(r"(?:https?://|www\.)\S+|\b[\w./-]+\.(?:py|ipynb|md|toml|json|csv|js|ai|com)\b"),
]
# What is left in its place, so that the words before and behind do not meet.
GAP = "\N{WHITE SQUARE}"
TITLE = re.compile(r"(?<!\*)\*[^*\n][^*]*\*(?!\*)|\[[^\]]*\]")
WORD = re.compile(r"(?<![\w&\\/.@%-])[^\W\d_]+(?:['’][^\W\d_]+)*(?![\w/\\]|\.\w)")
DOUBLED = re.compile(r"\b([^\W\d_]{2,})[ \t]*\n?[ \t]*\b\1\b(?!['’-])", re.IGNORECASE)
# English has them; so has the course, on purpose.
MAY_DOUBLE = {"that", "had"}

# The course is written in British English; code keeps the spelling of its libraries.
US_FORMS = re.compile(
    r"(?:neighbor|color|behavior|favor|honor|flavor)\w*"
    r"|(?:center|fiber|meter)(?:s|ed)?"
    r"|gray(?:s|ish)?"
    r"|\w*(?:normal|optim|initial|recogn|summar|organ|special|general|regular|factor|parametr|standard"
    r"|visual|memor|minim|maxim|quant|real|serial|vector|penal|emphas|categor)iz(?:e[sdr]?|ing|ations?)"
    r"|analyz(?:e[sd]?|ing)"
    r"|(?:model|label|travel|cancel)(?:ed|ing)",
    re.IGNORECASE,
)


def prose(source: str) -> str:
    """A text without what is not prose; line breaks stay where they were."""
    for pattern in NOT_PROSE:
        source = pattern.sub(lambda match: f" {GAP} " + "\n" * match[0].count("\n"), source)
    return source


@cache
def dictionary() -> frozenset[str]:
    """All words that are right, in lower case."""
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en").word_frequency.words()) | own_words()


@cache
def own_words() -> frozenset[str]:
    """The words of tools/words.txt, in lower case."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.lower() for line in lines if line and not line.startswith("#"))


def words(source: str) -> Iterator[str]:
    """The words that the dictionary is asked for, as they are written."""
    for match in WORD.finditer(prose(source)):
        word = re.sub(r"['’]s?$", "", match[0])
        if len(word) > 1 and (word.islower() or word.istitle()):
            yield word


def known(word: str) -> bool:
    """Whether a word is right, by itself or as a possessive or contraction."""
    word = word.lower().replace("’", "'")
    return word in dictionary() or word.replace("'", "") in dictionary()


def problems(source: str) -> list[str]:
    """What is wrong with a text, each as a short phrase."""
    found = [f"unknown word {word!r}" for word in dict.fromkeys(words(source)) if not known(word)]
    text = prose(source)
    for match in DOUBLED.finditer(text):
        if match[1].lower() not in MAY_DOUBLE and (match[1].islower() or match[1].istitle()):
            found.append(f"doubled word {' '.join(match[0].split())!r}")
    untitled = dict.fromkeys(words(TITLE.sub(GAP, text)))
    found += [f"US spelling {word!r}" for word in untitled if US_FORMS.fullmatch(word)]
    return found


def main(arguments: list[str]) -> int:
    """The command line; see the top of this file."""
    paths = [Path(argument).resolve() for argument in arguments] or texts.files()
    count = 0
    for path in paths:
        for text in texts.of_file(path):
            for problem in problems(text.source):
                print(f"{text.place}: {problem}")
                count += 1
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
