"""Where somebody pauses a test of the seeded set, lets it rest, loses a part of the record, or starts it late.

Each lies at least four half cycles from what happens to the cell and from the others; one that finds no place is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from garnetlab.study._cell_set_layer import Pause, Rows
from garnetlab.study._cell_set_plan import Plan
from garnetlab.study._cell_set_truth import Event

__all__ = ["pauses_of"]

Floats = NDArray[np.float64]

_AWAY = 4.0  # half cycles between a hole in the record and what happened


def pauses_of(plan: Plan, rows: Rows, events: Sequence[Event], rng: np.random.Generator) -> tuple[Pause, ...]:
    """Return the holes and rests of a record in the order of time."""
    out: list[Pause] = []
    for make in (_late, _hole, _rest, _midpause):
        taken = [*events, *(Event("pause", p.start, p.start + (0.0 if p.halted else p.length)) for p in out)]
        found = make(plan, rows, taken, rng)
        out += [found] if found else []
    return tuple(sorted(out, key=lambda p: p.start))


def _free(plan: Plan, rows: Rows, at: NDArray[np.int64], lost: float, taken: Sequence[Event]) -> NDArray[np.int64]:
    """Return those rows after which a hole of some length of the test [s] is away from what happened."""
    start, margin, end = rows.time[at], _AWAY * plan.half_cycle, float(rows.time[-1])
    free = np.ones(len(at), dtype=bool)
    for event in taken:
        free &= (start + lost + margin < event.time) | (start - margin > min(event.end, end))
    return at[free]


def _late(plan: Plan, rows: Rows, taken: Sequence[Event], _: np.random.Generator) -> Pause | None:
    """Return the part of the first half cycle that is not in the file."""
    lost = plan.disturbance.late * plan.half_times[0]
    free = _free(plan, rows, np.array([0]), lost, taken)
    return Pause(-1.0, 1.0 + lost, halted=False) if lost and len(free) else None


def _hole(plan: Plan, rows: Rows, taken: Sequence[Event], rng: np.random.Generator) -> Pause | None:
    """Return the halt or the lost part of the record, at the end of a half cycle."""
    halted = plan.disturbance.pause > 0.0
    length = (plan.disturbance.pause or plan.disturbance.missing) * plan.half_cycle
    lost = 0.0 if halted else length
    ends = np.flatnonzero(np.diff(rows.current) != 0.0)
    time, end = rows.time[ends], float(rows.time[-1])
    free = _free(plan, rows, ends[(time > 0.1 * end) & (time + lost < 0.9 * end)], length, taken)
    if not length or not len(free):
        return None
    at = int(rng.choice(free))
    return Pause(float(rows.time[at]), length, halted, row=at if halted else -1)


def _rest(plan: Plan, rows: Rows, taken: Sequence[Event], rng: np.random.Generator) -> Pause | None:
    """Return the long recorded rest between two cycles."""
    free = _free(plan, rows, np.flatnonzero(np.diff(rows.cycle_index()) > 0), 0.0, taken)
    if not plan.disturbance.rest or not len(free):
        return None
    at = int(rng.choice(free))
    return Pause(
        float(rows.time[at]),
        plan.disturbance.rest,
        halted=True,
        row=at,
        recorded=True,
        own_step=True,
        change=plan.disturbance.rested,
        memory=plan.disturbance.recovery * plan.half_cycle,
    )


def _midpause(plan: Plan, rows: Rows, taken: Sequence[Event], rng: np.random.Generator) -> Pause | None:
    """Return the pause in the middle of a half cycle, of which two records and more lie on either side."""
    inner = [part[1:-2] for part in rows.half_cycles()[1:]]
    free = _free(plan, rows, np.concatenate([np.zeros(0, dtype=np.int64), *inner]), 0.0, taken)
    if not plan.disturbance.midpause or not len(free):
        return None
    at = int(rng.choice(free))
    longest = float(plan.per_cycle()[1][rows.cycle_index()[at]])
    return Pause(float(rows.time[at]), min(plan.disturbance.midpause, longest), halted=True, row=at, recorded=True)
