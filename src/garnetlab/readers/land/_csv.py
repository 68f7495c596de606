"""The csv export of LAND cyclers to one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._cycling import cut_warning, cycling_measurement, numbers, optional_numbers, split_rows
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._text import read_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TIME, VOLTAGE, CURRENT = "test_time_s", "voltage_V", "current_A"
CYCLE, STEP, DATE, STEP_NAME = "cycle_index", "step_index", "date_time_iso_string", "step_name"
CHARGED, DISCHARGED, SENSOR = "charge_capacity_Ah", "discharge_capacity_Ah", "temperature_1_C"
CELL_ID = "cell id"
_NEEDED = {Channel.TIME: TIME, Channel.VOLTAGE: VOLTAGE, Channel.CURRENT: CURRENT}
_OPTIONAL = {Channel.CYCLE: CYCLE, Channel.STEP: STEP}
_PREFACE = 50  # lines in which the column names stand
_COARSE = 0.01  # share of the largest current above which its rounding is told


def find_names(lines: Sequence[str]) -> int | None:
    """Return which line (from 0) holds the column names of a LAND export, or None."""
    for place, text in enumerate(lines[:_PREFACE]):
        names = _names(text)
        if all(name in names for name in _NEEDED.values()):
            return place
    return None


def read_csv(path: Path) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    lines = read_lines(path)
    place = find_names(lines)
    if place is None:
        wanted = ", ".join(_NEEDED.values())
        message = f"no line of column names with {wanted} in the first {_PREFACE} lines. Export the file again as csv."
        raise ReadError(path, message, 1)
    names = _names(lines[place])
    twice = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once. Export again.", place + 1)
    rows = split_rows(path, lines, place + 1, len(names))
    line = place + 2
    cells = dict(zip(names, zip(*rows, strict=True), strict=True))
    channels = {c: numbers(path, name, cells[name], line) for c, name in _NEEDED.items()}
    warnings = list(cut_warning(path, rows, line))
    for channel, name in _OPTIONAL.items():
        if name in cells:
            values, note = optional_numbers(path, name, cells[name], line)
            warnings += [note] if note else []
            channels |= {} if values is None else {channel: values}
    channels |= _temperature(path, cells, line) | _charge(path, cells, channels, line)
    _check_signs(path, cells.get(STEP_NAME, ()), channels[Channel.CURRENT], line)
    warnings += _coarse(cells[CURRENT], channels[Channel.CURRENT])
    header = _header(lines[:place])
    metadata = _started(cells.get(DATE, ("",))[0], float(channels[Channel.TIME][0]))
    if header.get(CELL_ID):
        metadata["sample"] = header[CELL_ID]
    return cycling_measurement(path, channels, line=line, header=header, metadata=metadata, warnings=warnings)


def _names(text: str) -> list[str]:
    names = [cell.strip().strip('"') for cell in text.split(",")]
    while names and not names[-1]:
        names.pop()
    return names


def _temperature(path: Path, cells: Mapping[str, Sequence[str]], line: int) -> dict[Channel, Array]:
    """Return the first sensor; one that says 0 all the time is not connected."""
    if SENSOR not in cells:
        return {}
    values = numbers(path, SENSOR, cells[SENSOR], line)
    return {Channel.TEMPERATURE: values + units.ZERO_CELSIUS} if values.any() else {}


def _charge(
    path: Path, cells: Mapping[str, Sequence[str]], channels: Mapping[Channel, Array], line: int
) -> dict[Channel, Array]:
    """Return the net charge since the first row: the file counts anew in each step of each cycle."""
    if CHARGED not in cells or DISCHARGED not in cells or not {Channel.CYCLE, Channel.STEP} <= channels.keys():
        return {}
    charged, discharged = (numbers(path, name, cells[name], line) for name in (CHARGED, DISCHARGED))
    inside = charged - discharged
    starts = step_starts(channels)
    before = np.zeros(len(inside))
    before[starts[1:]] = inside[starts[1:] - 1]
    return {Channel.CHARGE: units.hour * (inside + np.cumsum(before))}


def step_starts(channels: Mapping[Channel, Array]) -> NDArray[np.int64]:
    """Return the rows at which a step begins, the first included."""
    change = (np.diff(channels[Channel.CYCLE]) != 0) | (np.diff(channels[Channel.STEP]) != 0)
    return np.concatenate(([0], np.flatnonzero(change) + 1))


def _check_signs(path: Path, step_names: Sequence[str], current: Array, line: int) -> None:
    """Raise where a charge has a negative current or a discharge a positive one."""
    for i, (name, value) in enumerate(zip(step_names, current.tolist(), strict=False)):
        word = name.strip().lower()
        wrong = value > 0 if word.startswith("discharge") else value < 0 if word.startswith("charge") else False
        if wrong:
            message = (
                f"current = {value:g} A in a step named {name.strip()!r}: expected the other sign. Export it again."
            )
            raise ReadError(path, message, line + i)


def _coarse(texts: Sequence[str], current: Array) -> list[str]:
    """Return a warning where the file rounds the current to more than a hundredth of its largest value."""
    largest = float(np.abs(current).max())
    if any("e" in t or "E" in t for t in texts) or largest == 0.0:
        return []
    digits = max(len(t.strip().partition(".")[2]) for t in texts)
    share = 10.0**-digits / largest
    if share <= _COARSE:
        return []
    return [f"the file rounds currents to {10.0**-digits:g} A, {100 * share:.0f} % of the largest of {largest:g} A"]


def _header(lines: Sequence[str]) -> dict[str, str]:
    header = {}
    for text in lines:
        key, colon, value = text.strip().strip(",").partition(":")
        if colon:
            header[key.strip()] = value.strip()
    return header


def _started(date: str, time: float) -> dict[str, float | str]:
    """Return when the test started, from the date of the first row."""
    stamp = iso_datetime(date, order="mdy")
    if "T" not in stamp:
        return {}
    return {"started": (datetime.fromisoformat(stamp) - timedelta(seconds=round(time))).isoformat()}
