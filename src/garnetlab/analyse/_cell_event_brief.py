"""Shorts that come and go within one half cycle: the voltage falls between two records, and is back before the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._cell_event_odds import change_odds
from garnetlab.analyse._half_cycle_values import PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.analyse._cell_event_view import View

    Floats = NDArray[np.float64]

__all__ = ["Brief", "brief_falls"]

_FALL = 0.8  # of the voltage before: what is left, at most
_FEWEST, _MOST = 4, 6  # records that are compared: so many after a fall and at least before it, and at most before it
_STRONG = 5.0  # times the scatter of these records
_BEGINNING = 0.05  # share of a half cycle in which its own start may look like a fall
_SCATTER = 0.05  # of ln V, between the same parts of two half cycles
_SAME_CURRENT = 0.02


@dataclass(frozen=True, slots=True)
class Brief:
    """A fall within a half cycle: when [s], how far ln V fell, what was left [V], for how long [s], and ln of the odds."""

    half_cycle: int
    time: float
    size: float
    left: float
    lasted: float
    odds: float


def brief_falls(view: View) -> list[Brief]:
    """Return the first such fall of each half cycle that has one, in the order of time.

    Four records at least must lie a fifth below those before them, at the same current, beyond five times their scatter, and
    below the same part of the half cycle before in that direction: what every half cycle does is no fall.
    """
    cycles, records = view.cycles, view.records
    size = np.abs(records.voltage)
    drops = np.flatnonzero(size[1:] < _FALL * size[:-1]) + 1  # the first record of each fall
    if not len(drops):
        return []
    owner = np.searchsorted(cycles.first_record, drops, side="right") - 1
    inside = (owner >= 0) & (drops < (cycles.first_record + cycles.records)[np.maximum(owner, 0)])
    found: list[Brief] = []
    for k, h in zip(drops[inside].tolist(), owner[inside].tolist(), strict=True):
        if cycles.galvanostatic[h] and (not found or found[-1].half_cycle != h):
            brief = _fall(view, k, h)
            if brief is not None:
                found.append(brief)
    return found


def _fall(view: View, k: int, h: int) -> Brief | None:
    """Return the fall that begins with record ``k`` in half cycle ``h``, None if it is none."""
    cycles, records = view.cycles, view.records
    first = int(cycles.first_record[h])
    last = first + int(cycles.records[h])
    time, voltage = records.time, records.voltage[first:last] * float(cycles.sign[h])
    at = k - first
    before, after = voltage[max(at - _MOST, 0) : at], voltage[at : at + _FEWEST]
    if min(len(before), len(after)) < _FEWEST or time[k] - cycles.start[h] < _BEGINNING * cycles.nominal[h]:
        return None
    if records.current is not None and view.cycles.source == "current":
        own = np.abs(records.current[k - 1 : k + _FEWEST])
        if float(np.ptp(own)) > _SAME_CURRENT * float(own.max()) + 1.5 * records.resolution:
            return None
    high, low = float(np.median(before)), float(np.median(after))
    if (
        not high > 0.0 or low > _FALL * high or float(np.ptp(after)) == 0.0
    ):  # the same number over and over is no reading
        return None
    scatter = math.hypot(_spread(before), _spread(after))
    if high - low < _STRONG * scatter:
        return None
    like = _like(view, k, h)
    left = max(low, 1e-3 * high, 1e-9)
    if not left <= _FALL * like:
        return None  # every half cycle does so there, or none tells
    change = math.log(high / left)
    back = np.flatnonzero(voltage[at:] > math.sqrt(high * left))
    until = int(back[0]) + k if len(back) else last - 1
    odds = change_odds(change, math.hypot(_SCATTER, scatter / high), view.prior)
    when = 0.5 * float(time[k - 1] + time[k])
    return Brief(h, when, change, left, float(time[until]) - when, odds)


def _spread(values: Floats) -> float:
    """Return the standard deviation of some records about a line through them."""
    x = np.arange(len(values)) - 0.5 * (len(values) - 1)
    slope = float(x @ values) / float(x @ x)
    rest = values - values.mean() - slope * x
    return float(np.sqrt(rest @ rest / max(len(values) - 2, 1)))


def _like(view: View, k: int, h: int) -> float:
    """Return the voltage that the same part of the last half cycle in that direction foretells; NaN without one."""
    before = int(view.levels.before[h])
    if before < 0:
        return math.nan
    cycles = view.cycles
    into = (float(view.records.time[k]) - float(cycles.start[h])) / max(float(cycles.nominal[h]), 1e-9)
    own = view.levels.logs[before, min(int(into * PARTS), PARTS - 1)]
    return math.exp(float(own) + float(view.levels.expected[h])) if math.isfinite(own) else math.nan
