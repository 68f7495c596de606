"""The csv export of LAND cyclers to one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._cycling import cycling_measurement, restarts, summed
from garnetlab.readers._dates import iso_datetime
from garnetlab.readers._direction import directions
from garnetlab.readers._rows import Layout, Table, head_of, read_table

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
    lines = head_of(path)
    place = find_names(lines)
    if place is None:
        wanted = ", ".join(_NEEDED.values())
        message = f"no line of column names with {wanted} in the first {_PREFACE} lines. Export the file again as csv."
        raise ReadError(path, message, 1)
    names = _names(lines[place])
    twice = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once. Export again.", place + 1)
    numeric = [n for n in (*_NEEDED.values(), *_OPTIONAL.values(), CHARGED, DISCHARGED, SENSOR) if n in names]
    layout = Layout(tuple(names), place + 2, ",")
    texts = [n for n in (STEP_NAME,) if n in names]
    table = read_table(path, layout, wanted=numeric, texts=texts)
    with table.located():
        return _measurement(table, _header(lines[:place]))


def _measurement(table: Table, header: Mapping[str, str]) -> Measurement:
    path, names = table.path, table.names
    channels = {c: table.numbers(name) for c, name in _NEEDED.items()}
    warnings = list(table.warnings)
    for channel, name in _OPTIONAL.items():
        if name in names:
            values, note = table.optional(name)
            warnings += [note] if note else []
            channels |= {} if values is None else {channel: values}
    channels |= _temperature(table) | _charge(table, channels)
    if STEP_NAME in names:
        _check_signs(path, table.texts(STEP_NAME), channels[Channel.CURRENT], table.line)
    warnings += _coarse(table.written(CURRENT), channels[Channel.CURRENT])
    metadata = _started(table.written(DATE)[0] if DATE in names else "", float(channels[Channel.TIME][0]))
    if header.get(CELL_ID):
        metadata["sample"] = header[CELL_ID]
    return cycling_measurement(path, channels, line=table.line, header=header, metadata=metadata, warnings=warnings)


def _names(text: str) -> list[str]:
    names = [cell.strip().strip('"') for cell in text.split(",")]
    while names and not names[-1]:
        names.pop()
    return names


def _temperature(table: Table) -> dict[Channel, Array]:
    """Return the first sensor; one that says 0 all the time is not connected."""
    if SENSOR not in table.names:
        return {}
    values = table.numbers(SENSOR)
    return {Channel.TEMPERATURE: values + units.ZERO_CELSIUS} if values.any() else {}


def _charge(table: Table, channels: Mapping[Channel, Array]) -> dict[Channel, Array]:
    """Return the net charge since the first row: the file counts anew in each step of each cycle."""
    needed = {Channel.CYCLE, Channel.STEP} <= channels.keys()
    if CHARGED not in table.names or DISCHARGED not in table.names or not needed:
        return {}
    inside = table.numbers(CHARGED) - table.numbers(DISCHARGED)
    return {Channel.CHARGE: units.hour * summed(inside, step_starts(channels))}


def step_starts(channels: Mapping[Channel, Array]) -> NDArray[np.int64]:
    """Return the rows at which a step begins, the first included."""
    return restarts(channels[Channel.CYCLE], channels[Channel.STEP])


def _check_signs(path: Path, step_names: Sequence[str], current: Array, line: int) -> None:
    """Raise where a charge has a negative current or a discharge a positive one."""
    wrong = current * directions(step_names) < 0
    if wrong.any():
        i = int(np.argmax(wrong))
        shown = step_names[i].strip()
        message = f"current = {current[i]:g} A in a step named {shown!r}: expected the other sign. Export it again."
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
