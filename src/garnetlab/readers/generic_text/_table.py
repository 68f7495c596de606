"""Rows of cells to tables whose columns are known: the same for text files and workbooks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from garnetlab.core import ReadError
from garnetlab.readers.generic_text._columns import Column, Role, UnitProblem, column_of, columns_of, is_unit
from garnetlab.readers.generic_text._dialect import Row, is_comment, is_no_number, is_value, split_line

_EXPECTED = "expected a frequency and Z' with Z'', or |Z| with phase. Name the columns so, for instance" + (
    " 'frequency/Hz, Re(Z)/Ohm, -Im(Z)/Ohm'."
)
_SPLITS = ("\t", ";", ",", "|")
_WIDE_BLANKS = re.compile(r"\s{2,}|\t")


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """The columns of one spectrum: frequency with either parts or modulus and phase, and what else can check them."""

    frequency: Column
    real: Column | None
    imaginary: Column | None
    modulus: Column | None
    phase: Column | None

    @property
    def used(self) -> list[Column]:
        """All columns of the set, those first that give the impedance."""
        return [c for c in (self.frequency, self.real, self.imaginary, self.modulus, self.phase) if c is not None]


class Table(NamedTuple):
    """One table: what stands above it, its column sets (empty without names), its rows of numbers, and remarks."""

    preface: tuple[Row, ...]
    names: Row | None
    sets: tuple[ColumnSet, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


class _Layout(NamedTuple):
    path: Path
    columns: int
    decimal: str
    delimiter: str


def find_tables(path: Path, rows: Sequence[Row], columns: int, decimal: str, *, delimiter: str = "") -> list[Table]:
    """Return the tables in ``rows``: one per line of column names, or one without names.

    Parameters
    ----------
    path:      The file, for the messages.
    rows:      All lines.
    columns:   The length most rows of numbers have.
    decimal:   The decimal mark.
    delimiter: The delimiter of a text file; empty for a workbook, whose rows may have cells beside the table.

    Raises
    ------
    ReadError  naming the line, where the columns are not understood, a unit cannot be used, or a row is none of numbers.
    """
    named = [
        (i, names) for i, row in enumerate(rows) if (names := _names(row, columns, decimal, delimiter)) is not None
    ]
    if not named:
        return [_unnamed(path, rows, columns, decimal, delimiter)]
    tables, above = [], 0
    ends = [*(i for i, _ in named[1:]), len(rows)]
    layout = _Layout(path, columns, decimal, delimiter)
    for (at, names), after in zip(named, ends, strict=True):
        tables.append(_named(layout, rows[above:at], rows[at], names, rows[at + 1 : after], last=after == len(rows)))
        above = after
    return tables


def _names(row: Row, columns: int, decimal: str, delimiter: str) -> tuple[str, ...] | None:
    """Return the column names in a row, or None where it is no row of names."""
    if any(is_value(c, decimal) for c in row.cells):
        return None
    fallback = None
    for names in _splits(row, delimiter):
        if not _looks_named(names):
            continue
        if len(names) == columns:
            return names
        fallback = fallback or names
    return fallback


def _splits(row: Row, delimiter: str) -> list[tuple[str, ...]]:
    text = row.text.lstrip("#%! ").strip()
    splits = [row.cells]
    if delimiter:
        whole = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2 else text
        splits.append(split_line(text, delimiter))
        splits += [split_line(text, d) for d in _SPLITS if d in text]
        splits.append(tuple(c for c in _WIDE_BLANKS.split(whole.strip()) if c))
        splits.append(tuple(whole.split()))
    return splits


def _looks_named(names: Sequence[str]) -> bool:
    roles = set()
    for index, name in enumerate(names):
        try:
            column = column_of(index, name)
        except UnitProblem:
            column = column_of(index, re.split(r"[\[(/]", name)[0])
        if column is not None:
            roles.add(column.role)
    return Role.FREQUENCY in roles and len(roles) > 1


def _named(
    layout: _Layout, preface: Sequence[Row], row: Row, names: tuple[str, ...], body: Sequence[Row], *, last: bool
) -> Table:
    path, columns, decimal, delimiter = layout
    first = next((i for i, row in enumerate(body) if _has_numbers(row, decimal)), len(body))
    line = row.line
    if delimiter and first < len(body) and len(names) != columns and (len(names) < columns or delimiter == " "):
        message = (
            f"{len(names)} column names over {columns} columns ({', '.join(names)[:60]}): they cannot be matched."
            " Is the delimiter also the decimal mark, or a name missing? Export with another delimiter."
        )
        raise ReadError(path, message, line)
    for odd in body[:first]:
        if len(odd.cells) == columns and not is_comment(odd.text) and not all(is_unit(c) for c in odd.cells):
            message = (
                f"{odd.text.strip()[:60]!r}: expected units or numbers beneath the column names. Correct the line."
            )
            raise ReadError(path, message, odd.line)
    units = next((r.cells for r in body[:first] if r.cells and all(is_unit(c) for c in r.cells)), ())
    try:
        sets = _sets(path, columns_of(names, units), line, names)
    except UnitProblem as problem:
        raise ReadError(path, str(problem), line) from None
    data, notes = _data_rows(path, body[first:], decimal, last=last)
    _check_width(path, data, len(names) if delimiter else 0)
    return Table(tuple(preface), row, sets, data, notes)


def _has_numbers(row: Row, decimal: str) -> bool:
    return not is_comment(row.text) and any(is_value(c, decimal) or is_no_number(c) for c in row.cells)


def _sets(path: Path, found: Sequence[Column], line: int, names: Sequence[str]) -> tuple[ColumnSet, ...]:
    by_role = {role: [c for c in found if c.role is role] for role in Role}
    frequencies = by_role[Role.FREQUENCY]
    parts = len(by_role[Role.REAL]), len(by_role[Role.IMAGINARY])
    polar = len(by_role[Role.MODULUS]), len(by_role[Role.PHASE])
    count = max(min(parts), min(polar) if not min(parts) else 0)
    several = sorted({len(frequencies), *(parts if min(parts) else polar)})
    if not count:
        raise ReadError(path, f"columns = {', '.join(names)[:100]}: {_EXPECTED}", line)
    if several not in ([count], [1, count]) or (count > 1 and several == [1]):
        shown = ", ".join(c.name for c in found)
        message = f"columns = {shown[:100]}: one quantity stands in several columns. Export one spectrum per file."
        raise ReadError(path, message, line)

    def take(role: Role, k: int) -> Column | None:
        columns = by_role[role]
        return columns[k] if len(columns) == count else None

    return tuple(
        ColumnSet(
            frequencies[k if len(frequencies) == count else 0],
            *(take(role, k) for role in (Role.REAL, Role.IMAGINARY, Role.MODULUS, Role.PHASE)),
        )
        for k in range(count)
    )


def _data_rows(path: Path, rows: Sequence[Row], decimal: str, *, last: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Return the rows of numbers; text after the last of them is a footer, text between them an error."""
    data, text = [], []
    for row in rows:
        if is_comment(row.text):
            continue
        if not _has_numbers(row, decimal):
            text.append(row)
            continue
        if text:
            raise ReadError(
                path, f"{text[0].text.strip()[:60]!r}: expected a row of numbers. Remove the line.", text[0].line
            )
        data.append(row)
    notes = [f"line {row.line} after the last row is left out: {row.text.strip()[:60]!r}" for row in text if last]
    return tuple(data), tuple(notes)


