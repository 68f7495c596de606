"""What happened to a virtual cell of the seeded set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from garnetlab.study._cell_set_cell import Run
from garnetlab.study._cell_set_layer import Episode, Floats, Pause, Rows, below_electrolyte

__all__ = ["Event", "Truth", "critical_currents", "failures_of", "hardened", "on_record", "stops_of"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Parameters
    ----------
    kind:       ``"hard_short"``, ``"soft_short"``, ``"contact_loss"``, ``"gap"`` of the record, or a recorded ``"rest"``.
    time:       Of the record [s].
    end:        When it was over [s]; infinite where it stayed.
    half_cycle: Length of a half cycle with its rest at that time [s].
    grown:      When it was complete [s]; ``time`` where it came at once. A soft short that becomes a hard one is complete
                when the cell has the resistance of its electrolyte, a hard one when all of its metal is there.
    """

    kind: str
    time: float
    end: float = math.inf
    half_cycle: float = 0.0
    grown: float = math.nan

    def __post_init__(self) -> None:
        """Take the time itself for what came at once."""
        if math.isnan(self.grown):
            object.__setattr__(self, "grown", self.time)

    @property
    def is_gradual(self) -> bool:
        """Whether it grew."""
        return self.grown > self.time


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a cell by construction.

    Parameters
    ----------
    events:   In the order of time, gaps and rests of the record included.
    survived: Largest current density that a ladder finished before the first failure [A/m^2], None where there is none.
    failed:   That of the first failure, None where nothing failed.
    """

    events: tuple[Event, ...]
    survived: float | None = None
    failed: float | None = None

    @property
    def failures(self) -> tuple[Event, ...]:
        """Shorts and losses of contact."""
        return tuple(e for e in self.events if e.kind in ("hard_short", "soft_short", "contact_loss"))


def failures_of(run: Run, episodes: Sequence[Episode]) -> list[Event]:
    """Return the failures in the time of the test, as far as the plan gives them."""
    fate = run.plan.fate
    if fate == "contact_loss":
        found = [Event("contact_loss", run.failed)]
    elif run.plan.course == "creeping":
        found = [Event("soft_short", e.start, grown=e.grown) for e in episodes]
    else:
        found = [
            Event("soft_short" if e.soft else "hard_short", e.start, e.end, grown=e.grown if e.share else math.nan)
            for e in episodes
        ]
        if run.plan.course == "between":
            found = [replace(e, kind=fate) for e in found]
    return [replace(e, half_cycle=_half_cycle(run, e.time)) for e in found]


def hardened(run: Run, event: Event, voltage: Floats, warm: Floats) -> list[Event]:
    """Return the soft and the hard short that a creeping one is, from the voltage [V] of the test without noise."""
    at = below_electrolyte(run.rows, voltage, warm, run.cell, event.time)
    soft = replace(event, end=at, grown=at)
    return [soft, Event("hard_short", at, half_cycle=_half_cycle(run, at), grown=max(event.grown, at))]


def critical_currents(rows: Rows, first: float) -> tuple[float | None, float | None]:
    """Return the largest current density finished before a time, and that at it [A/m^2]."""
    size = np.abs(rows.current)
    levels = np.unique(size[size > 0.0].round(9))
    if first == math.inf:
        return float(levels[-1]), None
    failed = float(size[(size > 0.0) & (rows.time <= first)][-1].round(9))
    below = levels[levels < failed]
    return (float(below[-1]) if len(below) else None), failed


def stops_of(pauses: Sequence[Pause]) -> list[Event]:
    """Return gaps and recorded rests in the time of the record, from 0 on."""
    out = []
    for pause in pauses:
        begin = max(pause.start, 0.0)
        at = on_record(Event("", begin), pauses).time
        out.append(Event("rest" if pause.recorded else "gap", at, at + pause.start + pause.length - begin))
    return out


def on_record(event: Event, pauses: Sequence[Pause]) -> Event:
    """Return an event in the time of the record, which halts lengthen."""

    def later(time: float) -> float:
        return time + sum(p.length for p in pauses if p.halted and time > p.start)

    return replace(event, time=later(event.time), end=later(event.end), grown=later(event.grown))


def _half_cycle(run: Run, time: float) -> float:
    """Return the length of the half cycle that runs at a time of the test, with its rest [s]."""
    _, lengths = run.plan.per_cycle()
    before = run.rows.cycle_index()[run.rows.time <= time]
    return float(lengths[before[-1]]) + run.plan.rest
