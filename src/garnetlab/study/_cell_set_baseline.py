"""What is done by eye or in a short script: the resistance of each half cycle against those just before it.

A half cycle lasts while the sign of the current stays (that of the voltage where no current was recorded). Its resistance is
the median voltage of its second half over its current. Half of the median of the five before, or less, is a short, a tenth a
hard one; lost contact is a reading of five times that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, Measurement
from garnetlab.study._cell_set_reading import Reading

__all__ = ["by_threshold"]

_BEFORE = 5
_SHORT, _HARD, _LOST = 0.5, 0.1, 5.0


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


def _half_cycles(sign: NDArray[np.float64]) -> list[NDArray[np.int64]]:
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
