"""The layer explorer in a real JupyterLab, and in an exported page with the network cut off."""

import re

import nbformat
import pytest

from tests.browser.looks import FAINT, WIDE
from tools.jupyterlab import Lab

pytestmark = pytest.mark.browser

SHOW = "from d2l_ext import explorers\nexplorer = explorers.LayerExplorer({})\nexplorer"


class Explorer:
    """An explorer on a page, as someone who looks at it and types would describe it."""

    def __init__(self, opened, frame=None):
        self.opened, self.page = opened, opened.page
        self.root = (frame or opened.page).locator(".d2l-explorer")
        self.root.locator("tbody tr").first.wait_for(timeout=10_000)

    def control(self, name):
        return self.root.get_by_label(name, exact=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def row(self, name, table=0):
        return self.tables().nth(table).locator(f"tbody tr:has(button[title='{name}'])")

    def opener(self, name, table=0):
        return self.row(name, table).get_by_role("button")

    def tables(self):
        return self.root.locator("table:visible")

    def rows(self, table=0):
        return self.tables().nth(table).locator("tbody tr").count()

    def headline(self, table=0):
        return self.tables().nth(table).locator("caption").inner_text()

    def line(self):
        return self.root.locator("code").last.inner_text()


@pytest.fixture(scope="module")
def shared(lab):
    """One notebook for the tests that each begin with Reset; its other cells are empty."""
    return Explorer(lab.open(SHOW.format(""), "", ""))


@pytest.fixture
def explorer(shared):
    shared.root.get_by_role("button", name="Reset").click()
    yield shared
    assert shared.opened.errors == []
    assert shared.opened.requests == []


def test_it_appears_within_seconds_of_running_the_cell(explorer):
    assert explorer.headline() == (
        "ResNet-18 on 3 × 224 × 224: 11,689,512 parameters, 1.814 G MACs"
    )
    assert explorer.rows() == 11


def test_arrows_home_and_end_turn_a_number(explorer):
    explorer.control("Height").focus()
    explorer.press("ArrowUp")
    assert "3 × 225 × 225" in explorer.headline()
    explorer.press("Home")
    assert "3 × 1 × 1" in explorer.headline()
    explorer.press("End", "PageDown")
    assert "3 × 2016 × 2016" in explorer.headline()


def test_a_burst_of_keys_ends_at_the_last_value(explorer):
    explorer.control("Channels").focus()
    explorer.press(*["ArrowUp"] * 30)
    assert "33 × 224 × 224" in explorer.headline()


def test_rows_open_from_network_to_layer_by_keyboard(explorer):
    explorer.opener("conv1").focus()
    explorer.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight")
    assert explorer.rows() == 13
    explorer.press("ArrowRight", "Enter")
    assert explorer.row("layer1.0.conv1").count() == 1
    explorer.press("ArrowRight", "Enter")
    assert "64 × 64 × 3 × 3 weights = 36,864" in explorer.root.locator(".d2l-detail").inner_text()
    assert explorer.opener("layer1.0.conv1").get_attribute("aria-expanded") == "true"
    explorer.press("Escape", "Escape", "Escape")
    assert explorer.rows() == 11
    assert explorer.page.evaluate("document.activeElement.title") == "layer1"
    explorer.press("Escape")
    assert explorer.page.evaluate("document.activeElement.tagName") == "SELECT"


def test_the_focus_stays_on_its_row_when_the_network_changes(explorer):
    explorer.opener("layer3").focus()
    explorer.press("Enter")
    assert explorer.page.evaluate("document.activeElement.title") == "layer3"
    explorer.control("Network").select_option("resnet152")
    assert explorer.rows() == 11 + 36
    explorer.opener("layer3").click()
    assert explorer.rows() == 11


def test_two_networks_stand_side_by_side_with_the_difference(explorer):
    explorer.control("Compare with").select_option("resnet50")
    assert explorer.headline(1).startswith("ResNet-50 on 3 × 224 × 224: 25,557,032 parameters")
    difference = explorer.root.locator(".d2l-difference").inner_text()
    assert "13,867,520 more parameters (2.19 times); 2.275 G more MACs (2.25 times)" in difference
    assert "+6.571 M" in explorer.row("layer4", 1).inner_text()
    boxes = [explorer.tables().nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]


def test_structure_is_set_by_controls_that_only_such_networks_have(explorer):
    assert explorer.control("Blocks 4").is_visible() and explorer.control("Paths").is_hidden()
    explorer.control("Network").select_option("seresnext50_32x4d")
    explorer.control("Paths").fill("8")
    explorer.control("Blocks 3").fill("2")
    explorer.control("Stem").select_option("3x3")
    assert explorer.line() == (
        "explorers.LayerExplorer('seresnext50_32x4d', cardinality=8, depths=(3, 4, 2, 3), stem='3x3')"
    )
    explorer.control("SE ratio").fill("256")
    assert explorer.root.locator(".d2l-problem").is_hidden()
    explorer.control("Width factor").fill("0.5")
    problem = explorer.root.locator(".d2l-problem")
    assert "ratio = 256 is above the 128 channels" in problem.inner_text()
    problem.get_by_role("button", name="Use ratio = 128").click()
    assert problem.is_hidden()
    explorer.root.get_by_role("button", name="Usual settings").click()
    assert explorer.line() == "explorers.LayerExplorer('seresnext50_32x4d')"


def test_what_was_opened_last_is_drawn_on_the_image_and_written_as_code(explorer):
    explorer.opener("conv1").click()
    looks = explorer.root.locator(".d2l-looks")
    assert "conv1: output (55, 55) sees rows 107 to 113" in looks.inner_text()
    assert looks.locator("svg rect").get_attribute("width") == "7"
    explorer.opener("layer3").click()
    assert "layer3: output (6, 6)" in looks.inner_text()
    explorer.root.get_by_text("layer3 as PyTorch code").click()
    # A browser tells a page that a `details` was opened only after the click has ended.
    code = explorer.root.locator(".d2l-program code", has_text="nn.Conv2d(")
    code.wait_for(timeout=10_000)
    assert "nn.Conv2d(128, 256, kernel_size=3, stride=2" in code.inner_text()


def test_a_guess_comes_before_the_numbers(explorer):
    explorer.control("predict first").check()
    assert explorer.root.locator(".d2l-covered table").first.is_hidden()
    explorer.root.get_by_role("button", name="fc", exact=True).first.click()
    assert "No: layer1. Most MACs are in layer1 with 25.5 %" in (
        explorer.root.locator(".d2l-verdict").inner_text()
    )
    assert explorer.root.locator("table").first.is_visible()


def test_letters_typed_inside_leave_the_notebook_as_it_was(explorer):
    cells = explorer.page.locator(".jp-Notebook .jp-Cell")
    before = cells.count(), cells.first.get_attribute("class")
    for place in (
        explorer.control("Height"),
        explorer.opener("conv1"),
        explorer.control("Network"),
    ):
        place.focus()
        explorer.press("a", "b", "d", "d", "m", "r", "x", "y", "Escape")
    assert (cells.count(), cells.first.get_attribute("class")) == before


@pytest.mark.parametrize(
    ("name", "typed", "message", "button", "then"),
    [
        ("Height", "0", "height = 0 must lie between", "Use height = 1", "3 × 1 × 1"),
        ("Height", "", "Height needs a number", None, None),
        ("Channels", "1.5", "is not a whole number", "Use in_channels = 1", "1 × 224 × 224"),
        ("Width factor", "0", "width_mult = 0 must", "Use width_mult = 0.01", "ResNet-18 on"),
    ],
)
def test_an_impossible_setting_is_explained(explorer, name, typed, message, button, then):
    before = explorer.headline()
    explorer.control(name).fill(typed)
    problem = explorer.root.locator(".d2l-problem")
    assert message in problem.inner_text()
    assert explorer.headline() == before
    explorer.root.get_by_role("status").filter(has_text=message).wait_for(timeout=5_000)
    if button:
        problem.get_by_role("button", name=button, exact=True).click()
        assert problem.is_hidden() and then in explorer.headline()
        assert explorer.page.evaluate("document.activeElement.tagName") == "INPUT"


def test_strides_that_do_not_tile_are_named(explorer):
    assert "nothing is rounded" in explorer.root.locator(".d2l-notes").inner_text()
    explorer.control("Height").fill("225")
    assert (
        "conv1 (225 to 113), maxpool (113 to 57)"
        in explorer.root.locator(".d2l-notes").inner_text()
    )
    assert "†" in explorer.row("conv1").inner_text()


def test_one_announcement_follows_a_settled_change(explorer):
    explorer.page.wait_for_timeout(600)
    explorer.page.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => window.said.push(1)).observe(
            document.querySelector('.d2l-explorer [role=status]'),
            { childList: true, characterData: true, subtree: true });
        }"""
    )
    explorer.control("Classes").focus()
    explorer.press("ArrowUp", "ArrowUp", "ArrowUp")
    explorer.page.wait_for_timeout(900)
    assert explorer.page.evaluate("window.said.length") == 1


def test_every_control_has_a_name_and_every_header_a_scope(explorer):
    for control in explorer.root.locator("select, input, button").all():
        assert control.evaluate("e => (e.labels?.[0] ?? e).textContent.trim()")
    assert explorer.root.locator("th:not([scope])").count() == 0
    small = explorer.root.locator(
        "select, button, input[type=number], label.d2l-tick"
    ).evaluate_all(
        "all => all.filter(e => e.offsetHeight && e.offsetHeight < 24).map(e => e.outerHTML)"
    )
    assert small == []


def test_python_hears_what_the_learner_does_and_the_reverse(explorer):
    explorer.control("Network").select_option("resnet34")
    explorer.control("Height").fill("96")
    explorer.opener("layer2").click()
    line = explorer.line()
    assert line == "explorers.LayerExplorer('resnet34', input_size=96, opened=('layer2',))"
    explorer.page.wait_for_timeout(400)  # until Python has heard of that
    run(explorer.page, 1, "print(repr(explorer)); explorer.compare = 'resnet18'")
    wait_for_output(explorer.page, 1, line)
    explorer.tables().nth(1).wait_for()
    assert explorer.headline(1).startswith("ResNet-18 on 3 × 96 × 96")
    run(explorer.page, 2, "explorer.input_size = (64, 48)")
    explorer.page.wait_for_function(
        "document.querySelector('.d2l-explorer caption').textContent.includes('3 × 64 × 48')"
    )


def test_a_cell_that_runs_again_replaces_its_explorer(explorer):
    count = (
        "from ipywidgets.widgets import widget\n"
        "print(sum(type(w).__name__ == 'LayerExplorer' for w in widget._instances.values()))"
    )
    run(explorer.page, 0, SHOW.format("'resnet34'"))
    explorer.page.wait_for_function(
        "document.querySelector('.d2l-explorer caption')?.textContent.startsWith('ResNet-34')"
    )
    run(explorer.page, 1, count)
    wait_for_output(explorer.page, 1, "1")
    assert explorer.root.count() == 1


def run(page, index, source):
    """Write a cell anew and run it."""
    page.evaluate(
        """([index, source]) => {
          const { content, context, sessionContext } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = index;
          content.activeCell.model.sharedModel.setSource(source);
          void window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        [index, source],
    )


