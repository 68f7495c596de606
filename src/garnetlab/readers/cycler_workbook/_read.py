"""Sheets of a workbook to tests."""

from __future__ import annotations

import datetime as dt
import html
import math
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._rows import Table, holds_no_record, left_out_note
from garnetlab.readers._text import is_number
from garnetlab.readers._vendor import Vendor, is_table_of, roles, vendor_measurement
from garnetlab.readers._vendors import ARBIN, LAND, MACCOR, NEWARE, NEWARE_CHINESE
from garnetlab.readers._workbook import Cell, is_filled, visible_sheets
from garnetlab.readers._zip import zip_errors
from garnetlab.readers.land import step_heading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_VENDORS = (NEWARE, NEWARE_CHINESE, ARBIN, MACCOR, LAND)
_PREFACE = 60  # rows in which the names stand
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORDS = 1 << 22  # bytes of texts that are looked at
_NEEDED = (("voltage", "volt/", "电压", "volts"), ("current", "电流", "amps"), ("time", "时间"))
_OTHERS = ("freq", "zreal", "z'", "re(z)", "频率")
_NUMBERED = re.compile(r"(.+)_\d+")
_FIRST_DAY = dt.datetime(1899, 12, 30)
_OLD = 1910  # years before it are times that Excel shows as dates


class _Sheet(NamedTuple):
    name: str
    vendor: Vendor
    names: tuple[str, ...]
    preface: list[Sequence[Cell]]
    rows: list[Sequence[Cell]]
    first: int  # row of the sheet, from 1


def looks_like_cycler(path: Path, head: bytes) -> bool:
    """Return whether a workbook holds the words of a cycler's table and none of an impedance spectrum."""
    if head.startswith(_ZIP):
        text = _texts_of_zip(path)
    elif head.startswith(_OLE):
        text = _texts_of_ole(path)
    else:
        return False
    return all(any(w in text for w in words) for words in _NEEDED) and not any(w in text for w in _OTHERS)


def _texts_of_zip(path: Path) -> str:
    """Return the shared texts of an xlsx, or the first part of its sheets where the texts stand there."""
    out = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            shared = [n for n in names if n.endswith("sharedStrings.xml")]
            for name in shared or [n for n in names if "/worksheets/sheet" in n]:
                with archive.open(name) as file:
                    out.append(file.read(_WORDS).decode("utf-8", errors="replace"))
    except zip_errors():
        return ""
    return html.unescape(" ".join(out)).lower()  # some programs write Chinese letters by their numbers


def _texts_of_ole(path: Path) -> str:
    """Return the bytes of an xls as the codings of its texts: of one byte, and of two from an even and an odd place."""
    try:
        with path.open("rb") as file:
            data = file.read(_WORDS)
    except OSError:
        return ""
    wide = (part.decode("utf-16-le", errors="replace") for part in (data, data[1:]))
    return "".join([data.decode("latin-1"), *wide]).lower()


def read_workbook(path: Path, options: ReadOptions) -> tuple[Measurement, ...]:
    """Return the tests of one workbook; see the package's ``read``."""
    left_out: list[str] = []
    found = _sheets(path, left_out)
    if not found:
        told = f" ({'; '.join(left_out)})" if left_out else ""
        message = f"no sheet holds a cycler's table{told}: expected names of time, voltage and current. Add them."
        raise ReadError(path, message)
    out = []
    for sheet in found:
        try:
            measurement = _measurement(path, sheet, options, part=sheet.name if len(found) > 1 else "")
        except ReadError as error:
            raise ReadError(path, f"sheet {sheet.name!r}: {error.reason}", error.line) from None
        out.append(measurement)
    return tuple(replace(m, warnings=(*m.warnings, *left_out)) for m in out)


def _sheets(path: Path, left_out: list[str]) -> list[_Sheet]:
    out: list[_Sheet] = []
    for name, cells in visible_sheets(path, left_out):
        sheet = _sheet(name, cells)
        before = out[-1] if out else None
        if sheet is None and before is not None and _goes_on(before, name, cells):
            before.rows.extend(row[: len(before.names)] for row in cells)
        elif sheet is not None and before is not None and _is_next(before, sheet):
            before.rows.extend(sheet.rows)
        elif sheet is not None:
            out.append(sheet)
        elif is_filled(cells):
            left_out.append(f"sheet {name!r} holds no table of records: left out")
    return out


