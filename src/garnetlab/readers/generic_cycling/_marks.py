"""Is the mark within the numbers of a table the decimal mark, or does it group thousands?

A number like 3,012 or 3.012, with one to three digits before the mark, the first no 0, and three behind it, may be either. A
file has one decimal mark, so that any number that can only hold a decimal one (0,512 or 3,0124 or 1200,000) settles it for the
whole table. So does a voltage in volts: with thousands it would be 1 kV or more, which no cell has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from garnetlab.core import ReadError
from garnetlab.readers._column_names import split_name, unit_of
from garnetlab.readers._rows import Layout, Table, split_cells
from garnetlab.readers._text import decode, is_number, split_lines

_EITHER = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}") for mark in ".,"}
_SAMPLE = 200  # rows that are looked at first
_TEXTS = ("state", "date")


def check_marks(layout: Layout, table: Table, found: Mapping[str, str]) -> None:
    """Raise where the numbers of a table leave open whether their mark is the decimal one.

    Parameters
    ----------
    layout: Where the table stands in the file.
    table:  Its columns; only the first rows are looked at where they settle it.
    found:  Quantity to the name of its column.

    Raises
    ------
    ReadError  with its line, for the first number of a column that is read and may be written either way.
    """
    if layout.delimiter == ",":
        return  # a comma would begin a new cell, and who separates cells so writes decimal points
    sample: Sequence[Sequence[str]] = list(zip(*table.first, strict=False)) or [
        table.cells[n][:_SAMPLE] for n in table.names
    ]
    if _settled(sample, table, found):
        return
    columns: Sequence[Sequence[str]] = (
        [table.cells[n] for n in table.names] if not table.first else _columns(layout, table)
    )
    if _settled(columns, table, found):
        return
    numeric = {name for role, name in found.items() if role not in _TEXTS}
    form = _EITHER[table.decimal]
    for name, column in zip(table.names, columns, strict=False):
        row = next((i for i, cell in enumerate(column) if form.fullmatch(cell)), None) if name in numeric else None
        if row is not None:
            message = (
                f"{name} = {column[row]!r}: is {table.decimal!r} the decimal mark, or does it group thousands? Every number"
                " of the file with it has three digits behind it, so both fit. Export without thousands marks, or with"
                " another number of decimals."
            )
            raise ReadError(table.path, message, table.line + row)


def _settled(columns: Sequence[Sequence[str]], table: Table, found: Mapping[str, str]) -> bool:
    """Return whether a number of the columns can only hold a decimal mark."""
    mark = table.decimal
    volts = _in_volts(found["voltage"])
    for name, column in zip(table.names, columns, strict=False):
        for cell in column:
            if mark not in cell:
                continue
            either = _EITHER[mark].fullmatch(cell) is not None
            if (volts and name == found["voltage"]) if either else is_number(cell, mark):
                return True
    return False


def _in_volts(name: str) -> bool:
    """Return whether the numbers of a column of voltage are volts, which they are too where no unit stands there."""
    text = split_name(name)[1]
    unit = unit_of(text, "voltage") if text else None
    return not text or (unit is not None and unit.factor >= 1.0)


def _columns(layout: Layout, table: Table) -> list[tuple[str, ...]]:
    """Return the texts of all columns of a file that was not read line by line; none where the mark stands nowhere."""
    data = table.path.read_bytes()
    if table.decimal.encode() not in data:
        return []
    rows = (split_cells(text, layout.delimiter) for text in split_lines(decode(data))[layout.line - 1 :])
    return list(zip(*(r for r in rows if len(r) >= len(layout.names)), strict=False))
