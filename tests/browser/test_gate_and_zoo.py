"""The explorers of trained networks with a zoo of the test's own, whatever the course's holds."""

import json

import pytest

from d2l_ext import explorers
from d2l_ext.explorers import gate_measurements, gate_reading
from d2l_ext.zoo import files
from tests.browser.test_every_explorer import load
from tests.explorers import standins

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """A zoo of six models and one with gates, and its measurements."""
    folder = tmp_path_factory.mktemp("stocked")
    standins.fill(folder, 6)
    sha256 = standins.add_gated(folder, gate_reading.MODEL)
    found = gate_measurements.measure(standins.gated(), *standins.images(400))
    text = json.dumps({"model": gate_reading.MODEL, "sha256": sha256, **found})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "FOLDER", folder)
        patch.setattr(gate_reading, "file_of", lambda model: folder / f"{model}.json")
        gate_reading.file_of(gate_reading.MODEL).write_text(text)
        gate_reading.read.cache_clear()
        yield folder
    gate_reading.read.cache_clear()


def test_models_are_chosen_from_the_table_by_key_and_in_the_picture(visit, stocked):
    opened = visit()
    explorer = explorers.ZooExplorer(chosen=())
    root = load(opened, explorer)
    assert root.locator("figure.d2l-zoo-plot").last.is_hidden()
    first, second = (model["name"] for model in explorer.models[:2])
    root.get_by_role("button", name=first).focus()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Space")
    line = root.locator(".d2l-line code").last
    assert line.inner_text() == f"explorers.ZooExplorer(chosen=('{first}', '{second}'))"
    assert root.locator(".d2l-mcnemar td").count() == 4
    assert root.locator(".d2l-cards dl").count() == 4
    root.locator(f"[data-name={first}]").click()
    assert line.inner_text() == f"explorers.ZooExplorer(chosen=('{second}',))"
    assert root.locator(".d2l-mcnemar").count() == 0


def test_pictures_in_the_page_are_of_the_images_that_they_name(visit, stocked):
    opened = visit()
    explorer = explorers.ZooExplorer()
    root = load(opened, explorer)
    tile = root.locator(".d2l-thumb").nth(1)
    words = tile.get_attribute("aria-label")
    number, name = words.removeprefix("Test image ").split(": ")
    X, y = standins.images(10_000)
    assert explorer.catalogue["classes"][int(y[int(number)])] == name
    drawn = tile.evaluate(
        """async (node) => {
          const address = getComputedStyle(node).backgroundImage.slice(5, -2);
          const image = Object.assign(new Image(), { src: address });
          await image.decode();
          const pen = Object.assign(document.createElement('canvas'), { width: 28, height: 28 })
            .getContext('2d');
          const [, down] = getComputedStyle(node).backgroundPosition.split(' ');
          pen.drawImage(image, 0, -(image.height - 28) * parseFloat(down) / 100);
          return [...pen.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
        }"""
    )
    assert drawn == (255 * X[int(number)].flatten()).round().int().tolist()


def test_a_gate_is_moved_by_key_and_its_bar_and_the_probabilities_follow(visit, stocked):
    opened = visit()
    explorer = explorers.GateExplorer(stage=3, block=3, image="bag", channel=4)
    root = load(opened, explorer)
    after = root.locator(".d2l-after").nth(0)
    before = after.inner_text()
    root.get_by_label("Gate", exact=True).press("Home")
    explorer.gate = 0
    label = explorer.measurements["classes"].index("bag")
    told = root.locator(".d2l-lead").inner_text()
    own, moved = (f"{100 * p[label]:.1f} %" for p in explorer.probabilities())
    assert told.endswith(f"bag: {own}, then {moved}.") or f"then {moved}." in told
    assert root.locator(".d2l-line code").last.inner_text() == repr(explorer)
    root.get_by_role("button", name="Gate as computed").click()
    assert after.inner_text() == before
    root.locator(".d2l-gates [data-channel='7']").first.click()
    assert root.get_by_label("Channel", exact=True).input_value() == "7"
    root.get_by_role("button", name="stage 1, block 2").press("Enter")
    assert root.get_by_label("Stage", exact=True).input_value() == "1"


def test_what_the_kernel_computed_is_shown_for_these_settings_and_no_others(visit, stocked):
    explorer = explorers.GateExplorer(channel=1, gate=0)
    key = [3, 3, 1, 0, "ankle boot"]
    explorer.measured = {"key": key, "logits": [0.0] * 9 + [9.0]}
    root = load(visit(), explorer)
    assert "Computed by the network" in root.locator(".d2l-sides + p").inner_text()
    assert "99.9 %" in root.locator(".d2l-after").nth(0).inner_text()
    root.get_by_label("Gate", exact=True).press("End")
    assert "a straight line" in root.locator(".d2l-sides + p").inner_text()
