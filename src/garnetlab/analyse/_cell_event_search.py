"""Half cycle after half cycle through a test: what begins, what ends, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from garnetlab.analyse._cell_event import CellEvent, EventKind
from garnetlab.analyse._cell_event_brief import Brief, brief_falls
from garnetlab.analyse._cell_event_contact import contact_is_back, lost_contact
from garnetlab.analyse._cell_event_findings import (
    Finding,
    abrupt_fall,
    below_floor,
    last_record,
    passing_fall,
    slow_fall,
)
from garnetlab.analyse._cell_event_odds import SMALLEST, against_rivals, change_odds, probability
from garnetlab.analyse._cell_event_signs import ONE_SIGN, hard_words, other_signs
from garnetlab.analyse._cell_event_slow import slow_falls
from garnetlab.analyse._cell_event_view import View
from garnetlab.analyse._half_cycle_values import PARTS

__all__ = ["Search"]

_EVEN = 0.0  # ln of the odds from which an event is reported: as likely as not
_MOST_SIGNS = 3  # beside the fall
_RESUMES = 0.3  # of ln V, within which a cell without a column of current goes on as before after a rest
_FURTHER = 0.4  # of ln V, by which a soft short grows to be told again
#: probability that a voltage which goes to zero within a half cycle, or at its end for longer than two of them, is shorted and
#: not switched off: an instrument that ends a test ends its record; share of a half cycle that must be missing
_VANISHED, _VANISHED_AT_END, _SHORTER = 0.8, 0.6, 0.05
_BACK = 0.4  # share of a fall that may remain after recovery
_NEXT = 2  # parts at the end of a half cycle in which a fall in the next one may be seen
_SHOWS = 0.4  # share of a fall that the next half cycle must show to speak for it


@dataclass(slots=True)
class _Short:
    """A short that is there: the event, the sound half cycle before it in each direction, and how far ln V fell."""

    event: int
    base: dict[int, int]
    size: float
    hard: bool


@dataclass(slots=True)
class Search:
    """Goes through the half cycles of a test once; ``run`` returns the events in the order of time."""

    view: View
    events: list[CellEvent] = field(default_factory=list)
    _short: _Short | None = None
    _lost: int | None = None
    _shorted: dict[int, bool] = field(default_factory=dict)

    def run(self) -> tuple[CellEvent, ...]:
        """Return all events."""
        slow, brief = slow_falls(self.view), {b.half_cycle: b for b in brief_falls(self.view)}
        for h in np.flatnonzero(self.view.cycles.galvanostatic).tolist():
            if self._short is not None:
                self._during_short(h, self._short)
            elif self._is_fall(h):
                self._begin_short(h)
            else:
                self._begin(
                    abrupt_fall(self.view, h, brief) or slow_fall(self.view, h, slow) or below_floor(self.view, h)
                )
            self._contact(h)
            if self.view.cycles.source == "voltage":
                self._vanished(h)
            self._shorted[h] = self._short is not None
        self._within_half_cycles(brief)
        self._gaps()
        return tuple(sorted(self.events, key=lambda e: e.time))

    # shorts -----------------------------------------------------------------------------------------------------------
    def _is_fall(self, h: int) -> bool:
        odds = float(self.view.falls.log_odds[h])
        if odds < _EVEN - _MOST_SIGNS * ONE_SIGN or not self.view.falls.size[h] >= SMALLEST:
            return False
        return odds >= _EVEN or odds + ONE_SIGN * len(other_signs(self.view, h)) >= _EVEN

    def _begin_short(self, seen: int) -> None:
        view, cycles = self.view, self.view.cycles
        size = float(view.falls.size[seen])
        h, part = self._place(seen, int(view.falls.part[seen]), size)
        base = view.sound_before(int(view.levels.before[h]), int(cycles.sign[h]), h)
        time, abrupt = view.moment(h, part, size)
        resistance = view.resistance_after(h, part)
        hard = view.floor.hard(resistance, size)
        words, signs = self._words(seen, h, base, abrupt=abrupt), other_signs(view, seen)
        if hard:
            words.append(hard_words(view, resistance, size))
        odds = float(view.falls.log_odds[seen]) + ONE_SIGN * len(signs)
        sure, rival = against_rivals(odds, size, abrupt=abrupt, sensor=math.isfinite(float(cycles.temperature[h])))
        self._short = _Short(len(self.events), base, size, hard)
        self._add("hard_short" if hard else "soft_short", time, h, sure, (*words, *signs, *rival))

    def _begin(self, found: Finding | None) -> None:
        """Note a short of which no single half cycle, or one pair of records, tells the beginning."""
        if found is not None:
            self._short = _Short(len(self.events), dict(found.base), found.size, found.hard)
            self._add(found.kind, found.time, found.half_cycle, found.probability, found.words)

    def _within_half_cycles(self, brief: Mapping[int, Brief]) -> None:
        """Note the first short that came and went within one half cycle, where the cell was not shorted anyway."""
        near = {e.half_cycle + k for e in self.events if e.kind.endswith("short") for k in (-1, 0, 1)}
        free = [b for h, b in brief.items() if not self._shorted.get(h, False) and h not in near]
        last = None if self._short is not None or len(self.view) - 1 in near else last_record(self.view)
        found = passing_fall(self.view, free) or last
        if found is not None:
            self._add(found.kind, found.time, found.half_cycle, found.probability, found.words)

    def _place(self, h: int, part: int, size: float) -> tuple[int, int]:
        """Return the half cycle and its part in which a fall lies: next to the end of a sound half cycle it lies in the next."""
        view = self.view
        if part < PARTS - _NEXT:
            return h, part
        own = view.levels.fall[h, part:]
        known = own[np.isfinite(own)]
        sound = len(known) > 0 and float(np.median(known)) > -_SHOWS * size
        following = h + 1 < len(view) and bool(view.cycles.galvanostatic[h + 1])
        if sound and following and not view.moment(h, part, size)[1]:
            return h + 1, 0
        return h, part

    def _words(self, seen: int, h: int, base: dict[int, int], *, abrupt: bool) -> list[str]:
        falls, size = self.view.falls, float(self.view.falls.size[seen])
        words = [
            f"The overpotential fell by {100.0 * -math.expm1(-size):.0f} % against the last two half cycles in this"
            f" direction, {falls.deviations[seen]:.0f} times what half cycles differ by."
        ]
        if self.view.cycles.source == "current":
            words.append("No step of the current explains it.")
        else:
            words.append("The file has no current to tell whether it was changed.")
        if abrupt:
            words.append("It fell between two records.")
        if self.view.deficit(h + 1, base) < -_SHOWS * size:
            words.append("The next half cycle, in the other direction, shows it too.")
        return words

    def _during_short(self, h: int, short: _Short) -> None:
        view = self.view
        deficit = view.deficit(h, short.base)
        if h <= self.events[short.event].half_cycle or not math.isfinite(deficit):
            return
        if self._is_back(h, deficit, short):
            words = (f"The overpotential rose to {100 * math.exp(deficit):.0f} % of that before the short.",)
            odds = change_odds(short.size + deficit, float(view.levels.common[h]), view.prior)
            self._add("recovery", float(view.cycles.start[h]), h, probability(odds), words)
            self._short = None
            return
        resistance = view.resistance(h)
        hardens = not short.hard and view.floor.holds(float(view.cycles.temperature[h]))
        hardens = hardens and view.floor.hard(resistance, -deficit)
        seen = None if hardens or short.hard else self._falls_further(h, deficit, short)
        if seen is not None:
            part, size = int(view.falls.part[seen]), float(view.falls.size[seen])
            if view.floor.hard(view.resistance_after(seen, part), short.size + size):
                hardens = True
            else:
                at, part = self._place(seen, part, size)
                words = (
                    f"The soft short grew: {100 * math.exp(deficit):.0f} % of the overpotential of before are left.",
                )
                short.event = len(self.events)
                self._add(
                    "soft_short",
                    view.moment(at, part, size)[0],
                    at,
                    probability(float(view.falls.log_odds[seen])),
                    words,
                )
        short.size = max(short.size, -deficit)
        if hardens:
            short.hard = True
            time = float(view.cycles.start[h])
            if view.falls.log_odds[h] > _EVEN:
                time = view.moment(h, int(view.falls.part[h]), float(view.falls.size[h]))[0]
            why = ("The soft short has hardened.", hard_words(view, resistance, -deficit))
            self._add("hard_short", time, h, self.events[short.event].probability, why)

    def _is_back(self, h: int, deficit: float, short: _Short) -> bool:
        """Return whether the overpotential rose to that of before, at once and for good."""
        again = self.view.deficit(h + 1, short.base) if h + 1 < len(self.view) else deficit
        rise = float(self.view.levels.rested[h])
        return rise > (1.0 - _BACK) * short.size and min(deficit, again) > -_BACK * short.size

    def _falls_further(self, h: int, deficit: float, short: _Short) -> int | None:
        """Return the half cycle in which a soft short begins to take much more, at once and for good; None if there is none."""
        again = self.view.deficit(h + 1, short.base) if h + 1 < len(self.view) else deficit
        if max(deficit, again) >= -(short.size + _FURTHER):
            return None
        return next((k for k in (h, h - 1) if self._is_fall(k)), None)

    def _vanished(self, h: int) -> None:
        """Note that the voltage of a file without a current goes to zero in the middle of a half cycle and stays there."""
        view, cycles = self.view, self.view.cycles
        if cycles.interrupted[h] or (self._short is not None and self._short.hard):
            return
        last = h + 1 == len(cycles)
        until = float(view.records.time[-1]) if last else float(cycles.start[h + 1])
        if np.any((cycles.gaps[:, 0] < until) & (cycles.gaps[:, 1] > cycles.end[h])):
            return
        lasted = float(view.records.time[cycles.first_record[h] + cycles.records[h] - 1] - cycles.start[h])
        ended = lasted > (1.0 - _SHORTER) * view.length  # at the end of a half cycle: the test may be over
        away, nominal = until - float(cycles.end[h]), float(cycles.nominal[h])
        enough = 2.0 if ended and (last or self._short is None) else 0.5
        base = {int(cycles.sign[k]): k for k in range(max(h - 2, 0), h)}
        if away < view.rest + enough * nominal or any(view.deficit(k, base) > -_RESUMES for k in (h + 1, h + 2)):
            return  # where the voltage is back afterwards, the cell was at rest
        words = (
            f"The voltage went to zero {lasted / 60.0:.3g} min into a half cycle of {nominal / 60.0:.3g} min and stayed"
            f" there for {away / 60.0:.3g} min.",
            "The file has no current to tell whether the test was stopped instead.",
        )
        self._short = _Short(len(self.events), base, math.inf, hard=True)
        self._add("hard_short", float(cycles.end[h]), h, _VANISHED_AT_END if enough > 1.0 else _VANISHED, words)

    # contact, gaps ----------------------------------------------------------------------------------------------------
    def _contact(self, h: int) -> None:
        if self._lost is not None:
            if contact_is_back(self.view, h, self._lost):
                words = ("Steps end in their time again, at the overpotential of before.",)
                sure = next(e.probability for e in reversed(self.events) if e.kind == "contact_loss")
                self._add("recovery", float(self.view.cycles.start[h]), h, sure, words)
                self._lost = None
            return
        sound = self._short is None or (not self._short.hard and bool(self.view.cycles.cut[h]))
        found = lost_contact(self.view, h) if sound else None
        if found is not None and found.odds >= _EVEN:
            time = float(self.view.cycles.end[h])
            self._add("contact_loss", time, h, probability(found.odds), found.words, limit=found.limit)
            self._lost = h

    def _gaps(self) -> None:
        for begin, end in self.view.cycles.gaps.tolist():
            h = max(int(np.searchsorted(self.view.cycles.start, begin, side="right")) - 1, 0)
            words = f"Nothing was recorded for {(end - begin) / 60.0:.3g} min, far longer than is usual in this file."
            self._add("gap", begin, h, 1.0, (words,))

    def _add(
        self, kind: EventKind, time: float, h: int, p: float, words: tuple[str, ...], *, limit: bool = False
    ) -> None:  # fmt: skip
        cycles = self.view.cycles
        scale = math.nan if cycles.area is None else 1.0 / cycles.area
        here = max(time - float(cycles.start[h]), 0.0) * float(cycles.current[h])
        here = min(here, float(cycles.charge[h])) if math.isfinite(here) else math.nan
        event = CellEvent(
            kind=kind,
            time=time,
            half_cycle=h,
            cycle=int(cycles.cycle[h]),
            current_density=float(cycles.current_density[h]),
            areal_capacity=here * scale,
            cumulative_capacity=(float(self.view.passed[h]) + here) * scale,
            probability=p,
            evidence=words,
            limit=limit,
        )
        self.events.append(event)
