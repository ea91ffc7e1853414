"""The function class explorer in a browser: the target by mouse and keyboard, real functions."""

import re

import pytest

from d2l_ext import explorers
from tests.browser.test_every_explorer import load

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    opened = visit()
    opened.root = load(opened, explorers.FunctionClassExplorer())
    yield opened
    assert opened.errors == []


def line(page):
    return page.root.locator(".d2l-line code").last.inner_text()


def control(page, name):
    return page.root.get_by_label(name, exact=True)


def star(page):
    return page.root.get_by_role("application")


def test_arrows_move_the_target_and_the_focus_stays(page):
    star(page).focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.page.keyboard.press(key)
    assert line(page) == "explorers.FunctionClassExplorer(target=(2.2, 1.6))"
    assert star(page).get_attribute("aria-label").startswith("Target at x = 2.2, y = 1.6.")
    assert star(page).evaluate("e => document.activeElement === e")


def test_the_target_is_dragged_and_stays_within_the_plane(page):
    box, mouse = star(page).bounding_box(), page.page.mouse
    plane = page.root.locator(".d2l-plane").bounding_box()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2, steps=5)
    x, y = map(float, re.findall(r"-?[\d.]+", star(page).get_attribute("aria-label"))[:2])
    assert (x, y) == pytest.approx((0.5, 0), abs=0.05)
    mouse.move(plane["x"] + 2 * plane["width"], plane["y"] - 500)
    mouse.up()
    assert line(page) == "explorers.FunctionClassExplorer(target=(4, 3))"


def test_classes_that_are_larger_and_further_away_are_named(page):
    said = page.root.locator(".d2l-said")
    assert said.inner_text() == (
        "Nearest: F₃, at 0.689. Larger than the class before and yet further away: F₄, F₅."
    )
    control(page, "Classes").select_option("nested")
    assert "the distance never goes up" in said.inner_text()


def test_real_functions_are_one_choice_away(page):
    control(page, "Show").select_option("splines")
    control(page, "Truth").select_option("kink")
    assert control(page, "Target x").is_disabled()
    rows = page.root.locator(".d2l-classes tbody tr")
    assert rows.count() == 8
    assert "0.000" in rows.nth(2).inner_text() and "↑ further away" in rows.nth(3).inner_text()
    rows.nth(3).get_by_role("button").click()
    assert page.root.locator(".d2l-fit [role=img]").get_attribute("aria-label") == (
        "Dashed: the truth; solid: the best member with 4 pieces."
    )


def test_polynomials_are_nested_and_nothing_else(page):
    control(page, "Show").select_option("polynomials")
    problem = page.root.locator(".d2l-problem")
    assert "so these classes are nested" in problem.inner_text()
    problem.get_by_role("button", name="Use classes = nested").click()
    assert problem.is_hidden()
    assert line(page) == (
        "explorers.FunctionClassExplorer(classes='nested', functions='polynomials')"
    )


def test_the_distances_stay_covered_until_a_guess_is_made(page):
    control(page, "predict first").check()
    table, links = page.root.locator(".d2l-classes"), page.root.locator(".d2l-plane path")
    assert table.is_hidden() and links.count() == 1
    page.root.get_by_role("button", name="F₅").first.click()
    assert table.is_visible() and links.count() == 6
    assert page.root.locator(".d2l-verdict").inner_text().startswith("No: F₃.")
