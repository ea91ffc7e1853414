"""Write solutions/README.md: what instructors want to know, gathered from the notebooks themselves.

python -m tools.instructors
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from d2l_ext.grading.exercise import Exercise, Question, load
from tools import notebooks, texts

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "solutions" / "README.md"
OBJECTIVE = re.compile(r"^- \*\*(\d+\.\d+)\*\* (.+?)(?=\n- |\n\n|\Z)", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\*Objectives? ([^*]+)\.?\*")
CONCEPT_TEST = "concept_test_a"  # form B asks for the same ideas
CORE = ("01", "02", "03", "05", "07", "08")

HEAD = """\
# For instructors

Written by `python -m tools.instructors` from the notebooks; change those, not this page.

The notebooks in this folder are the source of the exercises: answers, visible and hidden checks, points,
and the named wrong answers with the sentence that each brings. `d2l-ext release` writes `exercises/` from
them and refuses what does not hold; `d2l-ext grade SUBMISSIONS --out GRADES` grades against them. These
solutions are public, so grade with `--seed N`: hidden checks then draw inputs that nobody has seen.

## Syllabus

Minutes are a student's, as each chapter states them; an exercise's are the sum of its questions'.
"""

BEFORE_AND_AFTER = """\
## Before and after: the concept test

`exercises/concept_test_a.ipynb` before the first chapter, `concept_test_b.ipynb` after the last: twelve questions each, {minutes} minutes,
graded like an exercise, a point for each question. Question by question the two forms ask for the same idea with other
numbers, and the same mistakes are named. Let nobody run `%check` before handing in, talk about single questions only
after form B, and do not count the points towards a grade. Then

    d2l-ext grade submissions/ --out grades/ && python -m d2l_ext.concept grades/grades.csv

pairs A with B for those who did both and prints the *normalised gain* of the class, (after - before) / (12 - before): the
part of what was missing that is there now. Compare it with an earlier year's, not with other courses' figures.

Twelve questions can tell how a class moved, and on which idea it did not. They cannot tell much about one student: with a
chance of one half on each question, luck alone moves a score of twelve by 1.7 points (the root of 12/4), and a
difference of two scores by 2.4. For thirty students that is 0.4 for the mean difference. A choice among four is guessed
right once in four times. The forms are parallel by construction, and nobody has calibrated them on a class: to be sure
that B is not the easier one, let half of the class begin with B. And like the solutions, both forms are public.

The questions, their objectives, and the misconception that each wrong answer shows:
"""


# Of the sources: who asks, what, and where the chapters answer it.
ASKED = (
    ("book, exercise 1", "Inception block or residual block?",
     ("02_residual_blocks", "Residual against Inception: the book's exercise 1"),
     ("05_resnext", "Residual against Inception once more: the book's exercise 1")),
    ("book, exercise 2", "the variants of Table 1", ("03_resnet", "Five networks from one table"),
     ("03_resnet", "The book's exercise 2, worked")),
    ("book, exercise 3", "the bottleneck", ("02_residual_blocks", "The bottleneck")),
    ("book, exercise 4", "batch norm, activation, convolution",
     ("04_identity_mappings", "Pre-activation: the floor moves into the branch"),
     ("04_identity_mappings", "The five orders")),
    ("book, exercise 5", "why not without bound?",
     ("01_function_classes", "Why not without bound?")),
    ("blog", "what can be fused in ResNet-50 for inference?",
     ("09_fast_inference", "Vertical fusion: one pass instead of four"),
     ("09_fast_inference", "Horizontal fusion")),
    ("blog", "and what in ResNet-v2?", ("09_fast_inference", "What ResNet-v2 can fuse")),
    ("blog", "half on both paths: is it not the same block?",
     ("04_identity_mappings", "Two rows that are one network")),
    ("blog", "is ResNeXt ResNet with a grouped 3x3 and nothing else?",
     ("05_resnext", "What else changes")),
    ("blog", "why can batch norm not replace SE?",
     ("07_squeeze_excitation", "Why can batch norm not do this?")),
    ("listener", "why block-diagonal, and not sparse?", ("05_resnext", "Sparse, or block-sparse?")),
    ("listener", "is the weighting a convolution of the image's size?",
     ("07_squeeze_excitation", '"Is that a convolution the size of the entire image?"')),
    ("listener", "is it the same in every layer?",
     ("07_squeeze_excitation", "What do the gates do?")),
    ("listener", "does it learn how to shuffle?",
     ("08_shufflenet", '"Does it learn how to shuffle?"'),
     ("08_shufflenet", "Sums of permutations, and a learned one")),
    ("listener", "why is it efficient?",
     ("08_shufflenet", "Few multiplications, little time?"),
     ("09_fast_inference", "Counting what memory costs")),
)  # fmt: skip

SOURCES = """\
## What the sources ask, and where it is answered

The exercises of the book's section 8.6, the blog's mind experiments, and what listeners asked in the lectures: each is
worked in a chapter, by code that runs.

