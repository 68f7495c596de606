"""A seeded set of virtual symmetric cells whose fate is known, through the disturbances of a real laboratory.

Three families of seeds share no cell: ``TRAINING`` may be looked at while an analysis is written, ``FAST`` is for the tests,
``SCORED`` only scores.
``make_cell(family, index)`` gives the same cell whenever it is asked; the kinds follow each other in a fixed order, so that
every part of the set holds all of them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput, Measurement
from garnetlab.readers import read
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.land import write_land, write_land_text
from garnetlab.readers.parquet import write_bdf_parquet
from garnetlab.study._cell_set_cell import Run, run_plan
from garnetlab.study._cell_set_layer import Episode, Pause, Rows, flicker_of, layered_voltage, measure
from garnetlab.study._cell_set_plan import FATES, Plan, draw_plan
from garnetlab.units import Quantity

__all__ = ["FAST", "SCORED", "TRAINING", "Event", "SeedFamily", "Truth", "VirtualCell", "make_cell", "through_file"]

Floats = NDArray[np.float64]

#: fates in the order in which cells have them: 9 healthy, 6 hard, 6 soft, 4 with contact loss in 25
_ORDER = "hsxhlshxhsxlhshxslhxshlxh"
_FATE_OF = {"h": "healthy", "x": "hard_short", "s": "soft_short", "l": "contact_loss"}
_MOST_TRIES = 400
_IMPEDANCE = 0.03  # relative error of a resistance of the electrolyte
_BEFORE_GAP = 4.0  # half cycles between a hole in the record and what happened


@dataclass(frozen=True, slots=True)
class SeedFamily:
    """A family of seeds by its name and number."""

    name: str
    seed: int


TRAINING = SeedFamily("training", 52001)
FAST = SeedFamily("fast", 61007)
SCORED = SeedFamily("scored", 77003)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Parameters
    ----------
    kind:       ``"hard_short"``, ``"soft_short"``, ``"contact_loss"`` or ``"gap"``.
    time:       Of the record [s].
    end:        When it was over [s]; infinite where it stayed.
    half_cycle: Length of a half cycle with its rest at that time [s].
    """

    kind: str
    time: float
    end: float = math.inf
    half_cycle: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a cell by construction.

    Parameters
    ----------
    events:   In the order of time, gaps of the record included.
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


@dataclass(frozen=True, slots=True)
class VirtualCell:
    """A cell of the set.

    Parameters
    ----------
    name:        Letter of the family and index.
    plan, run:   What it is, and what the simulator gave.
    truth:       What happened.
    measurement: The record as an instrument gives it.
    electrolyte: Resistance of the electrolyte alone from impedance [ohm], None where nobody measured it.
    """

    name: str
    plan: Plan
    run: Run
    truth: Truth
    measurement: Measurement
    electrolyte: Quantity | None


def fate_of(index: int) -> tuple[str, str]:
    """Return fate and course of the cell at an index of any family."""
    fate = _FATE_OF[_ORDER[index % len(_ORDER)]]
    courses = FATES[fate]
    before = sum(1 for k in range(index) if _FATE_OF[_ORDER[k % len(_ORDER)]] == fate)
    return fate, courses[before % len(courses)]


def make_cell(family: SeedFamily, index: int) -> VirtualCell:
    """Return a cell of a family; the same one whenever it is asked for.

    Raises
    ------
    InvalidInput  if the index is negative, or no plan of this seed does what it should.
    """
    if index < 0:
        message = f"index = {index}: expected 0 or more. Count the cells of a family from 0."
        raise InvalidInput(message)
    rng = np.random.default_rng([family.seed, index])
    fate, course = fate_of(index)
    for _ in range(_MOST_TRIES):
        run = run_plan(draw_plan(rng, fate, course), rng)
        if run is not None:
            return _measured(f"{family.name[0].upper()}{index:04d}", run)
    message = (
        f"index = {index}: none of {_MOST_TRIES} plans of {family.name} gave {fate} ({course}). Take another seed."
    )
    raise InvalidInput(message)


def _measured(name: str, run: Run) -> VirtualCell:
    """Return the cell with its record and truth."""
    plan, rows = run.plan, run.rows
    rng = np.random.default_rng(plan.seed)
    episodes = _episodes(run, rng)
    events = [replace(e, half_cycle=_half_cycle(run, e.time)) for e in _events(run, episodes)]
    pauses = _pauses(plan, rows, events, rng)
    voltage, warm = layered_voltage(rows, run.cell, plan, episodes, rng, pauses=pauses)
    record = measure(rows, voltage, warm, plan, pauses, rng)
    first = min((e.time for e in events), default=math.inf)
    survived, failed = _critical(rows, first) if plan.is_ladder else (None, None)
    seen = [_on_record(e, pauses) for e in events]
    gaps = [Event("gap", p.start, p.start + p.length) for p in pauses]
    truth = Truth(tuple(sorted([*seen, *gaps], key=lambda e: e.time)), survived, failed)
    return VirtualCell(name, plan, run, truth, record.with_metadata(sample=name), _electrolyte(run, rng))


