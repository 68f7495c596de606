"""What is done by eye or in a short script, of two kinds, as a measure for an analysis.

``by_threshold`` compares the resistance of each half cycle with those just before it. A half cycle lasts while the sign of the
current stays (that of the voltage where no current was recorded). Its resistance is the median voltage of its second half over
its current. Half of the median of the five before, or less, is a short, a tenth a hard one; lost contact is a reading of five
times that.

``by_careful_threshold`` is what a careful person would write in an afternoon: it compares only with the same current, asks the
next half cycle, looks at the scatter, takes the electrolyte for the border between hard and soft, and the limit for contact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, Measurement
from garnetlab.study._cell_set_reading import Reading
from garnetlab.units import Quantity

__all__ = ["by_careful_threshold", "by_threshold"]

Floats = NDArray[np.float64]

_BEFORE = 5
_SHORT, _HARD, _LOST = 0.5, 0.1, 5.0

_DROP = 0.12  # of the resistance against the last ones at the same current and in the same direction
_CONFIRMED = 0.6  # of the drop is asked of the next half cycle
_SCATTER = 5.0  # times the scatter of the last twelve half cycles is the least drop
_LAST, _RECENT, _FEWEST_BEFORE = 12, 3, 2
_OTHER_CURRENT = 0.25  # more drop for each e-fold of the current where none had the same before
_AFTER_BREAK, _BREAK = 0.15, 1.2  # more drop after so many usual half cycles without a record
_SAME_CURRENT = 0.02
_FLOOR = 0.94  # of the resistance of the electrolyte by impedance
_HARD_FALL, _LATER_FALL = 0.3, 0.25  # of the usual resistance, where the electrolyte is unknown
_AT_LIMIT, _RISE, _GREAT_RISE, _CUT = 0.98, 1.5, 3.0, 0.97
_TINY = 1e-12


def by_threshold(measurement: Measurement) -> Reading:
    """Return the first failure that a plain threshold sees, and the current densities before and at it."""
    time, voltage = measurement[Channel.TIME], measurement[Channel.VOLTAGE]
    blind = Channel.CURRENT not in measurement.channels
    current = voltage if blind else measurement[Channel.CURRENT]
    parts = _half_cycles(np.sign(current))
    starts, sizes, resistances, highest = [], [], [], []
    for part in parts:
        second = part[len(part) // 2 :]
        size = 1.0 if blind else float(np.median(np.abs(current[second])))
        starts.append(float(time[part[0]]))
        sizes.append(size)
        resistances.append(float(np.median(np.abs(voltage[second]))) / size)
        highest.append(float(np.max(np.abs(voltage[part]))) / size)
    area = measurement.metadata.get("area")
    levels = np.array(sizes) / float(area) if isinstance(area, float) else np.array(sizes)
    for k in range(_BEFORE, len(parts)):
        usual = float(np.median(resistances[k - _BEFORE : k]))
        lowest = min(resistances[k : k + 2])  # a short may come in the middle: the next half cycle shows all of it
        kind = _kind(resistances[k] / usual, lowest / usual, highest[k] / usual) if usual > 0.0 else ""
        if kind:
            below = levels[:k][levels[:k] < 0.99 * levels[k]]
            survived = float(below.max()) if len(below) else None
            return Reading(((kind, starts[k]),), survived, float(levels[k]))
    return Reading((), float(levels.max()) if len(levels) else None)


def _half_cycles(sign: Floats) -> list[NDArray[np.int64]]:
    """Return the rows of each half cycle."""
    rows = np.flatnonzero(sign != 0.0)
    if not len(rows):
        return []
    cuts = np.flatnonzero((np.diff(sign[rows]) != 0.0) | (np.diff(rows) > 1)) + 1
    return [part.astype(np.int64) for part in np.split(rows, cuts)]


def _kind(ratio: float, lowest: float, highest: float) -> str:
    if ratio <= _SHORT:
        return "hard_short" if lowest <= _HARD else "soft_short"
    return "contact_loss" if highest >= _LOST else ""


@dataclass(frozen=True, slots=True)
class _Halves:
    """Half cycles of a record: rows, sign, current, median resistance of all and of the last third, last voltage, times."""

    rows: list[NDArray[np.int64]]
    sign: Floats
    current: Floats
    whole: Floats
    late: Floats
    last: Floats
    start: Floats
    end: Floats

    @property
    def length(self) -> Floats:
        """Length of each [s]."""
        return self.end - self.start


def by_careful_threshold(measurement: Measurement, electrolyte: Quantity | None = None) -> Reading:
    """Return the first failure that a careful threshold sees, a hard short after a soft one, and the current densities.

    Parameters
    ----------
    measurement: With time, voltage, and if there is one current.
    electrolyte: Resistance of the electrolyte [ohm], None where it is unknown.
    """
    halves = _halves(measurement)
    count = len(halves.rows)
    blind = Channel.CURRENT not in measurement.channels
    floor = _FLOOR * electrolyte.value if electrolyte is not None and not blind else None
    top = float(np.abs(measurement[Channel.VOLTAGE]).max())
    for k in range(_FEWEST_BEFORE, count):
        fall, usual = _fall(halves, k)
        if fall:
            return _shorted(measurement, halves, k, usual, floor)
        if _is_lost(halves, k, usual, top):
            return _reading(measurement, halves, k, [("contact_loss", float(halves.end[k]))])
    time = measurement[Channel.TIME]
    if blind and count and time[-1] - halves.end[-1] > float(np.median(halves.length)):
        return Reading((("hard_short", float(halves.end[-1])),))  # no voltage is left to tell directions by
    area = float(str(measurement.metadata["area"]))
    return Reading((), float(halves.current.max()) / area if count else None)


def _halves(measurement: Measurement) -> _Halves:
    """Return the half cycles of a record, cut where the direction or the current changes."""
    time, voltage = measurement[Channel.TIME], np.abs(measurement[Channel.VOLTAGE])
    current = np.abs(measurement.channels.get(Channel.CURRENT, np.ones(len(time))))
    if Channel.CURRENT in measurement.channels:
        sign = np.where(current > 0.02 * current.max(), np.sign(measurement[Channel.CURRENT]), 0.0)
    else:
        usual = float(np.quantile(voltage[: max(len(voltage) // 4, 20)], 0.6))
        sign = np.where(voltage > 0.15 * usual, np.sign(measurement[Channel.VOLTAGE]), 0.0)
    cuts = np.flatnonzero((np.diff(sign) != 0.0) | (np.abs(np.diff(current)) > 0.05 * current[1:])) + 1
    rows = [p.astype(np.int64) for p in np.split(np.arange(len(time)), cuts) if sign[p[0]] != 0.0 and len(p) > 1]
    size = np.array([float(np.median(current[p])) for p in rows])
    late = [float(np.median(voltage[p[-max(len(p) // 3, 1) :]])) for p in rows]
    return _Halves(
        rows=rows,
        sign=np.array([sign[p[0]] for p in rows]),
        current=size,
        whole=np.maximum([float(np.median(voltage[p])) for p in rows], _TINY) / size,
        late=np.maximum(late, _TINY) / size,
        last=np.array([float(voltage[p[-1]]) for p in rows]),
        start=np.array([float(time[p[0]]) for p in rows]),
        end=np.array([float(time[p[-1]]) for p in rows]),
    )


def _fall(halves: _Halves, k: int) -> tuple[bool, float]:
    """Return whether the resistance falls in a half cycle and stays low in the next, and what is usual before [ohm]."""
    old = np.arange(max(k - _LAST, 0), k)
    same = old[np.abs(halves.current[old] / halves.current[k] - 1.0) < _SAME_CURRENT]
    alike = same[halves.sign[same] == halves.sign[k]]
    before = next((rows for rows in (alike, same) if len(rows) >= _FEWEST_BEFORE), None)
    least = _DROP
    if before is None:
        before = old[-2:]
        least += _OTHER_CURRENT * abs(math.log(halves.current[k] / halves.current[k - 1]))
    breaks = halves.start[max(k - 1, 1) : k + 1] - halves.end[max(k - 1, 1) - 1 : k]
    if breaks.max() > _BREAK * float(np.median(halves.length)):
        least += _AFTER_BREAK
    usual = float(np.median(halves.whole[before[-_RECENT:]]))
    steps = np.abs(np.diff(np.log(halves.late[old])))
    scatter = 1.4826 * float(np.median(steps)) if k >= _BEFORE else 0.02
    least = max(least, _SCATTER * scatter)
    following = halves.late[min(k + 1, len(halves.rows) - 1)]
    return bool(math.log(usual / halves.late[k]) > least and math.log(usual / following) > _CONFIRMED * least), usual


def _is_lost(halves: _Halves, k: int, usual: float, top: float) -> bool:
    """Return whether a half cycle ends at the highest voltage of the record, high above what is usual or cut short."""
    rise = halves.last[k] / halves.current[k] / usual
    cut = halves.length[k] < _CUT * halves.length[k - 2]
    return bool(halves.last[k] >= _AT_LIMIT * top and rise > _RISE and (rise > _GREAT_RISE or cut))


def _shorted(measurement: Measurement, halves: _Halves, k: int, usual: float, floor: float | None) -> Reading:
    """Return the short of a half cycle, and the hard one that a soft one becomes."""
    rows = halves.rows[k]
    after = halves.late[k : k + 2].min()
    hard = after < (floor if floor is not None else _HARD_FALL * usual)
    resistance = np.abs(measurement[Channel.VOLTAGE][rows]) / halves.current[k]
    low = np.flatnonzero(resistance < math.sqrt(usual * halves.late[k]))
    events = [
        ("hard_short" if hard else "soft_short", float(measurement[Channel.TIME][rows[low[0] if len(low) else -1]]))
    ]
    metal = np.flatnonzero(halves.late[k + 1 :] < (floor if floor is not None else _LATER_FALL * usual)) + k + 1
    if not hard and len(metal):
        events.append(("hard_short", float(halves.start[metal[0]])))
    return _reading(measurement, halves, k, events)


def _reading(measurement: Measurement, halves: _Halves, k: int, events: list[tuple[str, float]]) -> Reading:
    """Return events with the current densities at the half cycle of the first and below it."""
    levels = halves.current / float(str(measurement.metadata["area"]))
    below = levels[:k][levels[:k] < (1.0 - _SAME_CURRENT) * levels[k]]
    return Reading(tuple(events), float(below.max()) if len(below) else None, float(levels[k]))
