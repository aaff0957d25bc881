"""Sphinx settings of the site; authoring/publishing/site.py puts them beside its sources."""

import re

import latex2mathml.converter

project = "Convolutional networks for medical imaging with Keras"
author = copyright = "The course authors"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["docs/_static", "downloads"]

# Lessons are shown as they are stored.
nb_execution_mode = "off"
nb_merge_streams = True
# Nothing is loaded from elsewhere: no widgets, and formulas without a script, see `setup` below.
nb_ipywidgets_js = {}
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
html_math_renderer = "mathml"
suppress_warnings = [
    # Lessons end in sections of the same names, and links name the page as well.
    "myst.header",
    # A short report that its journal printed without authors.
    "bibtex.missing_field",
]

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

# The docstrings name parameters and code in single backticks.
default_role = "code"
napoleon_google_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"

html_theme = "sphinx_book_theme"
html_title = "CNNs for medical imaging"
html_static_path = ["docs/_static"]
html_favicon = "docs/_static/icon.svg"
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_copy_source = False
html_context = {"default_mode": "auto"}
html_show_sphinx = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "navbar_persistent": [],
    "footer_content_items": ["limits.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# `site --links`: publishers answer programs behind a DOI with "forbidden", so those are not asked.
linkcheck_ignore = [r"https://doi\.org/"]
linkcheck_timeout = 30

templates_path = ["docs/_templates"]


def setup(app):
    """Show formulas as MathML."""

    def inline(self, node):
        self.body.append(latex2mathml.converter.convert(node.astext()))
        raise_skip()

    def block(self, node):
        formula = re.sub(r",\s*$", "", node.astext().strip())
        formula = latex2mathml.converter.convert(formula, display="block")
        self.body.append(f'<div class="formula" tabindex="0">{formula}</div>')
        raise_skip()

    def raise_skip():
        from docutils.nodes import SkipNode

        raise SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
