"""From the trainer's results to models of the zoo: nothing is taken on trust."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from torch import Tensor

from d2l_ext import counting
from d2l_ext.training.failures import TrainingError
from d2l_ext.training.run import as_stored
from d2l_ext.zoo import files
from d2l_ext.zoo.datasets import test_images
from d2l_ext.zoo.files import ZooError
from d2l_ext.zoo.measuring import measure
from d2l_ext.zoo.model_card import Card, to_json
from d2l_ext.zoo.pretrained import Pretrained, assemble
from d2l_ext.zoo.results import Result, read_results, to_card
from d2l_ext.zoo.stored_predictions import pack

TOLERANCE = 5  # test images that the float32 of another machine may decide differently


@dataclass(frozen=True)
class Model:
    """A model that has been checked, ready to be written."""

    card: Card
    weights: bytes
    predictions: Tensor


def add(
    folders: Iterable[Path], replacing: bool = False, tell: Callable[[str], object] = print
) -> list[Card]:
    """Check folders of `d2l-ext train` and make models of them.

    Folders of one model with several seeds become one model: the weights are those of the smallest
    seed, not of the best, and the card has the accuracies of all. All models are checked before
    the first is written.

    Args:
        folders: Each with `result.json`, `weights.safetensors` and `predictions.npy`.
        replacing: Whether a model that is there already may be replaced.
        tell: Called with a line for each step.

    Returns:
        The cards.

    Raises:
        ZooError: A folder is not complete, or does not hold what it claims; or the model is there.
        DataError: The test set is not on this machine.
    """
    results = read_results(folders)
    there = [name for name in results if name in files.list_models()]
    if there and not replacing:
        raise ZooError(f"in the zoo already: {', '.join(there)}; --replace replaces")
    models = []
    for name, runs in results.items():
        tell(f"{name}: measuring the accuracy of the stored weights")
        models.append(check(runs))
    for model in models:
        _write(model)
    return [model.card for model in models]


def check(results: Sequence[Result]) -> Model:
    """A model from its runs, the one with the weights first.

    Raises:
        ZooError: Something is not as they claim.
    """
    first = results[0]
    weights = _stored_weights(first)
    card = to_card(results, hashlib.sha256(weights).hexdigest())
    for result in results:
        _check_predictions(card, result)
    net = assemble(card, weights)
    _check_counts(card, net)
    predictions, right = measure(card, net)
    if abs(right - first.record["right"]) > TOLERANCE:
        raise ZooError(
            f"{first.folder} claims {first.record['right']:,} right answers, but its weights give "
            f"{right:,}"
        )
    runs = (replace(card.runs[0], right=right), *card.runs[1:])
    return Model(replace(card, runs=runs), weights, predictions)


def _stored_weights(result: Result) -> bytes:
    """The weights as they are stored, see `training.run.as_stored`.

    Raises:
        ZooError: The file is damaged, or holds what is not finite.
    """
    try:
        return serialise(as_stored(parse(result.weights)))
    except (SafetensorError, TrainingError) as error:
        raise ZooError(f"{result.folder}: the weights are damaged ({error})") from None


def _check_predictions(card: Card, result: Result) -> None:
    """Be sure that a run's predictions give the accuracy that it claims.

    Raises:
        ZooError: They do not.
    """
    labels, predictions = test_images(card).val.labels, result.predictions
    right = int((predictions == labels).sum()) if predictions.shape == labels.shape else 0
    if right != result.record["right"]:
        raise ZooError(
            f"{result.folder} claims {result.record['right']:,} right answers, but its "
            f"predictions.npy has {right:,}"
        )


def _check_counts(card: Card, net: Pretrained) -> None:
    """Be sure that the network still is the one that was trained.

    Raises:
        ZooError: Its parameters or MACs are others.
    """
    summary = counting.summarize(net.net, card.input_size)
    if (summary.parameters, summary.macs) != (card.parameters, card.macs):
        raise ZooError(
            f"{card.name} claims {card.parameters:,} parameters and {card.macs:,} MACs, but "
            f"{card.network} has {summary.parameters:,} and {summary.macs:,}: it was trained with "
            "another version of the network"
        )


def _write(model: Model) -> None:
    """Write a model's files, the card last: what has a card is whole."""
    name = model.card.name
    for path, content in (
        (files.weights_file(name), model.weights),
        (files.predictions_file(name), pack(model.predictions)),
        (files.card_file(name), to_json(model.card).encode()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(content)
        temporary.replace(path)
