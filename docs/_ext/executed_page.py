"""Pages whose numbers and figures are made while the docs are built.

``execute SCRIPT`` runs a script (path beside the page) with the path of an empty folder as its argument. The script writes
``values.json`` into it, ``{name: {"text": ..., "value": ...}}``, and figures as ``NAME.svg`` with ``NAME.csv``. In the page

* the role ``value`` shows the text of a name: no number is typed by hand;
* ``executed-figure NAME`` shows a figure with a link to its data; ``:alt:`` describes it, its content is the caption.

A script that fails, an unknown name and a missing figure fail the build. What a script made is kept, under a digest of the
script, of the whole package and of the versions of what computes, and is used again until one of them changes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

import garnetlab

_LOGGER = logging.getLogger(__name__)
_PACKAGE = Path(garnetlab.__file__).parent
_DATA = {".py", ".toml", ".csv", ".json"}
_COMPUTES = ("numpy", "scipy", "numba", "rocket-fft", "matplotlib")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_VALUES = "values.json"


def digest(script: Path, package: Path = _PACKAGE) -> str:
    """Return a digest of all that decides what the script makes."""
    found = hashlib.sha256(sys.version.encode())
    for name in _COMPUTES:
        found.update(f"{name} {importlib.metadata.version(name)}".encode())
    sources = sorted(p for p in package.rglob("*") if p.suffix in _DATA)
    for path in (script, Path(__file__), *sources):
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def run(script: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Run the script on one core, let it fill ``folder``, and return its values.

    Raises
    ------
    ExtensionError  if the script fails or writes no values.
    """
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), str(folder)],
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    values = folder / _VALUES
    if done.returncode or not values.is_file():
        why = done.stderr.strip() or f"it wrote no {_VALUES}"
        message = f"{script.name} ended with {done.returncode}: {why}"
        raise ExtensionError(message)
    return json.loads(values.read_text(encoding="utf-8"))


def kept(script: Path, cache: Path, key: str) -> dict[str, dict[str, Any]]:
    """Return the values of the script from ``cache``, where it runs first if it or the package has changed."""
    folder = cache / key
    if (folder / _VALUES).is_file():
        return json.loads((folder / _VALUES).read_text(encoding="utf-8"))
    shutil.rmtree(cache, ignore_errors=True)
    _LOGGER.info("running %s", script.name)
    run(script, cache / "running")
    (cache / "running").rename(folder)
    return json.loads((folder / _VALUES).read_text(encoding="utf-8"))


def _cache(env: BuildEnvironment, page: str) -> Path:
    return Path(env.doctreedir) / "executed" / page.replace("/", "-")


class Execute(SphinxDirective):
    """Run the page's script; what follows may use its values and figures."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        relative, name = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        key = digest(Path(name))
        self.env.metadata[self.env.docname].update(executed=key, executed_script=name)
        self.env.temp_data["executed"] = kept(Path(name), _cache(self.env, self.env.docname), key)
        return []


class Value(SphinxRole):
    """Show one value of the page's script."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        values = self.env.temp_data.get("executed", {})
        if self.text not in values:
            message = self.inliner.reporter.error(
                f"value {self.text!r}: not among {', '.join(sorted(values)) or 'none'}"
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [nodes.inline(self.rawtext, values[self.text]["text"], classes=["executed"])], []


class ExecutedFigure(SphinxDirective):
    """Show a figure of the page's script with its caption and its data."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012 (docutils reads it from the class)

    def run(self) -> list[nodes.Node]:
        name, page = self.arguments[0], self.env.docname
        folder = _cache(self.env, page) / self.env.metadata[page].get("executed", "")
        for suffix in (".svg", ".csv"):
            if not (folder / f"{name}{suffix}").is_file():
                message = f"executed-figure {name}: the script wrote no {name}{suffix}"
                raise self.error(message)
        up = "../" * self.env.app.builder.get_target_uri(page).count("/")
        where = f"{up}_executed/{page.rpartition('/')[2]}/{name}"
        image = f'<img src="{where}.svg" alt="{escape(self.options.get("alt", name))}" style="max-width:100%">'
        link = f'<p><a href="{where}.csv" download>data ({name}.csv)</a></p>'
        whole = nodes.container(classes=["executed-figure"])
        whole += nodes.raw("", image, format="html")
        self.state.nested_parse(self.content, self.content_offset, whole)
        whole += nodes.raw("", link, format="html")
        return [whole]


def _pages(env: BuildEnvironment) -> Iterator[tuple[str, str, Path]]:
    for page, said in env.metadata.items():
        if "executed" in said:
            yield page, said["executed"], Path(said["executed_script"])


def outdated(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages whose script or package has changed."""
    return [page for page, key, script in _pages(env) if not script.is_file() or digest(script) != key]


def copy_figures(app: Sphinx, failed: Exception | None) -> None:
    """Put figures and data beside the pages."""
    if failed is not None or app.builder.format != "html":
        return
    for page, key, _ in _pages(app.env):
        target = Path(app.outdir) / "_executed" / page.rpartition("/")[2]
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((_cache(app.env, page) / key).iterdir()):
            if path.suffix in (".svg", ".csv"):
                shutil.copyfile(path, target / path.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both directives, the role and the hooks."""
    app.add_directive("execute", Execute)
    app.add_directive("executed-figure", ExecutedFigure)
    app.add_role("value", Value())
    app.connect("env-get-outdated", outdated)
    app.connect("build-finished", copy_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
