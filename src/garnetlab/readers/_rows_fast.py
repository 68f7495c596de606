"""Rows of a large, plain text file to columns, a piece of the file at a time, by compiled code.

Plain are rows whose numbers and times are written as the line-by-line way reads them, without quotes. Where a row is not, the
line-by-line way decides: this one returns nothing. Memory holds the columns that are wanted, never the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from garnetlab.readers._durations import clock
from garnetlab.readers._runs import Runs
from garnetlab.readers._text import decode, guess_decimal, is_number, parse_number, split_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

PIECE = 1 << 18  # bytes
_LONGEST = 1 << 20  # bytes of a line above the rows
_TAIL = 1 << 16  # bytes in which the last line must begin
_SAMPLE = 200  # rows that are looked at for the decimal mark
_SAMPLE_BYTES = 20000
_SPARE = 16  # one in so many rows more than expected has room
_BLANKS = b" \t\r\n"


class Wanted(NamedTuple):
    """Which columns are read, by name: as numbers, as times like hh:mm:ss, as texts."""

    numbers: tuple[str, ...]
    clocks: tuple[str, ...]
    texts: tuple[str, ...]


class Form(NamedTuple):
    """How a table is written.

    Attributes
    ----------
    names:     Its column names.
    line:      Line of its first row (from 1).
    delimiter: What stands between the cells.
    split:     Returns the cells of a line.
    skip:      Says of cells that they are no row of the table.
    open_end:  Whether a last row of too few cells is left out.
    """

    names: tuple[str, ...]
    line: int
    delimiter: str
    split: Callable[[str, str], list[str]]
    skip: Callable[[Sequence[str]], bool] | None
    open_end: bool

    def cells(self, text: str) -> list[str]:
        """Return the cells of a line."""
        return self.split(text, self.delimiter)

    def left_out(self, cells: Sequence[str]) -> bool:
        """Return whether the cells are no row of the table."""
        return self.skip is not None and self.skip(cells)


@dataclass(slots=True)
class Found:
    """The columns of a table.

    Attributes
    ----------
    rows:    How many rows.
    arrays:  Column name to its numbers, NaN where a cell is empty, or to its seconds.
    texts:   Column name to its texts.
    decimal: The decimal mark.
    first:   The cells of the first rows.
    last:    The cells of the last row of the file.
    skipped: How many rows were left out.
    cut:     Whether the last row is not whole and left out.
    open:    Whether the last line has no line end.
    """

    rows: int
    arrays: dict[str, Array]
    texts: dict[str, Runs]
    decimal: str
    first: list[list[str]]
    last: list[str]
    skipped: int
    cut: bool
    open: bool


class _NotPlain(ValueError):
    """A row is left to the line-by-line way."""


def read_fast(path: Path, form: Form, wanted: Wanted) -> Found | None:
    """Return the columns of a table, or None where a row of it is not plain."""
    if len(form.delimiter) != 1 or form.delimiter == " ":
        return None
    with path.open("rb") as file:
        try:
            return _read(file, form, wanted)
        except _NotPlain:
            return None


def _read(file: BinaryIO, form: Form, wanted: Wanted) -> Found:
    encoding = _encoding(file)
    begin = _begin(file, form.line)
    stop, text, finished = _last(file, begin)
    file.seek(begin)
    lines = split_lines(decode(file.read(_SAMPLE_BYTES)))[:-1][:_SAMPLE]
    first = [cells for cells in map(form.cells, lines) if not form.left_out(cells)]
    decimal = "." if form.delimiter == "," else guess_decimal(c for row in first for c in row)
    columns = _Columns(form, wanted, decimal, encoding)
    skipped = _stream(file, begin, stop, columns)
    last = form.cells(_decoded(text, encoding))
    heading = form.left_out(last)
    cut = not heading and not columns.add_row(last)
    if not columns.rows or columns.lacks_records():
        raise _NotPlain
    arrays, texts = columns.arrays(), columns.texts()
    return Found(columns.rows, arrays, texts, decimal, first, last, skipped + heading, cut, not finished)


def _begin(file: BinaryIO, line: int) -> int:
    """Return at which byte a line (from 1) begins."""
    file.seek(0)
    for _ in range(line - 1):
        text = file.readline(_LONGEST)
        if not text.endswith(b"\n") or b"\r" in text[:-2]:
            raise _NotPlain
    return file.tell()


def _last(file: BinaryIO, begin: int) -> tuple[int, bytes, bool]:
    """Return where the last line that is not blank begins, the line, and whether it has a line end."""
    size = file.seek(0, 2)
    tail_begin = max(begin, size - _TAIL)
    file.seek(tail_begin)
    tail = file.read(size - tail_begin)
    written = len(tail.rstrip(_BLANKS))
    start = tail.rfind(b"\n", 0, written) + 1
    if not start or b"\x1a" in tail:
        raise _NotPlain
    line, end, _ = tail[start:].partition(b"\n")
    return tail_begin + start, line.removesuffix(b"\r"), bool(end)


def _encoding(file: BinaryIO) -> str:
    """Return the encoding that the head of the file shows, as ``decode`` tells it."""
    file.seek(0)
    head = file.read(_TAIL)
    head = head[: head.rfind(b"\n") + 1]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030" if decode(head) == head.decode("gb18030", errors="replace") else "cp1252"
    return "utf-8"


def _decoded(text: bytes, encoding: str) -> str:
    try:
        return text.decode(encoding)
    except UnicodeDecodeError:
        raise _NotPlain from None


def _stream(file: BinaryIO, begin: int, stop: int, columns: _Columns) -> int:
    """Read all whole lines between two bytes and return how many of them were left out."""
    skipped = 0
    place = begin
    while place < stop:
        file.seek(place)
        text = file.read(min(PIECE, stop - place))
        end = text.rfind(b"\n") + 1
        if not end:
            raise _NotPlain
        skipped += columns.add_lines(text, end)
        place += end
        if place < stop:
            columns.expect(columns.rows * (stop - begin) // (place - begin))
    return skipped


@dataclass(slots=True)
class _Columns:
    """The columns as far as they are read."""

    form: Form
    wanted: Wanted
    decimal: str
    encoding: str
    rows: int = 0
    marks: Bytes = field(init=False)
    layout: Integers = field(init=False)
    numbers: Array = field(init=False)
    spans: Integers = field(init=False)  # of one piece
    hard: Integers = field(init=False)  # of one piece
    words: list[list[str]] = field(default_factory=list)
    starts: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted, capacity = self.wanted, PIECE // len(self.form.names) + 1  # a cell and the mark behind it, or the mark
        self.marks, self.layout = _marks(self.form.delimiter), _layout(self.form.names, wanted)
        self.numbers = np.empty((len(wanted.numbers) + len(wanted.clocks), capacity))
        self.spans = np.empty((len(wanted.texts), capacity, 3), dtype=np.int64)
        self.hard = np.empty((len(wanted.numbers) * capacity, 4), dtype=np.int64)
        self.words, self.starts = [[] for _ in wanted.texts], [[] for _ in wanted.texts]

    def expect(self, rows: int) -> None:
        """Make room for about so many rows in all, and in any case for those of one piece."""
        least = self.rows + self.spans.shape[1]
        if self.numbers.shape[1] < least:
            wider = np.empty((len(self.numbers), max(least, rows + rows // _SPARE)))
            wider[:, : self.rows] = self.numbers[:, : self.rows]
            self.numbers = wider

    def add_lines(self, text: bytes, end: int) -> int:
        """Read the rows in the whole lines up to ``end`` and return how many lines were left out."""
        from garnetlab.readers._cells_compiled import parse_rows

        data = np.frombuffer(text, dtype=np.uint8)[:end]
        signs = (ord(self.form.delimiter), ord(self.decimal))
        counts = np.zeros(1 + len(self.wanted.texts), dtype=np.int64)
        row, skipped = self.rows, 0
        place: int | np.int64 = 0
        while place < end:
            row, place = parse_rows(
                data, place, signs, self.marks, self.layout, self.numbers, row, self.spans, counts, self.hard
            )
            if place < end:
                stop = text.index(b"\n", int(place))
                line = _decoded(text[place:stop], self.encoding).removesuffix("\r")
                if not self.form.left_out(self.form.cells(line)):
                    raise _NotPlain
                place = stop + 1
                skipped += 1
        for slot, at, start, stop in self.hard[: counts[0]].tolist():
            self.numbers[slot, at] = _float(text[start:stop].decode().replace(self.decimal, "."))
        for slot, count in enumerate(counts[1:].tolist()):
            for at, start, stop in self.spans[slot, :count].tolist():
                self._add_text(slot, _decoded(text[start:stop], self.encoding).strip(), at)
        self.rows = row
        return skipped

    def add_row(self, cells: Sequence[str]) -> bool:
        """Add one row; return False where it is cut and left out."""
        names = self.form.names
        surplus = cells[len(names) :]
        if len(cells) < len(names) and self.form.open_end:
            return False
        if len(cells) < len(names) or any(surplus):
            raise _NotPlain
        at = dict(zip(names, cells, strict=False))
        values = [self._number(at[name]) for name in self.wanted.numbers]
        for name in self.wanted.clocks:
            seconds = clock(at[name])
            if seconds is None:
                raise _NotPlain
            values.append(seconds)
        for slot, name in enumerate(self.wanted.texts):
            self._add_text(slot, at[name], self.rows)
        self.expect(self.rows + 1)
        self.numbers[:, self.rows] = values
        self.rows += 1
        return True

    def arrays(self) -> dict[str, Array]:
        """Return the numbers and the seconds by name."""
        names = (*self.wanted.numbers, *self.wanted.clocks)
        return {name: self.numbers[slot, : self.rows] for slot, name in enumerate(names)}

    def lacks_records(self) -> bool:
        """Return whether the first column of numbers has an empty cell: the row may be one of no record."""
        return bool(self.wanted.numbers) and bool(np.isnan(self.numbers[0, : self.rows]).any())

    def texts(self) -> dict[str, Runs]:
        """Return the texts by name."""
        starts = [np.array(s, dtype=np.int64) for s in self.starts]
        return {n: Runs(w, s, self.rows) for n, w, s in zip(self.wanted.texts, self.words, starts, strict=True)}

    def _add_text(self, slot: int, text: str, row: int) -> None:
        words = self.words[slot]
        if not words or words[-1] != text:
            words.append(text)
            self.starts[slot].append(row)

    def _number(self, cell: str) -> float:
        if not cell:
            return math.nan
        if not is_number(cell, self.decimal):
            raise _NotPlain
        return parse_number(cell, self.decimal)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotPlain
    return value


def _marks(delimiter: str) -> Bytes:
    """Return what each byte is."""
    from garnetlab.readers._cells_compiled import DELIMITER, FORBIDDEN, LINE_FEED, RETURN

    marks = np.zeros(256, dtype=np.uint8)
    marks[[0, 0x1A, ord('"')]] = FORBIDDEN
    marks[ord("\n")], marks[ord("\r")], marks[ord(delimiter)] = LINE_FEED, RETURN, DELIMITER
    return marks


def _layout(names: Sequence[str], wanted: Wanted) -> Integers:
    """Return what is done with each column, and which row of the arrays it fills."""
    from garnetlab.readers._cells_compiled import BLANK, CLOCK, NUMBER, SKIP, TEXT

    layout = np.full((2, len(names) + 1), SKIP, dtype=np.int64)
    layout[0, -1] = BLANK
    for slot, name in enumerate((*wanted.numbers, *wanted.clocks)):
        layout[:, names.index(name)] = NUMBER if slot < len(wanted.numbers) else CLOCK, slot
    for slot, name in enumerate(wanted.texts):
        layout[:, names.index(name)] = TEXT, slot
    return layout
