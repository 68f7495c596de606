"""The ``.i2b`` list: free lines, a blank one, the number of rows, the rows f, Z', Z''."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._impedance import impedance_measurement
from garnetlab.readers._text import is_number, parse_row

_COLUMNS = ("frequency [Hz]", "Z' [ohm]", "Z'' [ohm]")


def looks_like_i2b(lines: Sequence[str]) -> bool:
    """Return whether a blank line, a whole number and a row of three numbers follow one another."""
    return _count_line(lines) is not None


def _count_line(lines: Sequence[str]) -> int | None:
    for i in range(1, len(lines) - 1):
        if not lines[i - 1].strip() and lines[i].strip().isdecimal():
            cells = lines[i + 1].split(" ")
            return i if len(cells) == len(_COLUMNS) and all(is_number(c) for c in cells) else None
    return None


def read_i2b(path: Path, lines: Sequence[str]) -> tuple[Measurement, ...]:
    """Return the one spectrum of the list.

    Raises
    ------
    ReadError  if a row is damaged, or there are more or fewer rows than the file says.
    """
    at = _count_line(lines)
    if at is None:
        message = "expected a blank line, the number of rows, and rows of f, Z', Z''. Export the file again."
        raise ReadError(path, message, 1)
    count = int(lines[at].strip())
    numbers = [i for i in range(at + 1, len(lines)) if lines[i].strip()]
    if len(numbers) != count:
        message = f"rows = {count}: the file holds {len(numbers)}. It is cut or damaged: export it again."
        raise ReadError(path, message, at + 1)
    cells = [lines[i].split() for i in numbers]
    for i, row in zip(numbers, cells, strict=True):
        if len(row) != len(_COLUMNS):
            message = f"{len(row)} columns: expected 3 (f, Z', Z''). Correct the line or export the file again."
            raise ReadError(path, message, i + 1)
    table = [parse_row(path, i + 1, _COLUMNS, row, wanted=range(3)) for i, row in zip(numbers, cells, strict=True)]
    frequency, real, imaginary = zip(*table, strict=True)
    cut = unfinished_warning(path, numbers[-1] + 1, cells[-1][-1], [row[-1] for row in cells[:-1]])
    header = {f"line {i + 1}": line.strip() for i, line in enumerate(lines[:at]) if line.strip()}
    spectrum = impedance_measurement(
        path, frequency, real, imaginary, header=header, warnings=cut, lines=[i + 1 for i in numbers]
    )
    return (spectrum,)
