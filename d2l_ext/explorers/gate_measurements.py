"""The gates of a trained network on real images, and what moving one of them does. Needs torch.

python -m d2l_ext.explorers.gate_measurements [MODEL]

Writes what the gate explorer carries; to be run again when the model is trained anew.
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from d2l_ext import zoo
from d2l_ext.explorers.gate_reading import MODEL, file_of
from d2l_ext.explorers.zoo_images import CLASSES
from d2l_ext.networks.senet import SqueezeExcitation
from d2l_ext.zoo.datasets import test_images


def excitations(net: nn.Module) -> list[tuple[int, int, SqueezeExcitation]]:
    """The blocks that have gates, each with its stage and its place there, counted from 1."""
    found = []
    for name, module in net.named_modules():
        if isinstance(module, SqueezeExcitation):
            stage, block = name.removesuffix(".se").split(".")[-2:]
            found.append((int(stage.removeprefix("layer")), int(block) + 1, module))
    return found


@contextmanager
def listening(modules: Sequence[SqueezeExcitation]) -> Iterator[list[Tensor]]:
    """Pre-activations (N, C) of every module, those of the last forward pass."""
    heard = [torch.empty(0) for _ in modules]

    def note(i: int) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            heard[i] = output.flatten(1)

        return hook

    with ExitStack() as stack:
        for i, module in enumerate(modules):
            stack.callback(module.fc2.register_forward_hook(note(i)).remove)
        yield heard


@torch.inference_mode()
def logits_with(net: nn.Module, image: Tensor, module: SqueezeExcitation, gates: Tensor) -> Tensor:
    """The scores of one image (1, C, H, W) for each row of gates (N, channels) of one module."""

    def replace(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        return inputs[0] * gates[:, :, None, None]

    handle = module.register_forward_hook(replace)
    try:
        return net(image.expand(len(gates), -1, -1, -1))
    finally:
        handle.remove()


@torch.inference_mode()
def measure(net: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """All that the page shows of a network.

    For each class one image is taken: of those that the network gets right, the one with the least
    margin. For each of its gates, what the scores become with the gate at 0, at its mean over all
    images, and at 1, the others as computed.

    Args:
        net: In eval mode, with its normalisation.
        images: (N, C, H, W), from 0 to 1.
        labels: (N,), each class at least once.

    Returns:
        'blocks', each with its gates averaged over the images of each class, in thousandths; and
        'images', with their scores, their pre-activations, and the changes of the scores as bytes.

    Raises:
        ValueError: The network gets no image of a class right.
    """
    found = excitations(net)
    modules = [module for _, _, module in found]
    scores: list[Tensor] = []
    before: list[list[Tensor]] = [[] for _ in found]
    with listening(modules) as heard:
        for X in tqdm(images.split(250), desc="gates of all images", leave=False):
            scores.append(net(X))
            for kept, values in zip(before, heard, strict=True):
                kept.append(values)
    logits, pre = torch.cat(scores), [torch.cat(values) for values in before]
    blocks = []
    for (stage, block, _), values in zip(found, pre, strict=True):
        gates = values.sigmoid()
        by_class = torch.stack([gates[labels == i].mean(0) for i in range(len(CLASSES))])
        blocks.append(
            {
                "stage": stage,
                "block": block,
                "mean": thousandths(gates.mean(0)),
                "by_class": [thousandths(row) for row in by_class],
            }
        )
    numbers = close_calls(logits, labels)
    shown = []
    for number in tqdm(numbers, desc="moved gates", leave=False):
        mine = [
            moved(net, images[number : number + 1], logits[number], module, values[number], block)
            for module, values, block in zip(modules, pre, blocks, strict=True)
        ]
        shown.append(
            {
                "number": number,
                "label": int(labels[number]),
                "logits": [round(value, 3) for value in logits[number].tolist()],
                "blocks": mine,
            }
        )
    return {"blocks": blocks, "images": shown}


def close_calls(logits: Tensor, labels: Tensor) -> list[int]:
    """For each class the position of the right answer with the least margin.

    Raises:
        ValueError: The network gets no image of a class right.
    """
    top = logits.softmax(dim=1).topk(2, dim=1)
    margin = top.values[:, 0] - top.values[:, 1]
    wrong = top.indices[:, 0] != labels
    if missing := set(range(len(CLASSES))) - set(labels[~wrong].tolist()):
        names = ", ".join(CLASSES[i] for i in sorted(missing))
        raise ValueError(f"the network gets no image right of: {names}; train it longer")
    return [
        int(margin.masked_fill(wrong | (labels != i), torch.inf).argmin())
        for i in range(len(CLASSES))
    ]


def moved(
    net: nn.Module,
    image: Tensor,
    logits: Tensor,
    module: SqueezeExcitation,
    pre: Tensor,
    block: dict[str, Any],
) -> dict[str, Any]:
    """How the scores of one image change when one gate of one block is at 0, at its mean, or at 1.

    Returns:
        'pre', the pre-activations (channels,); 'scale' and 'changes', which give the change of score
        k with gate c at value v as scale * changes[c, v, k], whole numbers from -127 to 127 as bytes.
    """
    channels = len(pre)
    mean = torch.tensor(block["mean"]) / 1000
    values = torch.stack([torch.zeros(channels), mean, torch.ones(channels)], dim=1)
    gates = pre.sigmoid().repeat(channels, 3, 1)
    gates[torch.arange(channels), :, torch.arange(channels)] = values
    changes = logits_with(net, image, module, gates.flatten(0, 1)) - logits
    scale = float(changes.abs().max()) / 127 or 1.0
    whole = (changes / scale).round().to(torch.int8)
    return {
        "pre": [round(value, 3) for value in pre.tolist()],
        "scale": float(f"{scale:.4g}"),
        "changes": base64.b64encode(whole.numpy().tobytes()).decode(),
    }


def thousandths(values: Tensor) -> list[int]:
    """Whole numbers, which are short in JSON."""
    return (1000 * values).round().int().tolist()


@lru_cache(maxsize=1)
def prepared(model: str, sha256: str) -> tuple[nn.Module, Tensor]:
    """A model, and the test images as it takes them; kept, so that a change by hand takes no time."""
    batches = test_images(zoo.card(model)).val_dataloader()
    return zoo.load(model), torch.cat([X for X, _ in batches])


def probe(
    model: str, number: int, stage: int, block: int, channel: int, gate: float
) -> list[float]:
    """The scores of a test image with one gate moved, by the network itself.

    Args:
        model: Of the zoo.
        number: Position of the image in the test set.
        stage: Counted from 1, as are the block and the channel.
        block: In the stage.
        channel: In the block.
        gate: What the network multiplies that channel by.

    Raises:
        ZooError: There is no such model, or its weights are missing or damaged.
    """
    net, images = prepared(model, zoo.card(model).sha256)
    image = images[number : number + 1]
    (module,) = [m for at, place, m in excitations(net) if (at, place) == (stage, block)]

    def replace(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        output[:, channel - 1] = torch.tensor(gate).logit()  # of which the sigmoid is the gate
        return output

    handle = module.fc2.register_forward_hook(replace)
    try:
        with torch.inference_mode():
            return net(image)[0].tolist()
    finally:
        handle.remove()


def main(model: str) -> None:
    """Measure a model of the zoo, and write what is found beside this file."""
    card = zoo.card(model)
    labels = test_images(card).val.labels
    found = measure(*prepared(model, card.sha256), labels)
    document = {"model": model, "sha256": card.sha256, **found}
    path = file_of(model)
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"written to {path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=MODEL)
    main(**vars(parser.parse_args()))
