"""The dots and lines of the grouped-convolution explorer, by keyboard and by mouse."""

import pytest

from d2l_ext import explorers
from tests.browser.test_every_explorer import load

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    opened = visit()
    opened.root = load(opened, explorers.GroupedConvolutionExplorer())
    yield opened
    assert opened.errors == []


def lit(page):
    """How many dots of each column are lit, told by position."""
    columns = {}
    for dot in page.root.locator(".d2l-dot.d2l-lit").all():
        left = round(dot.bounding_box()["x"])
        columns[left] = columns.get(left, 0) + 1
    return [columns[left] for left in sorted(columns)]


def test_a_channel_lights_up_what_it_reaches_by_keyboard(page):
    page.root.get_by_role("button", name="input channel 0, group 0").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.page.keyboard.press(key)
    assert lit(page) == [1, 4, 4]
    assert "Input channel 2 reaches 4 of 12 outputs." in page.root.locator(".d2l-lead").inner_text()
    page.root.get_by_label("shuffle").check()
    assert lit(page) == [1, 4, 4, 12]
    line = page.root.locator(".d2l-line code").last
    assert line.inner_text() == "explorers.GroupedConvolutionExplorer(shuffle=True, channel=2)"
    page.root.get_by_role("button", name="input channel 2, group 0").focus()
    page.page.keyboard.press("End")
    page.page.keyboard.press("Escape")
    assert lit(page) == []


def test_a_click_chooses_a_channel_and_another_lets_it_go(page):
    dot = page.root.get_by_role("button", name="input channel 7, group 1")
    dot.click()
    assert dot.get_attribute("aria-pressed") == "true"
    assert lit(page) == [1, 4, 4]
    dot.click()
    assert lit(page) == []


def test_groups_that_do_not_divide_are_explained_with_a_button(page):
    page.root.get_by_label("Groups", exact=True).fill("5")
    problem = page.root.locator(".d2l-problem")
    assert (
        "5 does not divide in_channels = 12 (12 = 5 x 2 + 2). Try 4 or 6." in problem.inner_text()
    )
    assert page.root.locator(".d2l-dimmed").count() == 1
    problem.get_by_role("button", name="Use cardinality = 4").click()
    assert problem.is_hidden()
    assert page.root.get_by_label("Groups", exact=True).input_value() == "4"


def test_a_guess_comes_before_the_answer(page):
    page.root.get_by_label("predict first").check()
    assert page.root.locator(".d2l-wires").is_hidden()
    question = page.root.get_by_role("group", name="How many of the 12 outputs")
    question.get_by_role("button", name="12", exact=True).click()
    assert page.root.locator(".d2l-verdict").inner_text().startswith("No: 4. Without a shuffle")
    assert page.root.locator(".d2l-wires").is_visible()
    page.root.get_by_label("shuffle").check()
    assert page.root.locator(".d2l-wires").is_hidden()


def test_many_channels_are_shown_as_matrices_alone(page):
    page.root.get_by_label("Channels in", exact=True).fill("48")
    assert page.root.locator(".d2l-wires").is_hidden()
    assert page.root.locator(".d2l-matrix:visible").count() == 3
