"""Half cycle after half cycle through a test: what begins, what ends, when, and what speaks for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._cell_event import CellEvent, EventKind
from garnetlab.analyse._cell_event_floor import Floor
from garnetlab.analyse._cell_event_levels import Levels
from garnetlab.analyse._cell_event_odds import SMALLEST, Odds, change_odds, probability
from garnetlab.analyse._half_cycle_segments import Records
from garnetlab.analyse._half_cycle_values import PARTS
from garnetlab.analyse.half_cycles import HalfCycles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Search"]

_EVEN = 0.0  # ln of the odds from which an event is reported: as likely as not
_RISE = math.log(3.0)  # of a step that ran its time, to speak of lost contact
_END_RISE = math.log(2.0)  # of the last record of all
_AT_FIRST = 0.1  # relative doubt of the resistance of a cell that nothing can be compared with
_CUT_RISE = 0.1  # of a step that was cut short
_CUT_BY_HAND = 1e-3  # probability that a step of a sound cell is ended early
_AT_TOP = 0.05  # probability that a step ended by hand ends at the highest voltage of the test
#: probability that a voltage which goes to zero within a half cycle is shorted, not switched off; share of the half cycle that
#: must be missing
_VANISHED, _SHORTER = 0.8, 0.05
_BACK = 0.4  # share of a fall that may remain after recovery


@dataclass(slots=True)
class _Short:
    """A short that is there: the event, the sound half cycle before it in each direction, and how far V fell."""

    event: int
    base: dict[int, int]
    size: float
    hard: bool


@dataclass(slots=True)
class Search:
    """Goes through the half cycles of a test once; ``run`` returns the events in the order of time."""

    cycles: HalfCycles
    records: Records
    levels: Levels
    falls: Odds
    rises: Odds
    floor: Floor
    prior: float
    events: list[CellEvent] = field(default_factory=list)
    _short: _Short | None = None
    _lost: int | None = None
    _usual_rest: float = 0.0
    _usual_length: float = 0.0

    def run(self) -> tuple[CellEvent, ...]:
        """Return all events."""
        waits = self.cycles.start[1:] - self.cycles.end[:-1]
        self._usual_rest = float(np.median(waits)) if len(waits) else 0.0
        lengths = self.records.time[self.cycles.first_record + self.cycles.records - 1] - self.cycles.start
        self._usual_length = float(np.median(lengths))
        for h in range(len(self.cycles)):
            if not self.cycles.galvanostatic[h]:
                continue
            if self._short is not None:
                self._during_short(h)
            elif self._is_fall(h):
                self._begin_short(h)
            else:
                self._from_the_start(h)
            self._contact(h)
            self._vanished(h)
        self._gaps()
        return tuple(sorted(self.events, key=lambda e: e.time))

    # shorts -----------------------------------------------------------------------------------------------------------
    def _is_fall(self, h: int) -> bool:
        return bool(self.falls.log_odds[h] >= _EVEN and self.falls.size[h] >= SMALLEST)

    def _from_the_start(self, h: int) -> None:
        """Note a cell that resists less than its known electrolyte before anything could be seen to fall."""
        if self.floor.resistance is None or not self.floor.measured or h > 1:
            return
        resistance = self._resistance(h)
        if not resistance < self.floor.resistance:
            return
        size = math.log(self.floor.resistance / resistance)
        odds = change_odds(size, _AT_FIRST, self.prior)
        if size >= SMALLEST and odds >= _EVEN:
            self._short = _Short(len(self.events), {}, size, True)
            words = ("No sound half cycle came before.", self._words_of_hard(resistance, size))
            self._add("hard_short", float(self.cycles.start[h]), h, probability(odds), words)

    def _begin_short(self, h: int) -> None:
        size, part = float(self.falls.size[h]), int(self.falls.part[h])
        before = int(self.levels.before[h])
        base = {int(self.cycles.sign[h]): before}
        other = [k for k in range(h - 1, max(h - 6, -1), -1) if self.cycles.sign[k] != self.cycles.sign[h]]
        if other:
            base[-int(self.cycles.sign[h])] = other[0]
        time, abrupt = self._moment(h, part, size)
        odds = float(self.falls.log_odds[h])
        resistance = self._after(h, part)
        hard = self.floor.hard(resistance, size)
        evidence = self._words_of_fall(h, size, time, abrupt, resistance, hard)
        self._short = _Short(len(self.events), base, size, hard)
        self._add("hard_short" if hard else "soft_short", time, h, probability(odds), evidence)

    def _vanished(self, h: int) -> None:
        """Note that the voltage of a file without a current goes to zero in the middle of a half cycle and stays there."""
        cycles = self.cycles
        if cycles.source != "voltage" or cycles.interrupted[h] or (self._short is not None and self._short.hard):
            return
        last = h + 1 == len(cycles)
        until = float(self.records.time[-1]) if last else float(cycles.start[h + 1])
        last_record = self.records.time[cycles.first_record[h] + cycles.records[h] - 1]
        lasted, nominal = float(last_record - cycles.start[h]), float(cycles.nominal[h])
        begun = lasted > (1.0 - _SHORTER) * self._usual_length  # at the end of a half cycle: the test may be over
        if until - float(cycles.end[h]) < self._usual_rest + 0.5 * nominal or (begun and (last or self._short is None)):
            return
        words = (
            f"The voltage went to zero {lasted / 60.0:.3g} min into a half cycle of {nominal / 60.0:.3g} min and stayed there"
            f" for {(until - float(cycles.end[h])) / 60.0:.3g} min.",
            "The file has no current to tell whether the test was stopped instead.",
        )
        self._short = _Short(len(self.events), {int(cycles.sign[k]): k for k in range(max(h - 2, 0), h)}, math.inf, True)
        self._add("hard_short", float(cycles.end[h]), h, _VANISHED, words)

    def _during_short(self, h: int) -> None:
        short = self._short
        if short is None or h <= self.events[short.event].half_cycle:
            return
        deficit = self._deficit(h, short.base)
        if not math.isfinite(deficit):
            return
        if self._is_back(h, deficit, short):
            words = (f"The overpotential rose to {100 * math.exp(deficit):.0f} % of that before the short.",)
            odds = change_odds(short.size + deficit, float(self.levels.common[h]), self.prior)
            self._add("recovery", float(self.cycles.start[h]), h, probability(odds), words)
            self._short = None
            return
        short.size = max(short.size, -deficit)
        resistance = self._resistance(h)
        if not short.hard and self.floor.hard(resistance, -deficit):
            short.hard = True
            time = float(self.cycles.start[h])
            if self.falls.log_odds[h] > 0.0:
                time = self._moment(h, int(self.falls.part[h]), float(self.falls.size[h]))[0]
            self._add("hard_short", time, h, self.events[short.event].probability,
                      ("The soft short has hardened.", self._words_of_hard(resistance, -deficit)))  # fmt: skip

    def _is_back(self, h: int, deficit: float, short: _Short) -> bool:
        """Return whether the overpotential rose to that of before, at once and for good."""
        rise = float(self.levels.rested[h])
        back = -_BACK * short.size
        again = self._deficit(h + 1, short.base) if h + 1 < len(self.cycles) else deficit
        return rise > (1.0 - _BACK) * short.size and min(deficit, again) > back

    def _deficit(self, h: int, base: dict[int, int]) -> float:
        """Return ln V of a half cycle less that of the sound one in its direction, at its current; NaN if none."""
        before = base.get(int(self.cycles.sign[h]), -1)
        if before < 0:
            return math.nan
        ratio = self.levels.current[h] - self.levels.current[before]
        return float(self.levels.level[h] - self.levels.level[before] - self.levels.slope[h] * ratio)

    def _resistance(self, h: int) -> float:
        """Return the resistance of a half cycle, in the unit of the half cycles; NaN without a current."""
        return math.exp(float(self.levels.level[h])) * self._per_volt(h)

    def _per_volt(self, h: int) -> float:
        return (1.0 if self.cycles.area is None else self.cycles.area) / float(self.cycles.current[h])

    def _after(self, h: int, part: int) -> float:
        """Return the resistance in the three parts after a fall, without that in which it happened; NaN without a current."""
        if not math.isfinite(self.cycles.current[h]):
            return math.nan
        logs = self.levels.logs[h : h + 2] + np.log([[self._per_volt(k)] for k in range(h, min(h + 2, len(self.cycles)))])
        later = logs.ravel()[part:]
        known = later[np.isfinite(later)]
        return math.exp(float(np.median(known[1:4] if len(known) > 1 else known)))

    def _moment(self, h: int, part: int, size: float) -> tuple[float, bool]:
        """Return when the voltage fell within a half cycle, and whether it did so between two records."""
        first = int(self.cycles.first_record[h])
        last = first + int(self.cycles.records[h])
        length = float(self.cycles.nominal[h]) / PARTS
        time, voltage = self.records.time[first:last], np.abs(self.records.voltage[first:last])
        begin = float(self.cycles.start[h]) + (part - 1) * length
        near = np.flatnonzero((time[1:] >= begin) & (time[:-1] <= begin + 2.0 * length)) if len(time) > 1 else []
        if len(near):
            ratio = np.log(np.maximum(voltage[near + 1], 1e-9) / np.maximum(voltage[near], 1e-9))
            k = int(near[np.argmin(ratio)])
            lasts = np.median(voltage[k + 1 : k + 6]) < voltage[k] * math.exp(-0.5 * size)
            if float(ratio.min()) < -0.5 * size and lasts:
                return 0.5 * float(time[k] + time[k + 1]), True
        return float(self.cycles.start[h]) + part * length, False

    def _words_of_fall(
        self, h: int, size: float, time: float, abrupt: bool, resistance: float, hard: bool
    ) -> tuple[str, ...]:
        share = 100.0 * -math.expm1(-size)
        words = [
            f"The overpotential fell by {share:.0f} % against the last two half cycles in this direction, "
            f"{self.falls.deviations[h]:.0f} times what half cycles differ by.",
            "No step of the current explains it." if self.cycles.source == "current" else "The file has no current to tell whether it was changed.",
        ]
        if abrupt:
            words.append("It fell between two records.")
        if h + 1 < len(self.cycles) and self._deficit(h + 1, self._short.base if self._short else {}) < -0.4 * size:
            words.append("The next half cycle, in the other direction, shows it too.")
        if hard:
            words.append(self._words_of_hard(resistance, size))
        return tuple(words)

    def _words_of_hard(self, resistance: float, size: float) -> str:
        unit, scale = ("ohm", 1.0) if self.cycles.area is None else ("ohm cm^2", 1e4)
        if self.floor.resistance is not None and math.isfinite(resistance):
            what = f"{resistance * scale:.3g} {unit} are less than {self.floor.resistance * scale:.3g} {unit}"
        else:
            what = f"{100 * math.exp(-size):.0f} % of the sound cell are left"
        return f"{what} ({self.floor.words})."

    # contact ----------------------------------------------------------------------------------------------------------
    def _contact(self, h: int) -> None:
        if self._lost is not None:
            self._regained(h)
            return
        if self._short is not None:
            return
        found = self._cut(h, int(self.levels.before[h])) if self.cycles.cut[h] else self._risen(h)
        if found is not None:
            odds, words, limit = found
            if odds >= _EVEN:
                self._add("contact_loss", float(self.cycles.end[h]), h, probability(odds), words, limit)
                self._lost = h

    def _cut(self, h: int, before: int) -> tuple[float, tuple[str, ...], bool] | None:
        """Return odds and words of a step that was ended before its time."""
        end = float(self.cycles.last_voltage[h])
        usual = float(self.cycles.highest[before]) if before >= 0 else math.nan
        lasted = float(self.cycles.end[h] - self.cycles.start[h])
        words = [
            f"The step ended after {lasted / 60.0:.3g} of {self.cycles.nominal[h] / 60.0:.3g} min, at {end * 1e3:.3g} mV."
        ]
        odds = math.log(self.prior / _CUT_BY_HAND)
        rise = math.log(end / usual) - float(self.levels.expected[h]) if min(end, usual) > 0.0 else math.nan
        if rise > _CUT_RISE:
            words.append(f"The overpotential had risen by {100 * math.expm1(rise):.0f} % over the last one like it.")
            more = change_odds(rise, math.hypot(float(self.levels.common[h]), float(self.cycles.noise[h]) / usual), 1.0)
            return odds + max(more, 0.0), tuple(words), False
        if end >= 0.98 * float(self.cycles.highest[: h + 1].max()):
            words.append("That is the limit: the resistance had not risen, the current was too large for it.")
            return odds - math.log(_AT_TOP), tuple(words), True
        return None

    def _risen(self, h: int) -> tuple[float, tuple[str, ...], bool] | None:
        """Return odds and words of a step that ran its time, or with which the record ends."""
        before = int(self.levels.before[h])
        end = float(self.cycles.last_voltage[h])
        usual = float(self.cycles.highest[before]) if before >= 0 else math.nan
        if h + 1 == len(self.cycles) and min(end, usual) > 0.0:
            last = math.log(end / usual) - float(self.levels.expected[h])
            if last > _END_RISE:
                words = (f"The record ends at {end * 1e3:.3g} mV, {100 * math.expm1(last):.0f} % above the half cycle before.",)
                doubt = math.hypot(float(self.levels.common[h]), float(self.cycles.noise[h]) / usual)
                return change_odds(last, doubt, self.prior), words, False
        size = float(self.rises.size[h])
        if before < 0 or not size > _RISE:
            return None
        words = (
            f"The overpotential rose by {100 * math.expm1(size):.0f} % within one half cycle, "
            f"{self.rises.deviations[h]:.0f} times what half cycles differ by.",
        )
        return float(self.rises.log_odds[h]), words, False

    def _regained(self, h: int) -> None:
        """Note that contact is back: two half cycles in a row end in their time, at an overpotential as before."""
        lost = self._lost
        if lost is None or h <= lost + 1 or h + 1 >= len(self.cycles):
            return
        if not (self.cycles.finished[h] and self.cycles.finished[h + 1]):
            return
        base = {int(self.cycles.sign[k]): k for k in range(max(lost - 2, 0), lost)}
        size = max(float(self.rises.size[lost]), _CUT_RISE) if math.isfinite(self.rises.size[lost]) else _CUT_RISE
        if all(self._deficit(k, base) < max(_BACK * size, SMALLEST) for k in (h, h + 1)):
            words = ("Steps end in their time again, at the overpotential of before.",)
            self._add("recovery", float(self.cycles.start[h]), h, self.events[-1].probability, words)
            self._lost = None

    # all --------------------------------------------------------------------------------------------------------------
    def _gaps(self) -> None:
        for begin, end in self.cycles.gaps:
            h = max(int(np.searchsorted(self.cycles.start, begin, side="right")) - 1, 0)
            words = (f"Nothing was recorded for {(end - begin) / 60.0:.3g} min, far longer than is usual in this file.",)
            self._add("gap", float(begin), h, 1.0, words)

    def _add(self, kind: EventKind, time: float, h: int, p: float, words: tuple[str, ...], limit: bool = False) -> None:
        cycles = self.cycles
        scale = math.nan if cycles.area is None else 1.0 / cycles.area
        since = max(time - float(cycles.start[h]), 0.0)
        here = min(since * float(cycles.current[h]), float(cycles.charge[h])) if math.isfinite(cycles.charge[h]) else math.nan
        self.events.append(
            CellEvent(
                kind, time, h, int(cycles.cycle[h]), float(cycles.current_density[h]), here * scale,
                (float(cycles.charge[:h].sum()) + here) * scale, p, words, limit,
            )
        )  # fmt: skip

