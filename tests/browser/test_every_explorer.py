"""What holds for the page of every explorer: no kernel, a real browser."""

import random

import pytest

from d2l_ext import explorers
from tests.browser.looks import FAINT, NAMELESS, SMALL, WIDE
from tests.explorers.states import STATES

pytestmark = pytest.mark.browser

WIDTHS = (1600, 700, 360)
GROUNDS = {"light": "#ffffff", "dark": "#111111"}


def load(opened, explorer, ground="light"):
    """The root element of an explorer's snapshot on a page of that ground."""
    style = f"<style>body{{margin:0;background:{GROUNDS[ground]}}}</style>"
    opened.page.set_content(style + explorer.snapshot())
    root = opened.page.frame_locator("iframe").locator(".d2l-explorer")
    root.locator("code").last.wait_for(timeout=10_000)
    return root


@pytest.mark.parametrize("name", explorers.__all__)
def test_it_is_legible_and_fits(visit, name):
    opened = visit(reduced_motion="reduce")
    for i, state in enumerate(STATES[name]):
        root = load(opened, getattr(explorers, name)(**state), list(GROUNDS)[i % 2])
        assert root.evaluate(NAMELESS) == [], state
        dimmed = root.locator(".d2l-dimmed").count()
        assert dimmed or root.evaluate(FAINT) == [], state
        for width in WIDTHS:
            opened.page.set_viewport_size({"width": width, "height": 1000})
            assert root.evaluate(WIDE) == [], (state, width)
            assert root.evaluate(SMALL) == [], (state, width)
    assert opened.errors == [] and opened.requests == []


BOXES = """root => [...root.querySelectorAll('*')].map((e) => e.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round))"""
ADD = """(root, css) => document.head.append(
  Object.assign(document.createElement('style'), { textContent: css }))"""


def test_the_looks_of_others_on_the_same_page_change_nothing(visit):
    opened = visit(width=1100, reduced_motion="reduce")
    for name in explorers.__all__:
        root = load(opened, getattr(explorers, name)())
        before = root.evaluate(BOXES)
        for other in set(explorers.__all__) - {name}:
            root.evaluate(ADD, getattr(explorers, other)._css)
        assert root.evaluate(BOXES) == before, name


@pytest.mark.parametrize("name", explorers.__all__)
def test_tab_reaches_every_control(visit, name):
    opened = visit()
    root = load(opened, getattr(explorers, name)())
    controls = root.evaluate(
        "root => (window.left = new Set([...root.querySelectorAll("
        "'select, input, button, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled))).size"
    )
    frame = opened.page.frames[1]
    for _ in range(controls + 5):  # a browser adds what scrolls to the order of Tab
        opened.page.keyboard.press("Tab")
        frame.evaluate("window.left.delete(document.activeElement)")
    assert frame.evaluate("[...window.left].map((e) => e.outerHTML)") == []


# One sequence of changes, by whatever controls there are then: numbers inside and outside of their
# limits or none, options, ticks, buttons, keys. Gives the line of Python and what is explained.
FUZZ = """(root, [seed, changes]) => {
  const random = () => {  // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const KEYS = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp',
    'PageDown', 'Enter', 'Escape', ' '];
  const press = (node, key) =>
    node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  [...root.querySelectorAll('button')].find((b) => b.textContent === 'Reset').click();
  for (let i = 0; i < changes; i += 1) {
    const node = pick([...root.querySelectorAll('select, input, button, [role=button], [role=slider]')]
      .filter((e) => e.checkVisibility() && !e.disabled && !/Cop/.test(e.textContent)));
    if (node.tagName === 'SELECT') {
      node.value = pick([...node.options]).value;
      node.dispatchEvent(new Event('change', { bubbles: true }));
    } else if (node.type === 'checkbox') node.click();
    else if (node.tagName === 'INPUT' && random() < 0.5) {
      const low = Number(node.getAttribute('aria-valuemin') ?? node.min);
      const high = Number(node.getAttribute('aria-valuemax') ?? node.max);
      const near = Math.round((node.valueAsNumber || 0) * (0.5 + random()));
      node.value = pick([low, high, low - 1, high + 1, '', 1.5, 2, 3, 4, 8, near, near, near]);
      node.dispatchEvent(new Event('input', { bubbles: true }));
    } else if (node.tagName === 'BUTTON' && random() < 0.5) node.click();
    else press(node, pick(KEYS));
  }
  const problem = root.querySelector('.d2l-problem');
  return {
    line: [...root.querySelectorAll('.d2l-line code')].at(-1).textContent,
    explained: problem.hidden ? null : problem.textContent,
    text: root.querySelector('.d2l-body').innerText,
  };
}"""


def fuzz(visit, name, sequences, compared):
    opened, other = visit(reduced_motion="reduce"), visit(reduced_motion="reduce")
    root = load(opened, getattr(explorers, name)())
    for seed in random.Random(name).sample(range(10**6), sequences):
        found = root.evaluate(FUZZ, [seed, 20])
        assert opened.errors == [], (seed, found["line"])
        assert "NaN" not in found["text"] and "undefined" not in found["text"], (seed, found)
        again = eval(found["line"], {"explorers": explorers})
        assert repr(again) == found["line"], seed
        assert "Traceback" not in again._repr_mimebundle_()[0]["text/plain"]
        if compared and found["explained"] is None and not getattr(again, "predict", False):
            compared -= 1
            assert load(other, again).locator(".d2l-body").inner_text() == found["text"], seed
    assert compared == 0, "too few of these states could be compared"
    assert opened.requests == []


@pytest.mark.parametrize("name", explorers.__all__)
def test_random_changes_leave_no_error_and_a_line_that_reproduces_the_state(visit, name):
    fuzz(visit, name, sequences=10, compared=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", explorers.__all__)
def test_a_thousand_random_sequences(visit, name):
    fuzz(visit, name, sequences=1000, compared=20)
