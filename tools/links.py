"""Links in everything that people read here: what can be checked without a network.

python -m tools.links             all notebooks and pages
python -m tools.links FILE...

A link within the course must lead to a file and, behind a #, to a heading. A link to elsewhere must have
one of the forms below; a new place to link to is a new form, looked at by whoever adds it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from tools import texts
from tools.prose import NOT_PROSE

FORMS = {
    "arXiv": re.compile(
        # A year and a month, and a number: of four digits before 2015, of five since.
        r"https://arxiv\.org/abs/(?:(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}"
        r"|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5})"
    ),
    "a DOI": re.compile(r"https://doi\.org/10\.\d{4,9}/[\w.()/:;-]*\w"),
    "the book": re.compile(
        r"https://d2l\.ai(?:/chapter_[a-z-]+/[a-z0-9-]+\.html(?:#[a-z0-9-]+)?)?"
    ),
    "a project that the README compares": re.compile(
        r"https://github\.com/(?:phlippe/uvadlc_notebooks|NeuromatchAcademy/course-content-dl"
        r"|jupyter/nbgrader)"
    ),
    "the blog": re.compile(r"https://www\.cnblogs\.com/Matrix_Yao/p/9563063\.html"),
}
INLINE = re.compile(r"\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
BARE = re.compile(r"(?<![\w(\[<\"'/])((?:https?://|www\.)[^\s<>)\]]+)")
HREF = re.compile(r"<a\s[^>]*href=[\"']([^\"']+)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
ARXIV_NAMED = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
CODE = NOT_PROSE[:1] + NOT_PROSE[2:3]  # fences and code within a line; not what is indented


def links(source: str) -> Iterator[tuple[str, str]]:
    """Every link of a text: its words, where it has some, and its target."""
    for pattern in CODE:
        source = pattern.sub(" ", source)
    yield from INLINE.findall(source)
    for pattern in (BARE, HREF, REFERENCE):
        for target in pattern.findall(source):
            yield "", target.rstrip(".,;:!?") if pattern is BARE else target


@cache
def anchors(path: Path) -> frozenset[str]:
    """What may stand behind the # of a link to a file: its headings, as JupyterLab and code hosts
    write them."""
    found = set()
    for text in texts.of_file(path):
        for heading in HEADING.findall(NOT_PROSE[0].sub("", text.source)):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*`]", r"\1", heading).strip()
            found.add(texts.slug(plain))
            found.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return frozenset(found)


def problem(path: Path, words: str, target: str) -> str | None:
    """What is wrong with one link of a file; None if nothing is."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//|www\.", target, re.IGNORECASE):
        if not any(form.fullmatch(target) for form in FORMS.values()):
            return f"{target} is none of the forms in tools/links.py ({', '.join(FORMS)})"
        named = ARXIV_NAMED.search(words)
        if named and not target.endswith(named[1]):
            return f"the words say {named[0]}, the link is {target}"
        return None
    name, _, anchor = unquote(target).partition("#")
    file = (path.parent / name).resolve() if name else path
    if not file.exists():
        return f"{target} leads nowhere"
    if not file.is_relative_to(texts.ROOT) and path.is_relative_to(texts.ROOT):
        return f"{target} leads out of the course"
    if anchor and anchor not in anchors(file):
        return f"{target}: no such heading"
    return None


def problems(path: Path) -> list[str]:
    """What is wrong with the links of a file."""
    return [
        f"{text.place}: {found}"
        for text in texts.of_file(path)
        for words, target in links(text.source)
        if (found := problem(path, words, target))
    ]


def main(arguments: list[str]) -> int:
    """The command line; see the top of this file."""
    paths = [Path(a).resolve() for a in arguments] or texts.files(".ipynb", ".md")
    found = [line for path in paths for line in problems(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
