"""How Sphinx makes the book; `make book` gathers the pages (tools/book.py) and calls it."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.util import math as numbering

project = "Modern convolutional networks, hands on"
html_title = project
language = "en"
# Pages of the site are in English; no author, no date: the project speaks for itself.
html_show_copyright = False
html_show_sphinx = False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

# The notebooks land executed; the book shows what they hold.
nb_execution_mode = "off"
# A page without a kernel gets the explorers' own snapshots, which work alone, and nothing from elsewhere.
nb_mime_priority_overrides = [("html", "text/html", 0)]
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = "tools.texts.slug"

html_theme = "furo"
html_static_path = ["static"]
html_favicon = "static/block.svg"
html_css_files = ["book.css"]
html_js_files = ["scrolling.js"]
html_copy_source = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False

suppress_warnings = [
    "mystnb.unknown_mime_type",  # a live widget, beside the snapshot that the page shows
    "myst.header",  # an exercise has no section between its title and its questions
]


def formula(self, node, display):
    """Formulas as MathML, which browsers draw and screen readers read without a script."""
    self.body.append(convert(node.astext(), display=display))


def inline(self, node):
    """A formula within a line."""
    formula(self, node, "inline")
    raise SkipNode


def block(self, node):
    """A formula of its own."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    formula(self, node, "block")
    if node["number"]:
        self.body.append(
            f'<span class="eqno">({numbering.get_node_equation_number(self, node)})</span>'
        )
    self.body.append("</div>")
    raise SkipNode


def caption_levels(app, pagename, templatename, context, doctree):
    """The captions of lists of pages are headings; readers of screens ask of which level."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = context[part].replace(
                'class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"'
            )


def setup(app):
    """Tell Sphinx of the formulas, and of what is mended once the theme has made a page."""
    app.connect("html-page-context", caption_levels, priority=900)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))


html_math_renderer = "mathml"
