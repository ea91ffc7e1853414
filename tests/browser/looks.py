"""What is wrong with how an explorer looks: functions of its root element, for `evaluate`."""

# The elements that reach beyond the explorer.
WIDE = """root => [...root.querySelectorAll('*')].filter((e) => e.checkVisibility()
    && !e.closest('.d2l-unseen')
    && e.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((e) => e.outerHTML.slice(0, 80))"""

# The controls that are too small to hit.
SMALL = """root => [...root.querySelectorAll(
    'select, button, input[type=number], label.d2l-tick, [role=button]')]
  .filter((e) => e.checkVisibility())
  .filter((e) => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24)
  .map((e) => e.outerHTML.slice(0, 80))"""

# The controls without a name, and the headers without a scope.
NAMELESS = """root => [
  ...[...root.querySelectorAll('select, input, button, [role=button], [role=img], svg[role]')]
    .filter((e) => e.checkVisibility())
    .filter((e) => !(e.getAttribute('aria-label') || (e.labels?.[0] ?? e).textContent).trim()),
  ...root.querySelectorAll('th:not([scope])'),
].map((e) => e.outerHTML.slice(0, 80))"""

# The texts whose colour has a contrast below 4.5 to what is behind them.
FAINT = """root => {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (...colours) => {
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(root).backgroundColor;
  const faint = [];
  for (const node of root.querySelectorAll('*')) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const behind = [ground];
    for (let n = node; n !== root; n = n.parentElement) {
      behind.splice(1, 0, getComputedStyle(n).backgroundColor);
    }
    if (node.closest('option, optgroup')) continue;
    const a = light(paint(...behind));
    const b = light(paint(...behind, getComputedStyle(node).color));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push([node.className, node.textContent.slice(0, 30), ratio]);
  }
  return faint;
}"""
