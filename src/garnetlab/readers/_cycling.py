"""From the columns of a cycler's table to one checked test, the same way in every reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, FileSource, InvalidInput, Kind, Measurement, ReadError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: kinds that a table of time, voltage and current can hold
KINDS = (Kind.CYCLING, Kind.VOLTAMMETRY, Kind.DC_POLARISATION)
NEEDED = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)
#: beyond these no cycler measures: mistaken columns [V], [A]
_LARGEST = {Channel.VOLTAGE: 1e5, Channel.CURRENT: 1e6}


def cycling_measurement(
    path: Path,
    channels: Mapping[Channel, Array],
    *,
    line: int,
    kind: Kind = Kind.CYCLING,
    header: Mapping[str, str] | None = None,
    metadata: Mapping[str, float | str] | None = None,
    warnings: Sequence[str] = (),
    part: str = "",
) -> Measurement:
    """Return one test, checked row by row.

    Parameters
    ----------
    path:     The file, for the messages.
    channels: Time and voltage, current where the file has one, and what else it has, in SI; current > 0 charges.
    line:     Line of the first row in the file (from 1); 0 for a file without lines.
    kind:     What was measured.
    header:   The file's own header.
    metadata: What the file knows, in SI. ``temperature`` is added where a channel of it is constant.
    warnings: What the reader noticed; rows that stand twice are left out with another.
    part:     Which part of the file.

    Raises
    ------
    ReadError  with its line, if the time falls, a temperature is not above 0 K, or a number is beyond what cyclers measure.
    """
    time = channels[Channel.TIME]
    if not len(time):
        raise ReadError(path, "the table has no row: the test has no record. Export it again.")
    falls = np.flatnonzero(np.diff(time) < 0)
    if falls.size:
        i = int(falls[0]) + 1
        message = (
            f"time = {time[i]:.9g} s: expected at least {time[i - 1]:.9g} s, that of the row above. Rows in another order,"
            " a time that begins anew in each step, or two tests in one file: export each test on its own, with its total time."
        )
        raise ReadError(path, message, _line(line, i))
    for channel, array in channels.items():
        _refuse(path, channel, array, ~np.isfinite(array), "a finite number of", line)
        if channel in _LARGEST:
            most = _LARGEST[channel]
            _refuse(path, channel, array, np.abs(array) > most, f"at most {most:g}", line)
    known = dict(metadata or {})
    temperature = channels.get(Channel.TEMPERATURE)
    if temperature is not None:
        _refuse(path, Channel.TEMPERATURE, temperature, temperature <= 0, "more than 0", line)
        if np.ptp(temperature) == 0:
            known.setdefault("temperature", float(temperature[0]))
    keep, notes = _distinct(channels, line)
    source = FileSource(str(path), "", "", "", dict(header or {}), part)
    kept = dict(channels) if keep is None else {c: a[keep] for c, a in channels.items()}
    return Measurement(kind, kept, source, known, warnings=(*warnings, *notes))


def _line(first: int, row: int) -> int | None:
    return first + row if first else None


def _refuse(path: Path, channel: Channel, values: Array, bad: NDArray[np.bool_], expected: str, line: int) -> None:
    if bad.any():
        i = int(np.argmax(bad))
        message = f"{channel.label} = {values[i]:.6g}: expected {expected} {channel.unit}. Are the columns mixed up?"
        raise ReadError(path, message, _line(line, i))


def _distinct(channels: Mapping[Channel, Array], line: int) -> tuple[NDArray[np.bool_] | None, list[str]]:
    """Return which rows differ from the one above (None: all), and what to say of the others."""
    same = np.ones(len(channels[Channel.TIME]) - 1, dtype=np.bool_)
    for array in channels.values():
        same &= array[1:] == array[:-1]
        if not same.any():
            return None, []
    keep = np.concatenate(([True], ~same))
    first = line + int(np.argmin(keep))
    place = f"line {first}" if line else f"row {first + 1}"
    return keep, [f"{np.count_nonzero(~keep)} rows repeat the row above, first in {place}: they are left out"]


def restarts(*columns: Array) -> NDArray[np.int64]:
    """Return the rows at which a step begins, where one of its numbers changes; the first row included."""
    change = np.zeros(len(columns[0]) - 1, dtype=np.bool_)
    for column in columns:
        change |= np.diff(column) != 0
    return np.concatenate(([0], np.flatnonzero(change) + 1))


def summed(inside: Array, starts: NDArray[np.int64]) -> Array:
    """Return the running sum of a counter that begins anew at the rows ``starts`` (which include 0)."""
    before = np.zeros(len(inside))
    before[starts[1:]] = inside[starts[1:] - 1]
    return inside + np.cumsum(before)


def running(counter: Array) -> Array:
    """Return the running sum of a counter >= 0 that may fall back to 0 at any row, where it then begins anew."""
    steps = np.diff(counter)
    return np.concatenate(([counter[0]], counter[0] + np.cumsum(np.where(steps < 0, counter[1:], steps))))


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
