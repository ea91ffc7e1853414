"""The frame that all pages share: self-contained HTML, light and dark."""

from html import escape

STYLE = """
:root { color-scheme: light dark; background: Canvas; color: CanvasText; --right: #1a7f37; --wrong: #c62828; --bar: #4078c0; }
@media (prefers-color-scheme: dark) {
  :root { --right: #4ac26b; --wrong: #ff8a80; --bar: #6ea8fe; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; padding: .5rem .75rem; border-radius: .3rem; background: #8882; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; }
code { font-size: .95em; }
table { border-collapse: collapse; }
th, td { padding: .2rem 1rem .2rem 0; text-align: left; font-weight: normal; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
[mathvariant="bold"] { font-weight: bold; }
.right::before { content: "✓ "; color: var(--right); }
.wrong::before { content: "✗ "; color: var(--wrong); }
"""
# Enough to see what happened; an answer may print without end.
SHOWN_CHARACTERS = 2_000


def html_page(title: str, body: str, style: str = "") -> str:
    """A whole page.

    Args:
        title: as text; it is also the heading.
        body: as HTML.
        style: CSS beside that of all pages.

    Returns:
        HTML that needs nothing else.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def code(text: str) -> str:
    """Text as it is written, cut where it is very long."""
    cut = text[:SHOWN_CHARACTERS] + (" ..." if len(text) > SHOWN_CHARACTERS else "")
    return f"<pre>{escape(cut.rstrip()) or 'nothing'}</pre>"
