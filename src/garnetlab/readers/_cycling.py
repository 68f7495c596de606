"""From rows of a cycler's table to one checked test: time, voltage and current, the same way in every reader."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, FileSource, InvalidInput, Kind, Measurement, ReadError
from garnetlab.readers._ends import unfinished_warning
from garnetlab.readers._text import parse_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: kinds that a table of time, voltage and current can hold
KINDS = (Kind.CYCLING, Kind.VOLTAMMETRY, Kind.DC_POLARISATION)
NEEDED = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)
#: beyond these no cycler measures: mistaken columns [V], [A]
_LARGEST = {Channel.VOLTAGE: 1e5, Channel.CURRENT: 1e6}
_PLAIN = re.compile(r"[0-9eE+.\-]*")
_END_OF_FILE = "\x1a"


def split_rows(path: Path, lines: Sequence[str], first: int, width: int) -> list[list[str]]:
    """Return the cells of the comma-separated lines from ``first`` (counted from 0) on, each of ``width`` cells.

    Blank lines and an end-of-file mark at the end are left out. One empty cell more at the end of a row is dropped.

    Raises
    ------
    ReadError  with its line, if a row has another number of cells, or there is none.
    """
    last = len(lines)
    while last > first and not lines[last - 1].strip().strip(_END_OF_FILE):
        last -= 1
    rows = []
    for place in range(first, last):
        text = lines[place]
        cells = next(csv.reader([text]), []) if '"' in text else text.split(",")
        if len(cells) == width + 1 and not cells[-1].strip():
            cells.pop()
        if len(cells) != width:
            message = f"{len(cells)} columns: expected {width}. The line is cut or damaged: export the file again."
            raise ReadError(path, message, place + 1)
        rows.append(cells)
    if not rows:
        raise ReadError(path, f"no row after the {width} column names. The test has no record: export it again.", first)
    return rows


def numbers(path: Path, name: str, cells: Sequence[str], line: int) -> Array:
    """Return the numbers in one column; ``line`` is that of its first cell (from 1).

    Raises
    ------
    ReadError  with line and column name, if a cell is no finite number.
    """
    if _PLAIN.fullmatch("".join(cells)) is not None:  # only characters of numbers: float() reads nothing else in them
        try:
            found = np.array([float(c) for c in cells], dtype=np.float64)
        except ValueError:
            found = np.full(1, np.inf)
        if np.isfinite(found).all():
            return found
    return np.array([parse_cell(path, line + i, name, c) for i, c in enumerate(cells)], dtype=np.float64)


def optional_numbers(path: Path, name: str, cells: Sequence[str], line: int) -> tuple[Array | None, str]:
    """Return the numbers of a column that may have empty cells; None and a warning where it has."""
    empty = next((i for i, c in enumerate(cells) if not c.strip()), None)
    if empty is None:
        return numbers(path, name, cells, line), ""
    return None, f"column {name!r} is empty in line {line + empty}: it is left out"


def cycling_measurement(
    path: Path,
    channels: Mapping[Channel, Array],
    *,
    line: int,
    header: Mapping[str, str] | None = None,
    metadata: Mapping[str, float | str] | None = None,
    warnings: Sequence[str] = (),
) -> Measurement:
    """Return one test, checked row by row.

    Parameters
    ----------
    path:     The file, for the messages.
    channels: Time, voltage and current, and what else the file has, in SI; current > 0 charges.
    line:     Line of the first row in the file (from 1).
    header:   The file's own header.
    metadata: What the file knows, in SI. ``temperature`` is added where a channel of it is constant.
    warnings: What the reader noticed; rows that stand twice are left out with another.

    Raises
    ------
    ReadError  with its line, if the time falls, a temperature is not above 0 K, or a number is beyond what cyclers measure.
    """
    time = channels[Channel.TIME]
    falls = np.flatnonzero(np.diff(time) < 0)
    if falls.size:
        i = int(falls[0]) + 1
        message = (
            f"time = {time[i]:.9g} s: expected at least {time[i - 1]:.9g} s, that of the row above. Rows in another order"
            " or two tests in one file: export each test on its own."
        )
        raise ReadError(path, message, line + i)
    for channel, most in _LARGEST.items():
        _refuse(path, channel, channels[channel], np.abs(channels[channel]) > most, f"at most {most:g}", line)
    known = dict(metadata or {})
    temperature = channels.get(Channel.TEMPERATURE)
    if temperature is not None:
        _refuse(path, Channel.TEMPERATURE, temperature, temperature <= 0, "more than 0", line)
        if np.ptp(temperature) == 0:
            known.setdefault("temperature", float(temperature[0]))
    keep, notes = _distinct(channels, line)
    source = FileSource(str(path), "", "", "", dict(header or {}))
    kept = {c: a[keep] for c, a in channels.items()}
    return Measurement(Kind.CYCLING, kept, source, known, warnings=(*warnings, *notes))


def _refuse(path: Path, channel: Channel, values: Array, bad: NDArray[np.bool_], expected: str, line: int) -> None:
    if bad.any():
        i = int(np.argmax(bad))
        message = f"{channel.label} = {values[i]:.6g}: expected {expected} {channel.unit}. Are the columns mixed up?"
        raise ReadError(path, message, line + i)


def _distinct(channels: Mapping[Channel, Array], line: int) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which rows differ from the one above, and what to say of the others."""
    stack = np.stack(list(channels.values()))
    keep = np.ones(stack.shape[1], dtype=np.bool_)
    keep[1:] = (np.diff(stack, axis=1) != 0).any(axis=0)
    if keep.all():
        return keep, []
    first = line + int(np.argmin(keep))
    return keep, [f"{np.count_nonzero(~keep)} rows repeat the row above, first in line {first}: they are left out"]


def cut_warning(path: Path, rows: Sequence[Sequence[str]], line: int) -> tuple[str, ...]:
    """Return a warning where the file's last line has no line end and its last number may have lost digits."""
    ends = [next((c for c in reversed(row) if c.strip()), "") for row in rows]
    return unfinished_warning(path, line + len(rows) - 1, ends[-1], ends[:-1])


def require_cycling(measurement: Measurement) -> None:
    """Raise ``InvalidInput`` unless the measurement is a test with time, voltage and current."""
    if measurement.kind not in KINDS:
        kinds = ", ".join(k.value for k in KINDS)
        message = f"kind = {measurement.kind.value!r}: expected one of {kinds}. This file holds time, voltage, current."
        raise InvalidInput(message)
    missing = [c.label for c in NEEDED if c not in measurement.channels]
    if missing or not len(measurement):
        message = (
            f"channels = {', '.join(c.label for c in measurement.channels)}: expected rows of time, voltage, current."
        )
        raise InvalidInput(message)
