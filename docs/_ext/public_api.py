"""Directive ``public-api PART``: every public name of a part, with its signature and docstring as they are written.

Docstrings of this package have sections of one-line entries ("name: text"). They are turned into bullet lists here.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_ENTRY = re.compile(r"^(?P<name>[\w.*]+(?:, ?[\w.*]+)*)?\s*:\s+(?P<text>\S.*)$")
_RAISED = re.compile(r"^(?P<name>[A-Z]\w+)\s+(?P<text>\S.*)$")
_ENTRIES = {"Parameters", "Returns", "Raises", "Yields", "Attributes"}


def _modules(part: str) -> Iterator[ModuleType]:
    package = importlib.import_module(f"garnetlab.{part}")
    yield package
    for found in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"garnetlab.{part}.{found.name}")


def _names(module: ModuleType) -> list[str]:
    if hasattr(module, "__all__"):
        return list(module.__all__)
    if hasattr(module, "__path__"):
        return []
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__ and callable(v)]
    return [name for name in own if not name.startswith("_")]


def _directive(path: str, value: Any) -> list[str]:
    if inspect.isfunction(value) or type(value).__name__ == "_lru_cache_wrapper":
        return [f".. autofunction:: {path}"]
    if isinstance(value, type) and issubclass(value, BaseException):
        return [f".. autoexception:: {path}()"]
    if isinstance(value, type):
        kind = [f".. autoclass:: {path}", "   :members:"]
        return [*kind, "   :undoc-members:"] if issubclass(value, enum.Enum) else kind
    return [f".. py:data:: {path}", f"   :type: {type(value).__name__}"]


class PublicApi(SphinxDirective):
    """List every public name of a part once."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        seen = self.env.temp_data.setdefault("public_api", set())
        lines: list[str] = []
        for module in _modules(self.arguments[0]):
            for name in _names(module):
                value = getattr(module, name)
                key = (getattr(value, "__module__", module.__name__), getattr(value, "__qualname__", name))
                if key not in seen:
                    seen.add(key)
                    lines += [*_directive(f"{module.__name__}.{name}", value), ""]
        if not lines:
            return [nodes.paragraph(text="No public name yet.")]
        source = StringList(["````{eval-rst}", *lines, "````"], source=f"public-api {self.arguments[0]}")
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(source, self.content_offset, node)
        return node.children


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the title (empty at first) and the lines of each section of a docstring."""
    title, body = "", []
    for line in lines:
        if re.fullmatch(r"-{3,}", line) and body and body[-1].strip():
            heading = body.pop()
            yield title, body
            title, body = heading.strip(), []
        else:
            body.append(line)
    yield title, body


def _bullets(lines: list[str]) -> list[str]:
    """Turn "name: text" entries into a bullet list; what follows an entry without a blank line belongs to it."""
    out: list[str] = []
    for line in lines:
        match = _ENTRY.match(line) or _RAISED.match(line)
        if match:
            name = f"``{match['name']}`` " if match["name"] else ""
            out.append(f"* {name}{match['text']}")
        elif line.strip() and out and out[-1].strip():
            out.append(f"  {line.strip()}" if out[-1].startswith(("* ", "  ")) else line)
        else:
            out.append(line)
    return out


def _escape_bars(lines: list[str]) -> Iterator[str]:
    """Yield the lines with the bars of a modulus, as in abs(Z), kept from being read as a substitution."""
    block: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        if block is None and line.rstrip().endswith("::"):
            block = indent
        if block is None:
            parts = re.split(r"(``.*?``|:\w+:`.*?`|`.*?`)", line)
            yield "".join(part if i % 2 else part.replace("|", r"\|") for i, part in enumerate(parts))
        else:
            yield line


def process_docstring(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Rewrite the sections in place."""
    out: list[str] = []
    for title, body in _sections(list(_escape_bars(lines))):
        out += ["", f".. rubric:: {title}", ""] if title else []
        out += _bullets(body) if title in _ENTRIES else body
    lines[:] = [*out, ""]


def written_signature(
    _app: Sphinx, _what: str, _name: str, obj: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Show annotations as they are written ("Voltage"), not as they resolve."""
    if not inspect.isfunction(obj):
        return ("" if isinstance(obj, type) else signature), returned
    found = inspect.signature(obj)
    result = found.return_annotation
    plain = found.replace(return_annotation=inspect.Signature.empty)
    text = str(plain).replace("'", "") if "'" in str(plain) else str(plain)
    return text, None if result is inspect.Signature.empty else str(result)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the two hooks."""
    app.add_directive("public-api", PublicApi)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", written_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
