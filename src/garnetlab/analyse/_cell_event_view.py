"""One test as the search for events looks at it: half cycles, records, levels and odds, with what is read from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._cell_event_floor import Floor
from garnetlab.analyse._cell_event_levels import Levels
from garnetlab.analyse._cell_event_odds import Odds
from garnetlab.analyse._half_cycle_segments import Records
from garnetlab.analyse._half_cycle_values import PARTS
from garnetlab.analyse.half_cycles import HalfCycles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["View"]

_AT_LIMIT = 0.98  # of a voltage, that is the same
_JUMP = 1.25  # times the record before, at which a voltage has jumped


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a test; ``prior`` is the probability of an event in one half cycle.

    ``rest`` and ``length`` are the usual time between two half cycles and from the first to the last record of one [s],
    ``passed`` the charge before each half cycle [C].
    """

    cycles: HalfCycles
    records: Records
    levels: Levels
    falls: Odds
    rises: Odds
    floor: Floor
    prior: float
    rest: float = field(init=False)
    length: float = field(init=False)
    passed: Floats = field(init=False)

    def __post_init__(self) -> None:
        cycles = self.cycles
        waits = cycles.start[1:] - cycles.end[:-1]
        lengths = self.records.time[cycles.first_record + cycles.records - 1] - cycles.start
        object.__setattr__(self, "rest", float(np.median(waits)) if len(waits) else 0.0)
        object.__setattr__(self, "length", float(np.median(lengths)))
        object.__setattr__(self, "passed", np.concatenate([[0.0], np.cumsum(cycles.charge)]))

    def __len__(self) -> int:
        return len(self.cycles)

    def sound_before(self, before: int, sign: int, until: int) -> dict[int, int]:
        """Return the sound half cycle by direction: ``before`` in that of ``sign``, the last before ``until`` in the other."""
        other = [k for k in range(until - 1, max(until - 6, -1), -1) if self.cycles.sign[k] != sign]
        return {sign: before} | ({-sign: other[0]} if other else {})

    def deficit(self, h: int, base: Mapping[int, int]) -> float:
        """Return ln V of a half cycle less that of the sound one in its direction, at its current; NaN if there is none."""
        before = base.get(int(self.cycles.sign[h]), -1) if h < len(self) else -1
        if before < 0:
            return math.nan
        levels = self.levels
        ratio = levels.current[h] - levels.current[before]
        return float(levels.level[h] - levels.level[before] - levels.slope[h] * ratio)

    def limited(self, h: int) -> bool:
        """Return whether a half cycle that was cut ended at a limit of the voltage.

        A limit shows where the last record jumps up to the highest voltage of the test, where two half cycles end at one
        voltage that no other reaches, or where the very first record lies above all that whole ones reach. Half cycles that
        end early at the voltage that whole ones have were ended by hand.
        """
        cycles = self.cycles
        end = float(cycles.last_voltage[h])
        whole = cycles.highest[cycles.finished & cycles.galvanostatic]
        tallest = float(whole.max()) if len(whole) else 0.0
        if cycles.records[h] == 1:
            return end > tallest
        if end < _AT_LIMIT * float(cycles.highest.max()):
            return False
        last = int(cycles.first_record[h] + cycles.records[h]) - 1
        others = int(np.count_nonzero(cycles.cut & (cycles.last_voltage >= _AT_LIMIT * end)))
        jumped = end > _JUMP * abs(float(self.records.voltage[last - 1]))
        return jumped or (tallest < _AT_LIMIT * end and others > 1)

    def resistance(self, h: int) -> float:
        """Return the resistance of a half cycle, in the unit of the half cycles; NaN without a current."""
        return math.exp(float(self.levels.level[h])) * self._per_volt(h)

    def resistance_after(self, h: int, part: int) -> float:
        """Return the resistance in the three parts after a fall, without that in which it happened; NaN without a current."""
        if not math.isfinite(self.cycles.current[h]):
            return math.nan
        scales = [[self._per_volt(k)] for k in range(h, min(h + 2, len(self)))]
        later = (self.levels.logs[h : h + 2] + np.log(scales)).ravel()[part:]
        known = later[np.isfinite(later)]
        return math.exp(float(np.median(known[1:4] if len(known) > 1 else known)))

    def _per_volt(self, h: int) -> float:
        return (1.0 if self.cycles.area is None else self.cycles.area) / float(self.cycles.current[h])

    def moment(self, h: int, part: int, size: float) -> tuple[float, bool]:
        """Return when the voltage fell [s], and whether it did so between two records."""
        first = int(self.cycles.first_record[h])
        last = first + int(self.cycles.records[h])
        length = float(self.cycles.nominal[h]) / PARTS
        time, voltage = self.records.time[first:last], np.abs(self.records.voltage[first:last])
        begin = float(self.cycles.start[h]) + (part - 1) * length
        near = np.flatnonzero((time[1:] >= begin) & (time[:-1] <= begin + 2.0 * length))
        if len(near):
            ratio = np.log(np.maximum(voltage[near + 1], 1e-9) / np.maximum(voltage[near], 1e-9))
            k = int(near[np.argmin(ratio)])
            lasts = np.median(voltage[k + 1 : k + 6]) < voltage[k] * math.exp(-0.5 * size)
            if float(ratio.min()) < -0.5 * size and lasts:
                return 0.5 * float(time[k] + time[k + 1]), True
        return float(self.cycles.start[h]) + part * length, False