def _electrolyte(run: Run, rng: np.random.Generator) -> Quantity | None:
    """Return the resistance of the electrolyte as impedance gives it, within a few per cent."""
    if not run.plan.seen.electrolyte:
        return None
    true = run.cell.slab_resistance(run.plan.kelvin) / run.plan.area
    found = true * (1.0 + _IMPEDANCE * float(rng.standard_normal()))
    return Quantity(found, _IMPEDANCE * true, "ohm", method="impedance")


def _episodes(run: Run, rng: np.random.Generator) -> tuple[Episode, ...]:
    """Return the shorts of a run over time: that of the simulator, and what the layer makes of it."""
    plan = run.plan
    if not run.short < math.inf:
        return ()
    flicker = flicker_of(plan.course)
    if plan.course == "intermittent":
        return _intermittent(run, rng)
    soft = plan.fate == "soft_short"
    if plan.course != "hardening":
        return (Episode(run.failed, math.inf, run.short, flicker, soft),)
    left = float(run.rows.time[-1]) - run.failed
    at = run.failed + float(rng.uniform(0.3, 0.7)) * left
    hard = 0.02 * float(run.cell.slab_resistance(plan.kelvin))
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


def _events(run: Run, episodes: tuple[Episode, ...]) -> list[Event]:
    """Return the failures in the time of the test."""
    fate = run.plan.fate
    if fate == "contact_loss":
        return [Event("contact_loss", run.failed)]
    return [Event("soft_short" if e.soft else "hard_short", e.start, e.end) for e in episodes]


def _critical(rows: Rows, first: float) -> tuple[float | None, float | None]:
    """Return the largest current density finished before a time, and that at it [A/m^2]."""
    size = np.abs(rows.current)
    levels = np.unique(size[size > 0.0].round(9))
    if first == math.inf:
        return float(levels[-1]), None
    failed = float(size[(size > 0.0) & (rows.time <= first)][-1].round(9))
    below = levels[levels < failed]
    return (float(below[-1]) if len(below) else None), failed


def _pauses(plan: Plan, rows: Rows, events: list[Event], rng: np.random.Generator) -> tuple[Pause, ...]:
    """Return the hole in the record, at the end of a half cycle, away from what happened."""
    wanted = plan.disturbance.pause or plan.disturbance.missing
    if not wanted:
        return ()
    length, end = wanted * plan.half_cycle, float(rows.time[-1])
    ends = rows.time[np.flatnonzero(np.diff(rows.current) != 0.0)]
    free = (ends > 0.1 * end) & (ends + (length if plan.disturbance.missing else 0.0) < 0.9 * end)
    margin = _BEFORE_GAP * plan.half_cycle
    for event in events:
        stop = min(event.end, end)
        free &= (ends + length + margin < event.time) | (ends - margin > stop)
    if not free.any():
        return ()
    return (Pause(float(rng.choice(ends[free])), length, halted=plan.disturbance.pause > 0.0),)


def _on_record(event: Event, pauses: tuple[Pause, ...]) -> Event:
    """Return an event in the time of the record, which halts lengthen."""

    def later(time: float) -> float:
        return time + sum(p.length for p in pauses if p.halted and time > p.start)

    return replace(event, time=later(event.time), end=later(event.end))


def _half_cycle(run: Run, time: float) -> float:
    """Return the length of the half cycle that runs at a time of the test, with its rest [s]."""
    _, lengths = run.plan.per_cycle()
    before = run.rows.cycle_index()[run.rows.time <= time]
    return float(lengths[before[-1]]) + run.plan.rest


_WRITERS: Mapping[str, tuple[str, Callable[[Measurement, Path], Path]]] = {
    "land": (".csv", write_land),
    "bdf": (".csv", write_bdf),
    "parquet": (".parquet", write_bdf_parquet),
    "land table": (".txt", lambda m, path: write_land_text(m, path, form="table")),
    "land chinese": (".txt", lambda m, path: write_land_text(m, path, form="chinese")),
    "land maccor": (".txt", lambda m, path: write_land_text(m, path, form="maccor")),
}


def through_file(cell: VirtualCell, folder: Path | None = None) -> Measurement:
    """Return the record of a cell as it is read back from the file of its plan, with what the user says of the cell.

    Without a form of file it is the record itself.
    """
    if not cell.plan.seen.form:
        return cell.measurement
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return through_file(cell, Path(made))
    suffix, write = _WRITERS[cell.plan.seen.form]
    (found,) = read(write(cell.measurement, folder / f"{cell.name}{suffix}"))
    said = {k: v for k, v in cell.measurement.metadata.items() if k != "sample"}
    return found.with_metadata(**said)
