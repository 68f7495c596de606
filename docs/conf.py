"""Sphinx configuration. ``make docs`` builds with warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

import garnetlab

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "garnetlab"
author = "The garnetlab developers"
copyright = "The garnetlab developers, MIT licence"
version = release = garnetlab.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "executed_page", "offline_math", "public_api"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown"}

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True

html_theme = "alabaster"
html_theme_options = {"description": project, "fixed_sidebar": True}
html_show_sourcelink = False
html_math_renderer = "mathml"
