"""A text file of unknown origin to spectra."""

from __future__ import annotations

from pathlib import Path

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._text import decode, is_binary, read_lines
from garnetlab.readers.generic_text._dialect import find_dialect, to_rows
from garnetlab.readers.generic_text._preface import header_of, metadata_of
from garnetlab.readers.generic_text._spectrum import Origin, spectra
from garnetlab.readers.generic_text._table import Table, find_tables

_SHOWN = 60


def read_text(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra of one text file; see the package's ``read``."""
    lines = read_lines(path)
    if is_binary(path.read_bytes()[:65536]):
        message = (
            f"no text (it begins {decode(path.read_bytes()[:24])!r}): expected lines of numbers. Export it as text."
        )
        raise ReadError(path, message)
    dialect = find_dialect(lines)
    if dialect is None:
        first = next(i for i, line in enumerate(lines, start=1) if line.strip())
        message = (
            f"{lines[first - 1].strip()[:_SHOWN]!r}: no line of this file holds three numbers, expected a table of"
            " frequency, Z' and Z''. Export the spectrum as text."
        )
        raise ReadError(path, message, first)
    rows = to_rows(lines, dialect)
    tables = find_tables(path, rows, dialect.columns, dialect.decimal, delimiter=dialect.delimiter)
    found: list[Measurement] = []
    for number, table in enumerate(tables, start=1):
        _check_count(path, table)
        origin = Origin(
            path,
            f"table {number}" if len(tables) > 1 else "",
            dialect.decimal,
            header_of(table.preface, table.names),
            metadata_of(table.preface),
        )
        found.extend(spectra(origin, table))
    return tuple(found)


def _check_count(path: Path, table: Table) -> None:
    """Compare the rows with the number that a ``Z60W`` file (ZView, Autolab) announces above the column names."""
    texts = [row.text.strip().strip('"') for row in table.preface]
    if not texts or not texts[0].startswith("Z60W") or not texts[-1].isdecimal():
        return
    if int(texts[-1]) != len(table.rows):
        message = f"rows = {texts[-1]}: the file holds {len(table.rows)}. It is cut or damaged: export it again."
        raise ReadError(path, message, table.preface[-1].line)