| who | asks | answered in |
|---|---|---|
"""


def first_cell(path: Path) -> str:
    """The title cell of a chapter."""
    return notebooks.read(path).cells[0].source


def minutes(text: str) -> int:
    """What a chapter's title cell says after **Time**."""
    found = re.search(r"\*\*Time\*\* (\d+)", text)
    assert found, "a chapter without its time"
    return int(found.group(1))


def title(text: str) -> str:
    """The heading of a chapter."""
    return text.splitlines()[0].lstrip("# ")


def _way(chapter: str) -> str:
    """For whom a chapter is."""
    if chapter.startswith("00"):
        return "everyone"
    return "core" if chapter.startswith(CORE) else "further"


def weeks(chapters: list[Path], solutions: dict[str, Exercise]) -> str:
    """The table of all notebooks, and two ways through them."""
    rows = ["| chapter | path | minutes | exercise, minutes |", "|---|---|---|---|"]
    spent = {}
    for path in chapters:
        text = first_cell(path)
        exercise = solutions.get(path.stem)
        work = sum(q.minutes for q in exercise.questions) if exercise else 0
        spent[path.stem[:2]] = minutes(text) + work
        way = _way(path.stem)
        rows.append(f"| {title(text)} | {way} | {minutes(text)} | {work or '-'} |")
    core = [number for number in CORE if number in spent]
    hours = sum(spent[number] for number in ("00", *core) if number in spent) / 60
    rest = sum(spent.values()) / 60 - hours
    plan = (
        f"\n**One week**: chapter 0 and the core path, chapters {', '.join(str(int(n)) for n in core)}, about "
        f"{hours:.0f} hours with the exercises: two chapters a day and their exercises the day after.\n"
        f"\n**Four weeks**: (1) chapters 0 to 2, function classes and the block; (2) 3 and 4, depth; (3) 5, 6 "
        f"and 8, groups and connections; (4) 7, 9 and 10, gates, speed and choosing, and 11 for discussion. "
        f"The further chapters add about {rest:.0f} hours.\n"
    )
    return "\n".join(rows) + "\n" + plan


def sources() -> str:
    """The table of what the sources ask."""
    rows = []
    for who, asks, *places in ASKED:
        links = (
            f"[{int(name[:2])}: {heading}](../chapters/{name}.ipynb#{quote(texts.slug(heading))})"
            for name, heading in places
        )
        rows.append(f"| {who} | {asks} | {'; '.join(links)} |")
    return SOURCES + "\n".join(rows) + "\n"


def points(number: float) -> str:
    """So many points, in words."""
    return f"{number:g} point{'s' * (number != 1)}"


def question(item: Question) -> str:
    """One question: what it is worth, what it asks for, which mistakes are expected."""
    visible = sum(check.points for check in item.checks if not check.hidden)
    hidden = sum(check.points for check in item.checks if check.hidden)
    shares = f"{visible:g} visible" + (f", {hidden:g} hidden" if hidden else "")
    lines = [
        f"**{item.number}. {item.title}** ({points(item.points)}: {shares}; {item.minutes} minutes, "
        f"{item.difficulty}; objectives {objectives(item)}). Common mistakes:",
        "",
        *(f"- *{wrong.name}*: {wrong.sentence}" for wrong in item.wrong),
    ]
    return "\n".join(lines)


def concept_test() -> str:
    """How to use the concept test, and what each of its questions is about."""
    exercise = load(ROOT / "solutions" / f"{CONCEPT_TEST}.ipynb")[0]
    minutes = sum(item.minutes for item in exercise.questions)
    return "\n".join([BEFORE_AND_AFTER.format(minutes=minutes), *map(idea, exercise.questions)])


def idea(item: Question) -> str:
    """One question of the concept test: its idea, and what each wrong choice shows."""
    shown = "; ".join(f"*{wrong.name}*" for wrong in item.wrong)
    return f"- **{item.number}. {item.title}** (objectives {objectives(item)}): {shown}"


def objectives(item: Question) -> str:
    """The numbers of the objectives that a question names."""
    return ", ".join(re.findall(r"\d+\.\d+", " ".join(NAMED.findall(item.text))))


def page() -> str:
    """The whole page."""
    chapters = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
    paths = sorted((ROOT / "solutions").glob("[0-9]*.ipynb"))
    solutions = {path.stem: load(path)[0] for path in paths}
    parts = [HEAD, weeks(chapters, solutions), sources(), concept_test() + "\n"]
    for name, exercise in solutions.items():
        text = first_cell(ROOT / "chapters" / f"{name}.ipynb")
        goals = [
            f"- **{number}** {' '.join(goal.split())}" for number, goal in OBJECTIVE.findall(text)
        ]
        parts.append(f"## {title(text)}\n\nLearning goals:\n\n" + "\n".join(goals) + "\n")
        parts += [question(item) + "\n" for item in exercise.questions]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