def _sheet(name: str, cells: Sequence[Sequence[Cell]]) -> _Sheet | None:
    for place, row in enumerate(cells[:_PREFACE]):
        names = [str(c).strip() for c in row]
        while names and not names[-1]:
            names.pop()
        vendor = next((v for v in _VENDORS if is_table_of(v, names)), None)
        if vendor is not None:
            body = [r[: len(names)] for r in cells[place + 1 :]]
            while body and all(c == "" for c in body[-1]):
                body.pop()
            return _Sheet(name, vendor, tuple(names), list(cells[:place]), body, place + 2)
    return None


def _goes_on(before: _Sheet, name: str, cells: Sequence[Sequence[Cell]]) -> bool:
    """Return whether a sheet without names is the continuation of a sheet of records."""
    alike = name.lower().startswith("record") and before.name.lower().startswith("record")
    return alike and bool(cells) and len(cells[0]) >= len(before.names) and is_number(str(cells[0][0]))


def _is_next(before: _Sheet, sheet: _Sheet) -> bool:
    """Return whether a sheet with the same names goes on where the one before ended: ``Channel_1_2``, ``Record2``."""
    one, other = _NUMBERED.fullmatch(before.name), _NUMBERED.fullmatch(sheet.name)
    numbered = one is not None and other is not None and one[1] == other[1]
    records = before.name.lower().startswith("record") and sheet.name.lower().startswith("record")
    return before.names == sheet.names and (numbered or records)


def _measurement(path: Path, sheet: _Sheet, options: ReadOptions, *, part: str) -> Measurement:
    twice = next((n for i, n in enumerate(sheet.names) if n and n in sheet.names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once.", sheet.first - 1)
    wanted = set(roles(sheet.vendor, sheet.names).values())
    rows, gaps, notes = _records(sheet)
    if not rows:
        raise ReadError(path, "no row beneath the column names: the test has no record.", sheet.first - 1)
    arrays: dict[str, Array] = {}
    texts: dict[str, Sequence[str]] = {}
    for place, name in enumerate(sheet.names):
        if name not in wanted:
            continue
        column = [row[place] if place < len(row) else "" for row in rows]
        if all(isinstance(c, int | float) and not isinstance(c, bool) for c in column):
            arrays[name] = np.array(column, dtype=np.float64)
        else:
            texts[name] = [_text(c) for c in column]
    table = Table(path, sheet.names, sheet.first, len(rows), texts, arrays, warnings=tuple(notes), gaps=gaps)
    header = {"sheet": sheet.name, "columns": ", ".join(sheet.names)}
    return vendor_measurement(table, sheet.vendor, header=header, metadata={}, options=options, part=part)


def _records(sheet: _Sheet) -> tuple[list[Sequence[Cell]], tuple[int, ...], list[str]]:
    """Return the rows that hold a record, the numbers of the others, and what to say of these."""
    if sheet.vendor is LAND:
        gone = [i for i, row in enumerate(sheet.rows) if step_heading([_text(c) for c in row], sheet.names)]
        notes = [f"{len(gone)} lines between the rows are headings of steps: they are left out"] if gone else []
    else:
        firsts: tuple[list[Cell], ...] = ([], [""], [sheet.names[0]])
        maybe = [i for i, row in enumerate(sheet.rows) if row[:1] in firsts]
        gone = [i for i in maybe if holds_no_record([_text(c) for c in sheet.rows[i]], sheet.names)]
        notes = left_out_note([sheet.first + i for i in gone], row="row")
    left = set(gone)
    rows = [row for i, row in enumerate(sheet.rows) if i not in left]
    return rows, tuple(sheet.first + i for i in gone), notes


def _text(cell: Cell) -> str:
    """Return a cell as text; durations, which Excel may keep as dates, as ``d-hh:mm:ss``."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return repr(cell) if math.isfinite(cell) else "nan"
    if isinstance(cell, dt.datetime) and cell.year < _OLD:
        return _clock(cell - _FIRST_DAY)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        return _clock(cell)
    return cell.strip() if isinstance(cell, str) else str(cell)


def _clock(duration: dt.timedelta) -> str:
    seconds = duration.seconds + duration.microseconds / 1e6
    return f"{duration.days}-{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:09.6f}"
