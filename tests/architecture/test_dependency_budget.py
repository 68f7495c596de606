"""Every dependency has a line in its decision record that says why, and every import of a third party is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs" / "decisions" / "0003-dependencies.md"
#: module -> the distribution it comes with, where the names differ
DISTRIBUTION = {
    "array_api_compat": "array-api-compat",
    "cv2": "opencv-python-headless",
    "python_calamine": "python-calamine",
    "rocket_fft": "rocket-fft",
    "rsciio": "rosettasciio",
    "galvani": "datalab-org-galvani",
    "fairmat_readers_xrd": "fairmat-readers-xrd",
}
#: imported where the user has it, never required: pandas by ``to_pandas()``
OPTIONAL = {"pandas"}


def declared() -> dict[str, list[str]]:
    """Return the declared distributions: required, of extras, for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = {
        "required": project["project"]["dependencies"],
        "extras": [d for extra in project["project"]["optional-dependencies"].values() for d in extra],
        "dev": project["dependency-groups"]["dev"],
    }
    return {name: [re.split(r"[<>=!~\[; ]", d, maxsplit=1)[0] for d in entries] for name, entries in groups.items()}


def without_reason(names: list[str], record: str) -> list[str]:
    """Return the distributions that no table row of the record names."""
    rows = [line for line in record.splitlines() if line.startswith("| ")]
    return [name for name in names if not any(f"`{name}`" in row for row in rows)]


def third_parties(tree: ast.AST) -> set[str]:
    """Return the top-level modules that are neither ours nor of the standard library."""
    plain = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    whole = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and not n.level}
    return {name.partition(".")[0] for name in plain | whole} - set(sys.stdlib_module_names) - {"garnetlab"}


def test_every_dependency_has_its_reason():
    names = [name for group in declared().values() for name in group]
    assert without_reason(names, RECORD.read_text()) == []


def test_every_imported_third_party_is_declared():
    groups = declared()
    known = {*groups["required"], *groups["extras"], *OPTIONAL}
    found = {name for path in (ROOT / "src").rglob("*.py") for name in third_parties(ast.parse(path.read_text()))}
    assert {name for name in found if DISTRIBUTION.get(name, name) not in known} == set()


def test_a_dependency_without_reason_is_found():
    assert without_reason(["numpy", "requests"], "| `numpy` | BSD | arrays |\n`requests` in passing") == ["requests"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os, pandas.core", {"pandas"}),
        ("def f():\n    from requests.api import get", {"requests"}),
        ("from garnetlab.core import read\nimport json", set()),
    ],
)
def test_an_undeclared_import_is_found(source, found):
    assert third_parties(ast.parse(source)) == found
