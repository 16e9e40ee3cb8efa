"""Sphinx reads this; `make docs` runs it with warnings as errors."""

project = "Tarmac"
author = "The Tarmac maintainers"
copyright = author  # noqa: A001 - the name that Sphinx looks for

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Tarmac"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_extra_path = ["reference/tarmac.schema.json"]
highlight_language = "none"
nitpicky = True
# Every heading is a link target, so that `page.md#heading` is checked as strictly as `page.md`.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
