"""Shorts that the fall from one half cycle to the next does not tell: slow ones, brief ones, cells below their electrolyte."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.analyse._cell_event_levels import SLOPES
from garnetlab.analyse._cell_event_odds import SMALLEST, against_rivals, change_odds, probability
from garnetlab.analyse._cell_event_signs import hard_words

if TYPE_CHECKING:
    from garnetlab.analyse._cell_event import EventKind
    from garnetlab.analyse._cell_event_brief import Brief
    from garnetlab.analyse._cell_event_slow import Slow
    from garnetlab.analyse._cell_event_view import View

__all__ = ["Finding", "abrupt_fall", "below_floor", "last_record", "passing_fall", "slow_fall"]

_EVEN = 0.0  # ln of the odds from which an event is reported
_AT_FIRST = 0.1  # relative doubt of the resistance of a cell that nothing can be compared with
_STEADY = 0.03  # the same once it can
_FLOOR_SURE = 0.9  # most that is said of a cell below a resistance that somebody gave, with nothing before it
_WARMER, _WARMER_SENSED = 0.07, 0.02  # of ln R of an electrolyte: 1.5 and 0.4 kelvin at 0.4 eV
_SURELY = math.log(0.95 / 0.05)  # odds that are asked of a floor, which is one number for all half cycles
_FIRST = 4  # half cycles that tell the sound cell
_DRIFT = 0.03  # standard deviation of ln V that a usual laboratory adds per half cycle, with the root of their number
_SAME_KELVIN = 5.0
_STAYS = 0.4  # share of a fall that the next half cycle shows where it stays
_DROP = 0.5  # of the voltage before, below which the last record of a test tells a short
_ONE_READING = (
    0.8  # probability that such a reading is no wrong one: instruments end a test at a low voltage, not at random
)
_ENOUGH = 4  # records of a half cycle that the last one is compared with
_SLOWLY = "It came slowly: no single half cycle stands out."


@dataclass(frozen=True, slots=True)
class Finding:
    """A short: half cycle, time [s], fall of ln V, the sound half cycles before by direction, and what is said of it."""

    half_cycle: int
    time: float
    size: float
    base: Mapping[int, int]
    hard: bool
    probability: float
    words: tuple[str, ...]

    @property
    def kind(self) -> EventKind:
        """Return the kind of the event."""
        return "hard_short" if self.hard else "soft_short"


def slow_fall(view: View, h: int, slow: Mapping[int, Slow]) -> Finding | None:
    """Return the short that a fall over many half cycles shows in two of them in a row."""
    if h not in slow or not (h + 1 in slow or h - 1 in slow):
        return None
    found, cycles = slow[h], view.cycles
    resistance, since = view.resistance(h), float(cycles.end[found.since])
    hard = _holds(view, h) and view.floor.hard(resistance, found.size)
    words = [
        f"The overpotential fell by {100.0 * -math.expm1(-found.size):.0f} % since {since / units.hour:.3g} h, over"
        f" {h - found.since} half cycles; no single one stands out.",
        "An interface that improves as slowly, or a cell that warms, would look alike.",
    ]
    if hard:
        words.append(hard_words(view, resistance, found.size))
    sure, _ = against_rivals(found.odds, found.size, abrupt=False, sensor=_sensor(view, h))
    return Finding(
        h,
        float(cycles.start[h]),
        found.size,
        view.sound_before(found.since, int(cycles.sign[h]), found.since),
        hard,
        sure,
        tuple(words),
    )


def abrupt_fall(view: View, h: int, brief: Mapping[int, Brief]) -> Finding | None:
    """Return the short that a fall between two records shows, if the half cycles after it show it too.

    Where half cycles differ much by chance, it is told by its suddenness alone.
    """
    found = brief.get(h)
    before = int(view.levels.before[h])
    if found is None or found.odds < _EVEN or before < 0:
        return None
    base = view.sound_before(before, int(view.cycles.sign[h]), h)
    after = [view.deficit(k, base) for k in (h + 1, h + 2) if k < len(view)]
    if not after or not max(after) < -_STAYS * found.size:
        return None
    resistance = view.resistance(h + 1)
    hard = _holds(view, h) and view.floor.hard(resistance, -after[0])
    words = [
        f"The voltage fell by {100.0 * -math.expm1(-found.size):.0f} % between two records at the same current, and stayed there."
    ]
    if hard:
        words.append(hard_words(view, resistance, -after[0]))
    sure, _ = against_rivals(found.odds, found.size, abrupt=True, sensor=_sensor(view, h))
    return Finding(h, found.time, found.size, base, hard, sure, tuple(words))


def passing_fall(view: View, brief: Sequence[Brief]) -> Finding | None:
    """Return the first short that came and went within one half cycle, None where there is none."""
    first = next((b for b in brief if b.odds >= _EVEN), None)
    if first is None:
        return None
    h = first.half_cycle
    resistance = first.left * view.resistance(h) / math.exp(float(view.levels.level[h]))
    hard = _holds(view, h) and view.floor.hard(resistance, first.size)
    words = [
        f"The voltage fell by {100.0 * -math.expm1(-first.size):.0f} % between two records, for {first.lasted / 60.0:.3g} min,"
        " within one half cycle and at the same current.",
        f"Half cycles that show such a fall: {len(brief)}.",
    ]
    if hard:
        words.append(hard_words(view, resistance, first.size))
    sure, _ = against_rivals(first.odds, first.size, abrupt=True, sensor=_sensor(view, h))
    return Finding(h, first.time, first.size, {}, hard, sure, tuple(words))


def last_record(view: View) -> Finding | None:
    """Return the short that the very last record shows under current: an instrument may end a test with it."""
    h = len(view) - 1
    cycles = view.cycles
    if cycles.source != "current" or not cycles.galvanostatic[h] or cycles.records[h] < _ENOUGH or not _ends(view, h):
        return None
    first = int(cycles.first_record[h])
    voltage = view.records.voltage[first : first + int(cycles.records[h])] * float(cycles.sign[h])
    usual, end = float(np.median(voltage[:-1])), float(voltage[-1])
    if not (usual > 0.0 and end < _DROP * usual and float(voltage[-2]) > (1.0 - _STAYS * _DROP) * usual):
        return None
    size = math.log(usual / max(end, 1e-3 * usual))
    resistance = max(end, 0.0) * view.resistance(h) / math.exp(float(view.levels.level[h]))
    hard = _holds(view, h) and view.floor.hard(resistance, size)
    words = [f"The record ends under current with {100.0 * end / usual:.0f} % of the voltage before: one reading only."]
    if hard:
        words.append(hard_words(view, resistance, size))
    return Finding(h, float(view.records.time[first + len(voltage) - 1]), size, {}, hard, _ONE_READING, tuple(words))


def _ends(view: View, h: int) -> bool:
    """Return whether the record ends with this half cycle."""
    return int(view.cycles.first_record[h] + view.cycles.records[h]) == len(view.records.time)


def below_floor(view: View, h: int) -> Finding | None:
    """Return the short of a cell that resists less than its electrolyte for two half cycles in a row, however it came there.

    Before anything could be seen to fall only a resistance that was measured tells that.
    """
    floor, near = view.floor, _two(view, h)
    if floor.resistance is None:
        return _below_share(view, h)
    if h <= 1 and not floor.measured:
        return None
    found = [view.resistance(k) for k in near]
    if not all(_holds(view, k) for k in near) or not max(found) < floor.resistance:
        return None
    resistance = found[near.index(h)]
    size = math.log(floor.resistance / resistance)
    odds = _odds_below(view, h, max(found))
    if odds < _EVEN or (not floor.measured and math.log(floor.resistance / max(found)) < SMALLEST):
        return None
    base = {int(view.cycles.sign[k]): k for k in (0, 1) if k < min(near)} if h > 1 else {}
    rival = (
        ("The resistance of the electrolyte must be that at the temperature of this test.",) if floor.measured else ()
    )
    words = ("No sound half cycle came before." if h <= 1 else _SLOWLY, hard_words(view, resistance, size), *rival)
    sure = min(probability(odds), _FLOOR_SURE if h <= 1 else 1.0)
    return Finding(h, float(view.cycles.start[h]), size, base, True, sure, words)


def _odds_below(view: View, h: int, resistance: float) -> float:
    """Return ln of the odds that a cell of that resistance is shorted, against a wrong floor, a warmer cell, or chance."""
    floor, common = view.floor, float(view.levels.common[h])
    chance = common if math.isfinite(common) else _STEADY
    if not floor.measured or h <= 1:
        size = math.log((floor.resistance or resistance) / resistance)
        return change_odds(size, _AT_FIRST if h <= 1 else max(chance, _STEADY), view.prior)
    known = (floor.resistance or resistance) / (1.0 - 2.0 * floor.std)
    spread = math.hypot(floor.std, chance, _WARMER_SENSED if _sensor(view, h) else _WARMER)
    tail = 0.5 * math.erfc(math.log(known / resistance) / spread / math.sqrt(2.0))
    return math.log(0.5) - math.log(max(tail, 1e-300)) - _SURELY


def _below_share(view: View, h: int) -> Finding | None:
    """Return the short of a cell that resists, for two half cycles in a row, less than a share of its first ones.

    Kinetics let the resistance fall while currents rise: as much as the smallest slope d ln V/d ln I that is believed allows is
    no sign of a short.
    """
    levels, near = view.levels, _two(view, h)
    first = np.flatnonzero(view.cycles.galvanostatic & np.isfinite(levels.level))[:_FIRST]
    if len(first) < _FIRST or min(near) <= int(first[-1]) or not np.all(np.isfinite(levels.level[near])):
        return None
    kelvin = view.cycles.temperature[[int(first[0]), *near]]
    if np.any(np.isfinite(kelvin)) and not float(np.ptp(kelvin)) <= _SAME_KELVIN:
        return None
    middle, at = float(np.median((levels.level - levels.current)[first])), float(np.median(levels.current[first]))
    allowed = (1.0 - SLOPES[0]) * np.abs(levels.current[near] - at)
    size = float(np.min(middle - (levels.level - levels.current)[near] - allowed))
    odds = change_odds(size, math.hypot(_DRIFT * math.sqrt(max(h, 1.0)), _AT_FIRST), view.prior)
    if not view.floor.hard(math.nan, size) or odds < _EVEN:
        return None
    words = (_SLOWLY, hard_words(view, math.nan, size), "A much warmer cell would look alike.")
    sure, _ = against_rivals(odds, size, abrupt=False, sensor=_sensor(view, h))
    return Finding(h, float(view.cycles.start[h]), size, {}, True, sure, words)


def _two(view: View, h: int) -> list[int]:
    """Return a half cycle and the one after it, or that before the last."""
    return [k for k in ((h, h + 1) if h + 1 < len(view) else (h - 1, h)) if k >= 0]


def _holds(view: View, h: int) -> bool:
    return view.floor.holds(float(view.cycles.temperature[h]))


def _sensor(view: View, h: int) -> bool:
    return math.isfinite(float(view.cycles.temperature[h]))
