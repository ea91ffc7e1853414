"""An explorer as HTML for pages without a kernel: the same script in a frame, and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any


def inline(value: Any) -> str:
    """A value as JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def html(script: str, style: str, state: Mapping[str, Any], headline: str, table: str) -> str:
    """The snapshot: deterministic, without addresses, and without a request.

    The frame's document stands between single quotes, which neither JSON nor HTML attributes
    need, so that hardly a character is written longer than it is.

    Args:
        script: The explorer's module; exports `show(state)`.
        style: Its style sheet.
        state: The traits that the page reads.
        headline: One line of text, seen also where frames are stripped.
        table: What then remains, as HTML.
    """
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(headline)}</title>"
        f"<style>:root{{color-scheme:light dark}}body{{margin:0}}{style}</style><body>"
        f'<script type="module">{script}\nshow({inline(dict(state))});</script></body></html>'
    )
    document = page.replace("&", "&amp;").replace("'", "&#39;")
    return (
        f"<iframe srcdoc='{document}' title=\"{escape(headline)}\" "
        'style="width:100%;height:640px;border:0"></iframe>\n'
        f"<details><summary>{escape(headline)} (as a plain table)</summary>{table}</details>"
    )
