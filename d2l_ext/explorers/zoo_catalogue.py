"""What the page of the zoo explorer knows: every model's card, and where any two of them disagree."""

from __future__ import annotations

import gzip
import json
import zlib
from functools import cache, lru_cache
from itertools import combinations, islice, permutations
from pathlib import Path
from typing import Any

from d2l_ext.explorers import zoo_images
from d2l_ext.zoo import files, show
from d2l_ext.zoo.comparison import Comparison
from d2l_ext.zoo.files import ZooError
from d2l_ext.zoo.model_card import Card, read

LATENCY = Path(__file__).with_name("zoo_latency.json")
COMPARABLE = "Fashion-MNIST"  # its test images come with the package
EACH = 6  # images, if there are so many, that one of two models gets right and the other wrong
MOST = 80  # images on the sheet


@cache
def bundled_latency() -> dict[str, Any]:
    """Latencies on a named machine, by `python -m benchmarks.zoo --write`."""
    if not LATENCY.exists():
        return {"machine": "", "ratios": {}}
    return json.loads(LATENCY.read_text(encoding="utf-8"))


def catalogue() -> dict[str, Any]:
    """All models, the most accurate first, in the form that the page reads."""
    cards, problems = [], []
    for name in files.list_models():
        try:
            cards.append(read(name))
        except ZooError as error:
            problems.append(str(error))
    cards.sort(key=lambda card: (-card.accuracy, card.name))
    models = {card.name: _model(card) for card in cards}
    known = [card for card in cards if card.data == COMPARABLE]
    try:
        compared = _compared(files.FOLDER, tuple((card.name, card.sha256) for card in known))
    except (OSError, EOFError, zlib.error, ZooError) as error:
        problems.append(f"the predictions cannot be read: {error}")
        compared = _NOTHING
    for name, classes in compared["predictions"].items():
        models[name]["predictions"] = classes
    return {
        "models": list(models.values()),
        "pairs": compared["pairs"],
        "images": compared["images"],
        "classes": zoo_images.CLASSES,
        "latency": bundled_latency(),
        "problems": problems,
    }


_NOTHING: dict[str, Any] = {
    "pairs": {},
    "predictions": {},
    "images": {"sheet": "", "numbers": [], "labels": []},
}


def _model(card: Card) -> dict[str, Any]:
    """One model; accuracies by epoch as whole numbers of ten thousandths."""
    return {
        "name": card.name,
        "data": card.data,
        "right": card.right,
        "images": card.test_images,
        "parameters": card.parameters,
        "macs": card.macs,
        "test": [round(10_000 * epoch["val_acc"]) for epoch in card.epochs],
        "training": [round(10_000 * epoch["train_acc"]) for epoch in card.epochs],
        "facts": show.facts(card),
        "provenance": show.provenance(card),
    }


@lru_cache(maxsize=4)
def _compared(folder: Path, models: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Every pair of models: in how many images both, one or none is right, and a sheet of examples.

    Args:
        folder: The zoo's, so that another zoo is not taken for this one.
        models: Names, and hashes of the weights, by which a model trained anew is another.

    Raises:
        OSError, EOFError, zlib.error, ZooError: Predictions are missing or damaged.
    """
    truth = zoo_images.labels()
    classes, right, masks = {}, {}, {}
    for name, _ in models:
        path = files.predictions_file(name)
        classes[name] = gzip.decompress(files.content(path))
        if len(classes[name]) != len(truth):
            raise ZooError(f"{path} has {len(classes[name])} of {len(truth)}; {files.mend(path)}")
        right[name] = [a == b for a, b in zip(classes[name], truth, strict=True)]
        masks[name] = int("".join("01"[one] for one in right[name]), 2)
    pairs = {}
    for a, b in combinations(masks, 2):
        both, either = (masks[a] & masks[b]).bit_count(), (masks[a] | masks[b]).bit_count()
        only_a, only_b = masks[a].bit_count() - both, masks[b].bit_count() - both
        found = Comparison(a, b, both, only_a, only_b, len(truth) - either)
        pairs[f"{a} {b}"] = [both, only_a, only_b, found.neither, f"{found.p_value:.2g}"]
    shown = _examples(right)
    return {
        "pairs": pairs,
        "predictions": {name: [classes[name][i] for i in shown] for name in classes},
        "images": {
            "sheet": zoo_images.sheet(shown),
            "numbers": shown,
            "labels": [truth[i] for i in shown],
        },
    }


def _examples(right: dict[str, list[bool]]) -> list[int]:
    """Test images that show where any two models disagree, few of them for many pairs."""
    count = len(right)
    votes = [sum(votes) for votes in zip(*right.values(), strict=True)]
    disputed = [i for i, yes in enumerate(votes) if 0 < yes < count]
    disputed.sort(key=lambda i: (-votes[i] * (count - votes[i]), i))
    shown: set[int] = set()
    for wanted in range(1, EACH + 1):  # one for each pair before a second for any
        for a, b in permutations(right.values(), 2):
            if len(shown) == MOST or sum(a[i] and not b[i] for i in shown) >= wanted:
                continue
            example = (i for i in disputed if a[i] and not b[i] and i not in shown)
            shown.update(islice(example, 1))
    return sorted(shown)
