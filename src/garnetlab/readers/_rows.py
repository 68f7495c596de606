"""Rows of a delimited text file to columns: by compiled code where the file is large and plain, line by line elsewhere.

Both ways give the same numbers. What the fast way does not read at once (a cell that is no number, a row of another
length, quotes, other line ends) the slow way reads again, so that the error names its line.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab.core import ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._rows_fast import Form, Found, Wanted, read_fast
from garnetlab.readers._text import decode, guess_decimal, parse_cell, split_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: files of fewer bytes are read line by line: that takes less time than loading the compiled code
FAST_BYTES = 1 << 24
#: the same where it is loaded already
LOADED_BYTES = 1 << 18
_COMPILED = "garnetlab.readers._cells_compiled"
#: bytes in which a table's names must stand
HEAD_BYTES = 1 << 18
_PLAIN = re.compile(r"[0-9eE+.\-]*")
_END_OF_FILE = "\x1a"
_SAMPLE = 200


class Layout(NamedTuple):
    """Where a table stands in a file.

    Attributes
    ----------
    names:     Its column names.
    line:      Line of its first row (from 1).
    delimiter: What stands between the cells.
    preface:   The lines above the names.
    """

    names: tuple[str, ...]
    line: int
    delimiter: str
    preface: tuple[str, ...] = ()


@dataclass(slots=True)
class Table:
    """The columns of one table, as numbers or as texts.

    Attributes
    ----------
    path:     The file, for the messages.
    names:    The column names.
    line:     Line (in a workbook: row) of the first row, from 1.
    rows:     How many rows.
    cells:    Column name to its texts.
    arrays:   Column name to its numbers, where they are known already; NaN where a cell is empty.
    clocks:   Column name to its seconds, where its texts were read as times like hh:mm:ss already.
    decimal:  The decimal mark.
    warnings: What was noticed.
    first:    The cells of the first rows, where not all cells are kept.
    gaps:     Lines (from 1, rising) between the rows that were left out.
    """

    path: Path
    names: tuple[str, ...]
    line: int
    rows: int
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    clocks: Mapping[str, Array] = field(default_factory=dict)
    decimal: str = "."
    warnings: tuple[str, ...] = ()
    first: tuple[Sequence[str], ...] = ()
    gaps: tuple[int, ...] = ()

    @contextmanager
    def located(self) -> Iterator[None]:
        """Let errors name the line of the file, where rows are counted as if no line between them were left out."""
        try:
            yield
        except ReadError as error:
            line = error.line or 0
            for gap in self.gaps:
                line += gap <= line
            if line == (error.line or 0):
                raise
            raise ReadError(error.path, error.reason, line) from None

    def written(self, name: str) -> Sequence[str]:
        """Return how the numbers of a column are written, at least in the first rows."""
        if name in self.cells:
            return self.cells[name]
        place = self.names.index(name)
        return [row[place] for row in self.first if len(row) > place]

    def numbers(self, name: str) -> Array:
        """Return the numbers in a column; raises ``ReadError`` with line and name if a cell is none."""
        if name in self.arrays:
            found = self.arrays[name]
            empty = np.flatnonzero(np.isnan(found))
            if empty.size:
                parse_cell(self.path, self.line + int(empty[0]), name, "")
            return found
        cells = self.cells[name]
        text = "".join(cells)
        if self.decimal == "," and "." not in text:
            cells, text = [c.replace(",", ".") for c in cells], text.replace(",", ".")
            decimal = "."
        else:
            decimal = self.decimal
        if decimal == "." and _PLAIN.fullmatch(text) is not None:
            plain = _floats(cells)
            if plain is not None:
                return plain
        rows = enumerate(cells, start=self.line)
        return np.array([parse_cell(self.path, i, name, c, decimal) for i, c in rows], dtype=np.float64)

    def optional(self, name: str) -> tuple[Array | None, str]:
        """Return the numbers of a column that may have empty cells; None and a warning where it has."""
        if name in self.arrays:
            empty = np.flatnonzero(np.isnan(self.arrays[name]))
            first = int(empty[0]) if empty.size else None
        else:
            first = next((i for i, c in enumerate(self.cells[name]) if not c.strip()), None)
        if first is None:
            return self.numbers(name), ""
        return None, f"column {name!r} is empty in line {self.line + first}: it is left out"

    def texts(self, name: str) -> Sequence[str]:
        """Return the texts in a column."""
        return self.cells[name]


def _floats(cells: Sequence[str]) -> Array | None:
    try:  # only characters of numbers: float() reads nothing else in them
        found = np.array([float(c) for c in cells], dtype=np.float64)
    except ValueError:
        return None
    return found if bool(np.isfinite(found).all()) else None


def head_of(path: Path) -> list[str]:
    """Return the first lines of a file, without reading the rest."""
    with path.open("rb") as file:
        return head_lines(file.read(HEAD_BYTES + 1))


def head_lines(data: bytes) -> list[str]:
    """Return the first lines of a file; the last of them is left out where it is not whole."""
    lines = split_lines(decode(data[:HEAD_BYTES]))
    return lines[:-1] if len(data) > HEAD_BYTES else lines


def split_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one line, without blanks around them."""
    if '"' in text:
        try:
            return [c.strip() for c in next(csv.reader([text], delimiter=delimiter), [])]
        except csv.Error:
            pass
    return [c.strip() for c in text.split(delimiter)]


