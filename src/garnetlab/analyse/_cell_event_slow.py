"""Falls of the overpotential that take many half cycles: no one of them stands out, all of them together do.

Half cycles at one current and in one direction are a chain. Where four in a row agree, the cell is calm, and the last of them is
a level to fall from; a later calm stretch that is lower takes its place, so that drift and ageing are followed. What lies below
by more than slow changes of a usual laboratory do, for two half cycles in a row, is a short that grew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.analyse._cell_event_odds import change_odds

if TYPE_CHECKING:
    from garnetlab.analyse._cell_event_view import View

__all__ = ["Slow", "slow_falls"]

_CALM, _AGREE = 4, 0.06  # half cycles of a chain, and how far their ln V may lie apart: one kelvin an hour at 0.6 eV
_CHAIN = 50.0  # chains per unit of ln I
_STEP = 0.06  # standard deviation of ln V over four half cycles in a usual laboratory; it grows with the root of their number
_FOUR = 4.0
_UNSEEN = 0.1  # and where no sensor tells the temperature of the cell: 1.5 kelvin at 0.6 eV
_LEAST = 0.5  # least fall of ln V that is called a short because of its sum
_ENERGY, _ENERGY_STD = 0.5 * units.eV, 0.2 * units.eV


@dataclass(frozen=True, slots=True)
class Slow:
    """A slow fall: the calm half cycle before it, how far ln V has fallen, and ln of the odds against chance."""

    since: int
    size: float
    odds: float


def slow_falls(view: View) -> dict[int, Slow]:
    """Return by half cycle what has fallen there since the cell was last calm, where the odds are even or better."""
    chains: dict[tuple[int, int], list[int]] = {}
    calm: dict[tuple[int, int], int] = {}
    found: dict[int, Slow] = {}
    levels, cycles = view.levels, view.cycles
    usable = np.flatnonzero(cycles.galvanostatic & ~cycles.cut & np.isfinite(levels.level))
    for h in usable.tolist():
        name = int(cycles.sign[h]), round(float(levels.current[h]) * _CHAIN)
        since = calm.get(name)
        if since is not None:
            slow = _fallen(view, since, h)
            if slow is not None:
                found[h] = slow
        chain = chains.setdefault(name, [])
        chain.append(h)
        last = chain[-_CALM:]
        steady = len(last) == _CALM and float(np.ptp(levels.level[last])) <= _AGREE + 2.0 * _noise(view, last)
        if steady and (since is None or levels.level[h] < levels.level[since]):
            calm[name] = h
    return found


def _noise(view: View, half_cycles: list[int]) -> float:
    """Return the standard deviation of ln V of single half cycles that the noise of the records makes."""
    single = view.levels.single[half_cycles]
    known = np.isfinite(view.levels.logs[half_cycles])
    return float(
        np.sqrt(np.where(known, single**2, 0.0).sum(axis=1).mean()) / max(float(known.sum(axis=1).mean()), 1.0)
    )


def _fallen(view: View, since: int, h: int) -> Slow | None:
    levels, kelvin = view.levels, view.cycles.temperature
    warmer, doubt = 0.0, _UNSEEN
    if math.isfinite(kelvin[h]) and math.isfinite(kelvin[since]):
        inverse = (1.0 / float(kelvin[h]) - 1.0 / float(kelvin[since])) / units.k_B
        warmer, doubt = _ENERGY * inverse, abs(_ENERGY_STD * inverse)
    size = float(levels.level[since] - levels.level[h]) + warmer
    if size < _LEAST:
        return None
    spread = math.hypot(_STEP * math.sqrt(max(h - since, _FOUR) / _FOUR), doubt)
    odds = change_odds(size, spread, view.prior) + math.log(h - since)  # it may have begun in each of them
    return Slow(since, size, odds) if odds >= 0.0 else None
