"""The shorts of a run of the seeded set over time: that of the simulator, and what the layer of measurement makes of it."""

from __future__ import annotations

import math

import numpy as np

from garnetlab.study._cell_set_cell import Run, final_share
from garnetlab.study._cell_set_layer import Episode, flicker_of
from garnetlab.study._cell_set_plan import GRADUAL

__all__ = ["episodes_of"]

_METAL = 0.02  # of the resistance of the electrolyte is left of a soft short that hardens
_AGAIN = 0.6  # chance that a brief short comes back in a half cycle of the same direction
_FEWEST = 4  # records of a brief short


def episodes_of(run: Run, rng: np.random.Generator) -> tuple[Episode, ...]:
    """Return the shorts of a run in the time of the test."""
    plan = run.plan
    if not run.short < math.inf:
        return ()
    if plan.course == "intermittent":
        return _intermittent(run, rng)
    if plan.course == "brief":
        return _brief(run, rng)
    soft, flicker = plan.fate == "soft_short" and plan.course != "between", flicker_of(plan.course)
    if plan.course in GRADUAL:
        share = final_share(plan, run.cell, float(plan.per_cycle()[0][plan.target]))
        grown = run.failed + plan.growth * plan.half_cycle
        return (Episode(run.failed, math.inf, run.short, soft=soft, share=share, grown=grown),)
    if plan.course != "hardening":
        return (Episode(run.failed, math.inf, run.short, flicker, soft),)
    left = float(run.rows.time[-1]) - run.failed
    at = run.failed + float(rng.uniform(0.3, 0.7)) * left
    hard = _METAL * float(run.cell.slab_resistance(plan.kelvin))
    return Episode(run.failed, at, run.short, flicker, soft), Episode(at, math.inf, hard)


def _intermittent(run: Run, rng: np.random.Generator) -> tuple[Episode, ...]:
    """Return one to three soft shorts that heal, the first in the target cycle."""
    plan, rows = run.plan, run.rows
    out: list[Episode] = []
    index, cycle = rows.cycle_index(), plan.target
    for _ in range(int(rng.integers(1, 4))):
        own = np.flatnonzero((index == cycle) & (rows.current != 0.0))
        if not len(own):
            break
        at = float(rows.time[own[int(rng.integers(len(own) // 4, max(len(own) * 3 // 4, len(own) // 4 + 1)))]])
        lasts = float(rng.uniform(1.0, 4.0)) * plan.half_cycle
        out.append(Episode(at, at + lasts, run.short, flicker_of(plan.course), soft=True))
        cycle += math.ceil(0.5 * lasts / plan.half_cycle) + int(rng.integers(3, 8))
    return tuple(out)


def _brief(run: Run, rng: np.random.Generator) -> tuple[Episode, ...]:
    """Return soft shorts of a part of a half cycle, the first in the target cycle, then now and then in that direction."""
    rows = run.rows
    direction = int(rng.integers(2))
    out: list[Episode] = []
    for part in rows.half_cycles()[2 * run.plan.target + direction :: 2]:
        if out and rng.random() >= _AGAIN:
            continue
        count = max(_FEWEST, round(float(rng.uniform(0.05, 0.25)) * len(part)))
        at = int(rng.integers(math.ceil(0.1 * len(part)) + 1, len(part) - count))
        begin = 0.5 * float(rows.time[part[at - 1]] + rows.time[part[at]])
        out.append(Episode(begin, float(rows.time[part[at + count - 1]]), run.short, soft=True))
    return tuple(out)
