"""Markdown with formulas, as HTML that draws them without a script or a network: as MathML."""

from html import escape
from typing import Any

import mistune
from latex2mathml.converter import convert


def mathml(latex: str, display: str) -> str:
    """A formula as MathML; what is not LaTeX stays as it was written.

    Args:
        latex: As between dollar signs.
        display: 'inline' or 'block'.
    """
    try:
        return convert(latex, display=display)
    # The exceptions of latex2mathml have no class in common, and a page of feedback must not fail.
    except Exception:
        return f"<code>{escape(latex)}</code>"


def _inline(renderer: Any, latex: str) -> str:
    return mathml(latex, "inline")


def _block(renderer: Any, latex: str) -> str:
    return f"<p>{mathml(latex, 'block')}</p>\n"


_MARKDOWN = mistune.create_markdown(plugins=["math", "table"])
assert _MARKDOWN.renderer is not None
_MARKDOWN.renderer.register("inline_math", _inline)
_MARKDOWN.renderer.register("block_math", _block)


def html(markdown: str) -> str:
    """Markdown, its own HTML escaped, as HTML."""
    return str(_MARKDOWN(markdown))
