"""A card as text and as HTML: first what a learner needs, the provenance folded below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from d2l_ext.zoo.drawing import alternative_text, learning_curve
from d2l_ext.zoo.model_card import Card

Rows = list[tuple[str, str]]
LEFT = ' style="text-align:left"'


def text(card: Card) -> str:
    """The card in a terminal."""
    rows = [*facts(card), ("curve", alternative_text(card)), *provenance(card)]
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {value}" for label, value in rows]
    return "\n".join([heading(card), *lines])


def html(card: Card) -> str:
    """The card in a notebook; it takes the colours of the page around it."""
    return (
        f"<p><strong>{escape(card.name)}</strong>: {escape(subject(card))}</p>"
        f"{facts_table(facts(card))}{learning_curve(card)}"
        f"<details><summary>How it was trained, and where it comes from</summary>"
        f"{facts_table(provenance(card))}</details>"
    )


def heading(card: Card) -> str:
    """Name and subject in a line."""
    return f"{card.name}: {subject(card)}"


def subject(card: Card) -> str:
    """Network and data."""
    return f"{card.network}{_settings(card.settings)} on {card.data}"


def facts(card: Card) -> Rows:
    """What a learner needs first."""
    rows = [
        (
            "accuracy",
            f"{percent(card)}: {card.right:,} of {card.test_images:,} test images right",
        )
    ]
    if card.spread is not None:
        values = ", ".join(f"{accuracy:.2%}" for accuracy in card.accuracies.values())
        rows.append(
            ("other seeds", f"{values} with the first; standard deviation {card.spread:.2%}")
        )
    rows += [
        ("parameters", f"{card.parameters:,}"),
        ("MACs", f"{card.macs:,} for one image"),
        ("input", f"{' x '.join(map(str, card.input_size))}, from 0 to 1"),
        ("trained with", f"{card.train_images:,} images, {len(card.epochs)} epochs"),
        ("trained on", f"{card.hardware}, {duration(card.seconds)}"),
    ]
    if card.teaches:
        rows.append(("teaches", card.teaches))
    return rows


def provenance(card: Card) -> Rows:
    """How it was trained, and where it comes from."""
    run = card.runs[0]
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return [
        ("recipe", recipe_text(card.recipe)),
        ("seed of the weights", str(run.seed)),
        ("throughput", f"{run.images_per_second:,.0f} training images per second"),
        ("finished", run.finished),
        ("versions", versions),
        ("commit", run.commit or "not known"),
        ("normalisation", f"mean {_numbers(card.mean)}, deviation {_numbers(card.std)}"),
        ("SHA-256 of the weights", card.sha256),
        ("licence", card.licence),
    ]


def percent(card: Card) -> str:
    """The accuracy with its standard error."""
    return f"{card.accuracy:.2%} ± {card.standard_error:.2%}"


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 s, 12 min, 1 h 30 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def recipe_text(recipe: Mapping[str, object]) -> str:
    """A recipe's settings that are not named elsewhere."""
    elsewhere = ("name", "network", "settings", "data", "seeds")
    return ", ".join(
        f"{key} = {value}"
        for key, value in recipe.items()
        if key not in elsewhere and value is not None
    )


def _settings(settings: dict[str, object]) -> str:
    inside = ", ".join(f"{key}={value}" for key, value in settings.items())
    return f" ({inside})" if inside else ""


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def facts_table(rows: Rows) -> str:
    """Labels and what they say, as HTML."""
    body = "".join(
        f'<tr><th scope="row"{LEFT}>{escape(label)}</th><td{LEFT}>{escape(value)}</td></tr>'
        for label, value in rows
    )
    return f"<table><tbody>{body}</tbody></table>"
