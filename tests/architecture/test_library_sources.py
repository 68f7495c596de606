"""No number without a source in the library. [L.1]

A table that holds a number, or text that is a number with a unit, names a source itself or stands inside one that does.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "src" / "garnetlab" / "library"
_SOURCE_KEYS = ("source", "sources")
_NOT_VALUES = {"schema", "version", "year", "volume", "number", "issue", "edition"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?(\s+\S.*)?$")


def _is_number(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_number(item) for item in value if not isinstance(item, dict))
    if isinstance(value, str):
        return _NUMBER.match(value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_source(table: dict[str, Any]) -> bool:
    return any(bool(table.get(key)) for key in _SOURCE_KEYS)


def unsourced(table: dict[str, Any], path: str = "", *, sourced: bool = False) -> Iterator[str]:
    """Yield the path of every number without a source on its table or above."""
    sourced = sourced or _has_source(table)
    for key, value in table.items():
        here = f"{path}.{key}".lstrip(".")
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                yield from unsourced(item, f"{here}[{i}]" if isinstance(value, list) else here, sourced=sourced)
        if not sourced and key not in _NOT_VALUES and _is_number(value):
            yield here


def _documents() -> list[Path]:
    bibliography = re.compile(r"(citation|bibliograph|reference)", re.IGNORECASE)
    return [path for path in sorted(LIBRARY.rglob("*.toml")) if not bibliography.search(path.stem)]


def test_L1_the_library_has_documents():
    assert _documents()


def test_L1_every_number_has_a_source():
    found = {path.name: bare for path in _documents() if (bare := list(unsourced(tomllib.loads(path.read_text()))))}
    assert found == {}


def test_L1_every_table_as_csv_has_a_source_in_each_row_or_in_its_head():
    found = []
    for path in sorted(LIBRARY.rglob("*.csv")):
        text = path.read_text()
        rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
        in_head = re.search(r"^#.*\bsource\b", text, re.IGNORECASE | re.MULTILINE)
        if not in_head and not all(row.get("source") for row in rows):
            found.append(path.name)
    assert found == []


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("[li.density]\nvalue = 534.0", ["li.density.value"]),
        ('[li.density]\nvalue = "534 kg/m^3"', ["li.density.value"]),
        ('[li.density]\nvalue = 534.0\nsource = ""', ["li.density.value"]),
        ("[[row]]\nx = [1.0, 2.0]", ["row[0].x"]),
        ('[li.density]\nvalue = 534.0\nsource = "ohse1985"', []),
        ('[li]\nsource = "ohse1985"\n[li.density]\nvalue = 534.0', []),
        ('schema = "garnetlab/1"\nname = "LLZTO"', []),
    ],
)
def test_L1_a_number_without_source_is_found(document, found):
    assert list(unsourced(tomllib.loads(document))) == found
