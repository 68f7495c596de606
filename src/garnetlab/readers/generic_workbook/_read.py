"""Sheets of a workbook to spectra."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._text import is_number
from garnetlab.readers._workbook import Cell, is_filled, visible_sheets
from garnetlab.readers.generic_text._dialect import Row, is_value
from garnetlab.readers.generic_text._preface import header_of, metadata_of
from garnetlab.readers.generic_text._spectrum import Origin, spectra
from garnetlab.readers.generic_text._table import Table, find_tables


class _Sheet(NamedTuple):
    name: str
    rows: list[Row]
    columns: int
    texts: int  # numbers stored as text
    first_text: str


def read_workbook(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra of one workbook; see the package's ``read``."""
    found: list[Measurement] = []
    left_out: list[str] = []
    refused: list[ReadError] = []
    for sheet in _sheets(path, left_out):
        try:
            tables = find_tables(path, sheet.rows, sheet.columns, ".")
        except ReadError as error:
            refused.append(ReadError(path, f"sheet {sheet.name!r}: {error.reason}", error.line))
            continue
        for number, table in enumerate(tables, start=1):
            found.extend(_spectra(path, sheet, table, f"table {number}" if len(tables) > 1 else ""))
    if not found:
        if refused:
            raise refused[0]
        told = f" ({'; '.join(left_out)})" if left_out else ""
        message = (
            f"no sheet holds a table with three columns of numbers{told}: expected frequency, Z' and Z''. Add them."
        )
        raise ReadError(path, message)
    left_out += [f"{error.reason.split(': expected')[0]}: left out" for error in refused]
    return tuple(replace(m, warnings=(*m.warnings, *left_out)) for m in found)


def _sheets(path: Path, left_out: list[str]) -> Iterator[_Sheet]:
    for name, cells in visible_sheets(path, left_out):
        sheet = _sheet(name, cells)
        if sheet is None:
            if is_filled(cells):
                left_out.append(f"sheet {name!r} holds no table of numbers: left out")
            continue
        yield sheet


def _sheet(name: str, cells: Sequence[Sequence[Cell]]) -> _Sheet | None:
    rows, texts, first_text = [], 0, ""
    for line, row in enumerate(cells, start=1):
        out = []
        for cell in row:
            text = _text(cell)
            if isinstance(cell, str) and (number := _as_point(text)) is not None:
                texts, first_text, text = texts + 1, first_text or f"{text!r} in row {line}", number
            out.append(text)
        while out and not out[-1]:
            out.pop()
        rows.append(Row(line, " ".join(c for c in out if c), tuple(out)))
    lengths = Counter(len(r.cells) for r in rows if sum(is_value(c, ".") for c in r.cells) >= 3)
    if not lengths:
        return None
    return _Sheet(name, rows, lengths.most_common(1)[0][0], texts, first_text)


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return repr(cell) if math.isfinite(cell) else "nan"
    return cell.strip() if isinstance(cell, str) else str(cell)


def _as_point(text: str) -> str | None:
    """Return a number stored as text with a decimal point, or None where the text is none."""
    if is_number(text):
        return text
    return text.replace(",", ".") if is_number(text, ",") else None


def _spectra(path: Path, sheet: _Sheet, table: Table, place: str) -> tuple[Measurement, ...]:
    part = ", ".join(p for p in (f"sheet {sheet.name}", place) if p)
    header, metadata = header_of(table.preface, table.names), metadata_of(table.preface)
    notes = table.notes
    if sheet.texts:
        notes = (*notes, f"{sheet.texts} numbers are stored as text (first {sheet.first_text}): read as numbers")
    origin = Origin(path, part, ".", header, metadata, text=False)
    return spectra(origin, table._replace(notes=notes))
