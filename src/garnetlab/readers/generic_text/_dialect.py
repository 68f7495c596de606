"""Lines of text to rows of cells: which delimiter, which decimal mark."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from garnetlab.readers._text import is_number, parse_number

#: in the order that decides between equals
DIALECTS = (("\t", "."), ("\t", ","), (";", "."), (";", ","), (",", "."), ("|", "."), (" ", "."), (" ", ","))
_SAMPLE = 400
_PREFIXED = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s?([pnu\u00b5\u03bcmkKMG])")
_PREFIX = {"p": -12, "n": -9, "u": -6, "\u00b5": -6, "\u03bc": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9}
_FIRST = frozenset("+-.,0123456789 ")
_COMMENT = ("#", "%", "//", "!")
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity|ind|#\w+[!?]?|1\.#\w+)", re.IGNORECASE)


class Row(NamedTuple):
    """One line of a table: its number in the file (from 1), its text, and its cells."""

    line: int
    text: str
    cells: tuple[str, ...]


class Dialect(NamedTuple):
    """How a table is written."""

    delimiter: str
    decimal: str
    columns: int


def value_of(text: str, decimal: str) -> float:
    """Return the number in a cell; ``78.668m`` and ``1.462k`` carry an SI prefix.

    Raises
    ------
    ValueError  if the cell is anything else.
    """
    match = _PREFIXED.fullmatch(text.strip().replace(",", ".") if decimal == "," else text.strip())
    if match is None:
        return parse_number(text, decimal)
    return float(f"{match[1]}e{_PREFIX[match[2]]}")


def is_value(text: str, decimal: str) -> bool:
    """Return whether ``value_of`` reads the cell."""
    if text[:1] not in _FIRST:
        return False
    if is_number(text, decimal):
        return True
    return _PREFIXED.fullmatch(text.replace(",", ".") if decimal == "," else text) is not None


def is_no_number(text: str) -> bool:
    """Return whether the cell says that its number is missing (``NaN``, ``inf``, ``#N/A``)."""
    return _NO_NUMBER.fullmatch(text.strip()) is not None


def is_comment(text: str) -> bool:
    """Return whether the line is blank or a comment."""
    return not text.strip() or text.lstrip().startswith(_COMMENT)


def split_line(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the cells of one line without blanks, enclosing quotes and empty cells at its end."""
    if delimiter == " ":
        cells = text.split()
    elif '"' in text:
        try:
            cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            cells = text.split(delimiter)
    else:
        cells = text.split(delimiter)
    cells = [c.strip() for c in cells]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def find_dialect(lines: Sequence[str]) -> Dialect | None:
    """Return the dialect in which most lines are rows of one length with three numbers or more, or None."""
    best, most = None, 0
    texts = [line for line in lines if not is_comment(line)]
    sample = texts[:: 1 + len(texts) // _SAMPLE]
    for delimiter, decimal in DIALECTS:
        if not any(delimiter in line for line in sample):
            continue
        lengths: Counter[int] = Counter()
        for line in sample:
            cells = split_line(line, delimiter)
            if sum(is_value(c, decimal) for c in cells) >= 3:
                lengths[len(cells)] += 1
        if lengths:
            columns, count = lengths.most_common(1)[0]
            if count > most:
                best, most = Dialect(delimiter, decimal, columns), count
    return best


def to_rows(lines: Sequence[str], dialect: Dialect) -> list[Row]:
    """Return every line of the file as a row."""
    return [Row(i, text, split_line(text, dialect.delimiter)) for i, text in enumerate(lines, start=1)]