def wait_for_output(page, index, text):
    """Wait until that cell prints that text and nothing else."""
    page.wait_for_function(
        """([index, text]) => document.querySelectorAll('.jp-Cell')[index]
          .querySelector('.jp-OutputArea-output pre')?.textContent.trim() === text""",
        arg=[index, text],
        timeout=10_000,
    )


def test_text_is_legible_and_fits_in_both_themes(explorer):
    explorer.page.wait_for_timeout(400)  # until Python has heard of Reset
    settings = "dict(network='resnet50', compare='resnet18', opened=('layer2', 'conv1'))"
    run(explorer.page, 2, f"for pair in {settings}.items(): setattr(explorer, *pair)")
    explorer.row("layer2.0").first.wait_for(timeout=10_000)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        Lab.command(explorer.page, "apputils:change-theme", {"theme": theme})
        explorer.page.wait_for_function(
            f"document.body.dataset.jpThemeName === {theme!r}", timeout=20_000
        )
        explorer.page.wait_for_timeout(500)  # until its style sheet is there
        assert explorer.root.evaluate(FAINT) == []
    for width in (360, 1400):
        explorer.page.set_viewport_size({"width": width, "height": 1000})
        assert explorer.root.evaluate(WIDE) == []
        boxes = [explorer.tables().nth(i).bounding_box() for i in (0, 1)]
        assert (boxes[0]["y"] < boxes[1]["y"]) == (width < 900)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A notebook with an explorer's output, as nbconvert exports it."""
    from nbconvert import HTMLExporter

    from d2l_ext import explorers

    data, _ = explorers.LayerExplorer(compare="resnet34")._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=data)
    cell = nbformat.v4.new_code_cell("explorers.LayerExplorer()", outputs=[output])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = tmp_path_factory.mktemp("exported") / "page.html"
    path.write_text(html, encoding="utf-8")
    return path