def _unnamed(path: Path, rows: Sequence[Row], columns: int, decimal: str, delimiter: str) -> Table:
    first = next(
        (i for i, r in enumerate(rows) if len(r.cells) == columns and all(is_value(c, decimal) for c in r.cells)),
        len(rows),
    )
    above = [row for row in rows[:first] if not is_comment(row.text)]
    for row in above[-1:] if delimiter == " " else above:  # words with blanks between them may be a title
        if len(row.cells) == columns and not _has_numbers(row, decimal):
            raise ReadError(path, f"columns = {', '.join(row.cells)[:100]}: {_EXPECTED}", row.line)
    for row in above:
        numbers = [is_value(c, decimal) or is_no_number(c) for c in row.cells]
        if numbers and (numbers[0] or all(numbers) or (any(numbers) and len(numbers) == columns)):
            message = f"{row.text.strip()[:60]!r}: expected a row of {columns} numbers. Correct or remove the line."
            raise ReadError(path, message, row.line)
    if columns != 3:
        line = rows[first].line if first < len(rows) else None
        message = f"{columns} columns without names: expected names, or three columns f, Z', Z''. Add a line of names."
        raise ReadError(path, message, line)
    data, notes = _data_rows(path, rows[first:], decimal, last=True)
    _check_width(path, data, columns if delimiter else 0)
    return Table(tuple(above), None, (), data, notes)


def _check_width(path: Path, rows: Sequence[Row], columns: int) -> None:
    """Refuse a row with more cells than the table has columns (0: not checked): its numbers may stand shifted."""
    for row in rows:
        if columns and len(row.cells) > columns:
            message = (
                f"{len(row.cells)} columns: expected {columns}. A decimal comma, or two lines in one? Export again."
            )
            raise ReadError(path, message, row.line)
