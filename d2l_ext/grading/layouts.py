"""Whose each item is: the forms in which learning platforms and people hand submissions over."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from d2l_ext.grading.archives import Item
from d2l_ext.grading.texts import printable

# lovelaceada_LATE_12345_67890_03_resnet.ipynb: name, mark, user, file, and what the file was called.
CANVAS = re.compile(r"^(?P<name>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)$")
# Ada Lovelace_12345_assignsubmission_file_: a folder, or with the file's name behind it.
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)$")
# ada+03_resnet+2026-11-23 08:00:00 UTC+abcdef: a folder in nbgrader's exchange.
INBOUND = re.compile(r"^(?P<name>[^+]+)\+(?P<rest>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d [^+]+)(\+.*)?$")
GRADESCOPE = "submission_metadata.yml"
# The folder that Gradescope puts around everything. Any other one may be a student's.
GRADESCOPE_FOLDER = re.compile(r"^assignment_\d+_export$")
TIMESTAMP = "timestamp.txt"
# Folders that hold everything and say nothing.
WRAPPERS = {"submissions", "submitted"}
# Of a file that is read for what it says of the others.
METADATA_LIMIT = 2**24
TEXT_LIMIT = 200


@dataclass(frozen=True)
class Owner:
    """A student, as the platform knows them, and what it says about the time.

    `group` names what several students handed in together.
    """

    student: str
    identifier: str = ""
    email: str = ""
    late: bool = False
    submitted: datetime | None = None
    group: str = ""


@dataclass
class HandIn:
    """What one student handed in; the names of the items are below the student's own folder."""

    owner: Owner
    items: list[Item] = field(default_factory=list)


def hand_ins(items: Iterable[Item]) -> list[HandIn]:
    """Sorts items by their students.

    Args:
        items: of a whole class.

    Returns:
        One for each student; flat files of no known form other than notebooks and zips are
        nobody's, and left out.
    """
    listed = unwrapped(list(items))
    submitters = _gradescope(listed)
    if not submitters and any(item.parts == (GRADESCOPE,) for item in listed):
        print(f"{GRADESCOPE} cannot be read: students go by their folders' names", file=sys.stderr)
    found: dict[Owner, HandIn] = {}
    for item in listed:
        for owner, own in _owners(item, submitters):
            found.setdefault(owner, HandIn(owner)).items.append(own)
    return list(found.values())


def passed_over(items: Iterable[Item]) -> list[str]:
    """The names of what lies among the submissions of a class and is nobody's."""
    listed = unwrapped(list(items))
    submitters = _gradescope(listed)
    nobodys = (i for i in listed if i.name != GRADESCOPE and not any(_owners(i, submitters)))
    return list(dict.fromkeys(item.parts[0] for item in nobodys))


def is_class(items: Iterable[Item]) -> bool:
    """Whether a zip holds the submissions of many, not of one student."""
    return any(
        item.parts == (GRADESCOPE,)
        or MOODLE.match(item.parts[0])
        or INBOUND.match(item.parts[0])
        or (len(item.parts) == 1 and CANVAS.match(item.name))
        for item in unwrapped(list(items))
    )


def unwrapped(items: list[Item], stem: str = "") -> list[Item]:
    """The items below a folder that holds them all and is nobody's own."""
    first = {item.parts[0] for item in items}
    if len(first) != 1 or any(len(item.parts) == 1 for item in items):
        return items
    (name,) = first
    export = GRADESCOPE_FOLDER.match(name)
    return [item.below(1) for item in items] if name in {*WRAPPERS, stem} or export else items


def times(hand_in: HandIn) -> dict[str, datetime | None]:
    """The times that nbgrader's exchange put beside a student's work, by the exercise's folder.

    There are none where another platform collected: such a file is then the student's own.
    """
    owner = hand_in.owner
    if owner.submitted or owner.identifier or owner.group:
        return {}
    own = (i for i in hand_in.items if i.parts[1:] == (TIMESTAMP,))
    return {item.parts[0]: _timestamp(item) for item in own}


def _timestamp(item: Item) -> datetime | None:
    if item.unsafe or item.is_folder:
        return None
    try:
        with item.open() as stream:
            return parse_time(stream.read(100).decode("utf-8", "replace"))
    except Exception:  # of many kinds, when a file or a zip's member will not open
        return None


def parse_time(text: str) -> datetime | None:
    """A time as nbgrader, Gradescope or a person writes it; without a zone it is in UTC."""
    text = re.sub(r"\s*(?:UTC|Z)$", "+00:00", text.strip())
    text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        time = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)", "", text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


# The platform's part of a name comes first; what a student called the file cannot pass for it.
def _owners(item: Item, submitters: dict[str, list[Owner]]) -> Iterator[tuple[Owner, Item]]:
    first, flat = item.parts[0], len(item.parts) == 1
    if first in submitters:
        for owner in submitters[first]:
            yield owner, item if flat else item.below(1)
    elif flat and (match := CANVAS.match(first)):
        owner = Owner(match["name"], match["id"], late=match["late"] is not None)
        yield owner, _renamed(item, match["rest"])
    elif match := MOODLE.match(first):
        own = _renamed(item, match["rest"]) if flat and match["rest"] else item
        yield Owner(match["name"], match["id"]), own if flat else item.below(1)
    elif match := INBOUND.match(first):
        yield (
            Owner(match["name"], submitted=parse_time(match["time"])),
            _renamed(item, match["rest"]),
        )
    elif not flat or item.is_folder:
        if not first.startswith("."):
            yield Owner(first), item if flat else item.below(1)
    elif item.suffix in (".ipynb", ".zip") and not first.startswith("."):
        yield Owner(first[: -len(item.suffix)]), item


def _renamed(item: Item, first: str) -> Item:
    return Item((first, *item.parts[1:]), item.open, item.unsafe, item.is_folder)


def _gradescope(items: list[Item]) -> dict[str, list[Owner]]:
    """Gradescope's own list: the submitters of each folder."""
    listing = next((item for item in items if item.parts == (GRADESCOPE,)), None)
    if listing is None or listing.unsafe:
        return {}
    import yaml  # it comes with JupyterLab

    try:
        with listing.open() as stream:
            loaded = yaml.safe_load(stream.read(METADATA_LIMIT))
    except Exception:  # of many kinds, from what will not open to a day that is none
        return {}
    entries = loaded.items() if isinstance(loaded, dict) else ()
    return {str(name): list(_submitters(str(name), entry)) for name, entry in entries}


def _submitters(folder: str, entry: Any) -> Iterator[Owner]:
    entry = entry if isinstance(entry, dict) else {}
    created = entry.get(":created_at")
    submitted = created if isinstance(created, datetime) else parse_time(str(created))
    if submitted and not submitted.tzinfo:
        submitted = submitted.replace(tzinfo=UTC)
    people = entry.get(":submitters")
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict) and person.get(":name"):
            said = (person.get(key) or "" for key in (":name", ":sid", ":email"))
            name, sid, email = (printable(str(text), TEXT_LIMIT) for text in said)
            yield Owner(name, sid or email, email, submitted=submitted, group=folder)