def test_an_exported_page_works_without_a_kernel_and_without_a_network(visit, exported):
    opened = visit(offline=True)
    # nbconvert's own template asks for require.js and MathJax; what counts is the explorer's frame.
    opened.page.route(re.compile("^https?:"), lambda route: route.abort())
    foreign = []
    opened.page.goto(exported.as_uri(), wait_until="domcontentloaded")
    opened.page.on("request", lambda request: foreign.append(request.url))
    explorer = Explorer(opened, opened.page.frame_locator("iframe"))
    assert explorer.headline(1).startswith("ResNet-34 on 3 × 224 × 224: 21,797,672 parameters")
    explorer.control("Network").select_option("resnet50")
    explorer.control("Height").fill("64")
    assert explorer.headline().startswith("ResNet-50 on 3 × 64 × 64: 25,557,032 parameters")
    explorer.opener("layer1").click()
    assert explorer.row("layer1.2").count() == 1
    frame, inner = opened.page.locator("iframe").bounding_box(), explorer.root.bounding_box()
    assert frame["height"] >= inner["height"]
    assert foreign == []


def test_an_own_network_has_one_control_and_is_helped_to_an_image_that_it_takes(visit):
    from torch import nn

    from d2l_ext import explorers

    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5))
    opened = visit()
    opened.page.set_content(explorers.LayerExplorer(net, input_size=28).snapshot())
    explorer = Explorer(opened, opened.page.frame_locator("iframe"))
    assert explorer.headline().startswith("Sequential on 1 × 28 × 28: 2,572 parameters")
    assert [name for name in CONTROLS if explorer.control(name).is_enabled()] == ["Height"]
    explorer.control("Height").fill("13")
    problem = explorer.root.locator(".d2l-problem")
    assert "3 (conv, on (6, 4, 4)): kernel 5 is larger than the padded input 4" in (
        problem.inner_text()
    )
    assert "1 × 28 × 28" in explorer.headline()
    problem.get_by_role("button", name="Use height = 14").click()
    assert "1 × 14 × 14" in explorer.headline()
    assert explorer.line() == "explorers.LayerExplorer(net, input_size=14)"
    assert opened.errors == []


CONTROLS = ("Height", "Width", "Channels", "Classes", "Width factor")


def test_a_viewer_that_strips_frames_still_shows_the_counts(visit, exported):
    opened = visit(java_script_enabled=False)
    opened.page.route(re.compile("^https?:"), lambda route: route.abort())
    html = re.sub("<iframe.*?</iframe>", "", exported.read_text(), flags=re.DOTALL)
    opened.page.set_content(html, wait_until="domcontentloaded")
    opened.page.get_by_text("(as a plain table)").click()
    table = opened.page.locator("details table").first
    assert "11,689,512" in table.inner_text()