def read_table(
    path: Path,
    layout: Layout,
    *,
    wanted: Iterable[str],
    texts: Iterable[str] = (),
    clocks: Iterable[str] = (),
    skip: Callable[[Sequence[str]], bool] | None = None,
    open_end: bool = False,
) -> Table:
    """Return the columns of a table.

    Parameters
    ----------
    path:     The file.
    layout:   Where the table stands.
    wanted:   Names of the columns whose numbers are needed.
    texts:    Names of the columns whose texts are needed.
    clocks:   Names of the columns that hold times like hh:mm:ss.
    skip:     Says of a row's cells that they belong to no row of numbers; such rows are left out, with a warning.
    open_end: A last row that is shorter than the others is left out with a warning (a test that still runs, or a cut
              file) and not refused.

    Raises
    ------
    ReadError  with its line, if a row has another number of cells than the names, or there is none.
    """
    if path.stat().st_size >= (LOADED_BYTES if _COMPILED in sys.modules else FAST_BYTES):
        asked = Wanted(*(tuple(dict.fromkeys(names)) for names in (wanted, clocks, texts)))
        form = Form(layout.names, layout.line, layout.delimiter, split_cells, skip, open_end)
        found = read_fast(path, form, asked)
        if found is not None:
            return _table(path, layout, asked, found)
    return _slow(path, split_lines(decode(path.read_bytes())), layout, skip=skip, open_end=open_end)


def _table(path: Path, layout: Layout, asked: Wanted, found: Found) -> Table:
    arrays = {name: found.arrays[name] for name in asked.numbers}
    clocks = {name: found.arrays[name] for name in asked.clocks}
    line = layout.line + found.rows + found.skipped
    warnings = [*_cut(line, found.last, len(layout.names))] if found.cut else []
    warnings += _skipped(found.skipped)
    if found.open and not found.cut:
        warnings += cut_end(path, [*found.first, found.last], line - 1)
    cells, first = found.texts, tuple(found.first)
    return Table(
        path, layout.names, layout.line, found.rows, cells, arrays, clocks, found.decimal, tuple(warnings), first
    )


def holds_no_record(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether a row is what a spreadsheet leaves behind: no cell with a text, or the column names again."""
    return not any(cells) or tuple(cells[: len(names)]) == tuple(names)


def left_out_note(places: Sequence[int], *, row: str = "line") -> list[str]:
    """Return what to say of the lines that hold no record, by their numbers."""
    if not places:
        return []
    many = f"{len(places)} {row}s are" if len(places) > 1 else f"{row} {places[0]} is"
    first = f", first {row} {places[0]}" if len(places) > 1 else ""
    return [f"{many} blank or the column names again{first}: left out"]


def _cut(line: int, cells: Sequence[str], width: int) -> list[str]:
    return [f"line {line}, the last, has {len(cells)} of {width} columns: it is left out"]


def _skipped(count: int) -> list[str]:
    return [f"{count} lines between the rows are headings of steps: they are left out"] if count else []


def _slow(
    path: Path,
    lines: Sequence[str],
    layout: Layout,
    *,
    skip: Callable[[Sequence[str]], bool] | None,
    open_end: bool,
) -> Table:
    width, first = len(layout.names), layout.line - 1
    last = len(lines)
    while last > first and not lines[last - 1].strip().strip(_END_OF_FILE):
        last -= 1
    rows: list[list[str]] = []
    warnings: list[str] = []
    empty: list[int] = []
    heads: list[int] = []
    for place in range(first, last):
        if "\x00" in lines[place]:
            raise ReadError(path, "the line holds bytes of 0. The file is damaged: export it again.", place + 1)
        cells = split_cells(lines[place], layout.delimiter)
        if skip is not None and skip(cells):
            heads.append(place + 1)
            continue
        if holds_no_record(cells, layout.names):
            empty.append(place + 1)
            continue
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            message = f"{len(cells)} columns: expected {width}. The line is cut or damaged: export the file again."
            if open_end and place == last - 1 and len(cells) < width and rows:
                warnings += _cut(place + 1, cells, width)
                break
            raise ReadError(path, message, place + 1)
        rows.append(cells)
    warnings += [*_skipped(len(heads)), *left_out_note(empty)]
    if not rows:
        message = f"no row after the {width} column names. The test has no record: export it again."
        raise ReadError(path, message, layout.line - 1)
    cells_by_name = dict(zip(layout.names, zip(*rows, strict=True), strict=True))
    decimal = "." if layout.delimiter == "," else guess_decimal(c for row in rows[:_SAMPLE] for c in row)
    gaps = tuple(sorted(empty + heads))
    if last == len(lines) and len(rows) + len(gaps) == last - first and last not in empty:
        warnings += cut_end(path, rows, last)
    told = tuple(warnings)
    return Table(path, layout.names, layout.line, len(rows), cells_by_name, decimal=decimal, warnings=told, gaps=gaps)


def cut_end(path: Path, rows: Sequence[Sequence[str]], line: int) -> tuple[str, ...]:
    """Return a warning where the file's last line has no line end and its last number may have lost digits.

    ``rows`` are rows of the table, the last of them that in ``line``.
    """
    ends = [next((c for c in reversed(row) if c.strip()), "") for row in rows]
    return unfinished_warning(path, line, ends[-1], ends[:-1])
