"""The residual explorer in a browser: two blocks, the fused form, the code, the guess."""

import pytest

from d2l_ext import explorers
from tests.browser.test_every_explorer import load

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    opened = visit()
    opened.root = load(opened, explorers.ResidualExplorer())
    yield opened
    assert opened.errors == []


def line(page):
    return page.root.locator(".d2l-line code").last.inner_text()


def control(page, name):
    return page.root.get_by_label(name, exact=True)


def test_two_blocks_stand_side_by_side_with_their_drawings_in_words(page):
    blocks = page.root.locator(".d2l-block:visible")
    boxes = [blocks.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    assert blocks.first.locator(".d2l-diagram").get_attribute("aria-label") == (
        "Original. Branch: 3 × 3, 64, BN, ReLU, 3 × 3, 64, BN. Shortcut: the identity. Then: +, ReLU."
    )
    assert "64 × 56 × 56: 73,984 parameters, 231.2 M MACs" in blocks.nth(1).inner_text()
    control(page, "Compare with").select_option("")
    assert blocks.count() == 1
    assert line(page) == "explorers.ResidualExplorer(compare=None)"


def test_a_shape_that_changes_gives_the_shortcut_a_convolution(page):
    control(page, "Stride").focus()
    page.page.keyboard.press("ArrowUp")
    block = page.root.locator(".d2l-block").first
    assert "Shortcut: 1 × 1, 64, /2, BN." in block.locator(".d2l-diagram").get_attribute(
        "aria-label"
    )
    assert "64 × 28 × 28: 78,208 parameters" in block.inner_text()


def test_the_fused_form_says_what_stays(page):
    control(page, "Block").select_option("full_preact")
    control(page, "fused").check()
    text = page.root.locator(".d2l-folding").first.inner_text()
    assert "7 layers become 3 operations" in text and "bn1 stays" in text


def test_a_depth_moves_through_the_curves(page):
    control(page, "Blocks").focus()
    page.page.keyboard.press("End")
    row = page.root.locator(".d2l-gains tbody tr").nth(1)
    assert "9.3 × 10^13" in row.inner_text()
    assert page.root.get_by_role("heading", name="Through 100 blocks").count() == 1


def test_usual_settings_are_those_of_the_paper(page):
    control(page, "Block").select_option("bottleneck")
    page.root.get_by_role("button", name="Usual settings").click()
    assert line(page) == (
        "explorers.ResidualExplorer(block='bottleneck', channels=256, out_channels=256)"
    )


def test_the_curves_stay_covered_until_a_guess_is_made(page):
    control(page, "Block").select_option("plain")
    control(page, "predict first").check()
    curves = page.root.locator(".d2l-plots")
    assert curves.is_hidden()
    page.root.get_by_role("button", name="It explodes: above 1000").click()
    assert curves.is_visible()
    assert "Yes. Measured: 1200." in page.root.locator(".d2l-predict").inner_text()


def test_an_impossible_setting_is_explained_with_a_way_out(page):
    control(page, "Block").select_option("highway")
    control(page, "Channels out").fill("128")
    problem = page.root.locator(".d2l-problem")
    assert "out_channels = 128 must be channels = 64. Try 64." in problem.inner_text()
    problem.get_by_role("button", name="Use out_channels = 64").click()
    assert problem.is_hidden()


def test_the_code_opens_from_the_keyboard(page):
    summary = page.root.locator("summary").first
    summary.focus()
    page.page.keyboard.press("Enter")
    code = page.root.locator(".d2l-program code").first
    assert "class Block(nn.Module):" in code.inner_text()
    assert "        return F.relu(Y + X)\n" in code.inner_text()
