"""Rows of a delimited text file to columns: through DuckDB where the file is large and plain, line by line elsewhere.

Both ways give the same numbers. What the fast way does not read at once (a cell that is no number, a row of another
length, quotes, other line ends) the slow way reads again, so that the error names its line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab.core import ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._text import decode, guess_decimal, parse_cell, split_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: files of fewer bytes are read line by line
FAST_BYTES = 1 << 18
#: bytes in which a table's names must stand
HEAD_BYTES = 1 << 18
_PLAIN = re.compile(r"[0-9eE+.\-]*")
_UNDERSCORE = re.compile(rb"\d_\d")
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
    decimal:  The decimal mark.
    warnings: What was noticed.
    first:    The cells of the first rows, where not all cells are kept.
    """

    path: Path
    names: tuple[str, ...]
    line: int
    rows: int
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    decimal: str = "."
    warnings: tuple[str, ...] = ()
    first: tuple[Sequence[str], ...] = ()

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
    data: bytes,
    layout: Layout,
    *,
    wanted: Iterable[str],
    texts: Iterable[str] = (),
    skip: Callable[[Sequence[str]], bool] | None = None,
    open_end: bool = False,
) -> Table:
    """Return the columns of a table.

    Parameters
    ----------
    path:     The file.
    data:     Its bytes.
    layout:   Where the table stands.
    wanted:   Names of the columns whose numbers are needed.
    texts:    Names of the columns whose texts are needed.
    skip:     Says of a row's cells that they belong to no row of numbers; such rows are left out, with a warning.
    open_end: A last row that is shorter than the others is left out with a warning (a test that still runs, or a cut
              file) and not refused.

    Raises
    ------
    ReadError  with its line, if a row has another number of cells than the names, or there is none.
    """
    found = None
    if skip is None and len(data) >= FAST_BYTES:
        found = _fast(path, data, layout, tuple(wanted), tuple(texts))
    return found or _slow(path, split_lines(decode(data)), layout, skip=skip, open_end=open_end)


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
    skipped = 0
    for place in range(first, last):
        if "\x00" in lines[place]:
            raise ReadError(path, "the line holds bytes of 0. The file is damaged: export it again.", place + 1)
        cells = split_cells(lines[place], layout.delimiter)
        if skip is not None and skip(cells):
            skipped += 1
            continue
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            message = f"{len(cells)} columns: expected {width}. The line is cut or damaged: export the file again."
            if open_end and place == last - 1 and len(cells) < width and rows:
                warnings.append(f"line {place + 1}, the last, has {len(cells)} of {width} columns: it is left out")
                break
            raise ReadError(path, message, place + 1)
        rows.append(cells)
    if skipped:
        warnings.append(f"{skipped} lines between the rows are headings of steps: they are left out")
    if not rows:
        message = f"no row after the {width} column names. The test has no record: export it again."
        raise ReadError(path, message, layout.line - 1)
    cells_by_name = dict(zip(layout.names, zip(*rows, strict=True), strict=True))
    decimal = "." if layout.delimiter == "," else guess_decimal(c for row in rows[:_SAMPLE] for c in row)
    if last == len(lines):
        warnings += cut_end(path, rows, layout.line + skipped)
    return Table(path, layout.names, layout.line, len(rows), cells_by_name, {}, decimal, tuple(warnings))


def cut_end(path: Path, rows: Sequence[Sequence[str]], line: int) -> tuple[str, ...]:
    """Return a warning where the file's last line has no line end and its last number may have lost digits."""
    ends = [next((c for c in reversed(row) if c.strip()), "") for row in rows]
    return unfinished_warning(path, line + len(rows) - 1, ends[-1], ends[:-1])


def _fast(path: Path, data: bytes, layout: Layout, wanted: tuple[str, ...], texts: tuple[str, ...]) -> Table | None:
    """Return the table through DuckDB, or None where that is not safe or does not read every row."""
    start = _offset(data, layout.line)
    body = data[start:]
    if not _is_plain(body):
        return None
    rows = body.count(b"\n") + (not body.endswith(b"\n"))
    first = split_cells(decode(body[: body.find(b"\n")]), layout.delimiter)
    width = len(layout.names)
    if not (len(first) == width or (len(first) == width + 1 and not first[-1])):
        return None
    sample = [split_cells(line, layout.delimiter) for line in split_lines(decode(body[:20000]))[:_SAMPLE]]
    decimal = "." if layout.delimiter == "," else guess_decimal(c for row in sample for c in row)
    found = _query(path, layout, len(first), decimal, wanted, texts)
    if found is None or any(len(column) != rows for column in found.values()):
        return None
    arrays: dict[str, Array] = {}
    cells: dict[str, Sequence[str]] = {}
    for name, column in found.items():
        if name in wanted:
            if not bool(np.ma.compressed(np.isfinite(column)).all()):
                return None
            arrays[name] = np.ma.filled(column, np.nan)
        else:
            cells[name] = np.ma.filled(column, "").tolist()
    last = split_cells(decode(body[body.rfind(b"\n") + 1 :]), layout.delimiter)
    warnings = () if body.endswith(b"\n") else cut_end(path, [*sample[:-1], last], layout.line + rows - len(sample))
    return Table(path, layout.names, layout.line, rows, cells, arrays, decimal, warnings, tuple(sample[:-1]))


def _offset(data: bytes, line: int) -> int:
    place = 0
    for _ in range(line - 1):
        place = data.find(b"\n", place) + 1
    return place


def _is_plain(body: bytes) -> bool:
    if not body.isascii() or any(mark in body for mark in (b'"', b"\x00", b"\x1a")):
        return False
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return False
    return b"_" not in body or _UNDERSCORE.search(body) is None


def _query(
    path: Path, layout: Layout, width: int, decimal: str, wanted: tuple[str, ...], texts: tuple[str, ...]
) -> dict[str, NDArray[np.generic]] | None:
    import duckdb

    place = {name: i for i, name in enumerate(layout.names)}
    kinds = dict.fromkeys(range(width), "VARCHAR") | {place[name]: "DOUBLE" for name in wanted}
    columns = ", ".join(f"'c{i}': '{kind}'" for i, kind in kinds.items())
    asked = list(dict.fromkeys((*wanted, *texts)))
    selected = ", ".join(f"c{place[name]}" for name in asked)
    source = (
        f"read_csv(?, delim=?, header=false, skip={layout.line - 1}, columns={{{columns}}}, auto_detect=false, quote='',"
        f" escape='', decimal_separator='{decimal}')"
    )
    try:
        with duckdb.connect() as connection:
            query = connection.execute(f"SELECT {selected} FROM {source}", [str(path), layout.delimiter])  # noqa: S608
            found = query.fetchnumpy()
    except duckdb.Error:
        return None
    return {name: found[f"c{place[name]}"] for name in asked}
