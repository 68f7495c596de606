"""A seeded set of virtual symmetric cells whose fate is known, through the disturbances of a real laboratory.

Three families of seeds share no cell: ``TRAINING`` may be looked at while an analysis is written, ``FAST`` is for the tests,
``SCORED`` only scores.
``make_cell(family, index)`` gives the same cell whenever it is asked; the kinds follow each other in a fixed order, so that
every part of the set holds all of them.

A plan that does not do what it should is drawn again (``VirtualCell.tries`` counts). So the set excludes by construction:

* a sound cell below 3 mV or below 8 times the white noise at its least current;
* a failure before the third half cycle, and one with less than 1.5 half cycles of record after it (2 after a short has grown);
* holes, halts, pauses and rests within four half cycles of a failure or of each other;
* a healthy cell whose contact falls below 0.6 of what it was, and a loss of contact that leaves more than half;
* ladders that survived fewer than two current densities before they failed;
* soft shorts with less than a share of 0.2 of the current (0.45 where it grows, 0.4 where it is brief), and creeping ones in a
  cell that is as low as its electrolyte before that share;
* shorts between the classes: that leave the whole cell 0.3 to 1.05 times the resistance of its electrolyte (hard ones below,
  soft ones above);
* growing and creeping shorts in ladders, whose critical current nobody could know;
* records without a column of current that hold more than one current density, a loss of contact, or a pause in a half cycle.

``make_borderline_cell`` gives shorts that the set excludes: shares of 0.08 to 0.2, and those between the classes. They are
scored beside the set.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garnetlab.core import InvalidInput, Measurement
from garnetlab.readers import read
from garnetlab.readers.bdf import write_bdf
from garnetlab.readers.land import write_land, write_land_text
from garnetlab.readers.parquet import write_bdf_parquet
from garnetlab.study._cell_set_cell import Run, run_plan
from garnetlab.study._cell_set_episodes import episodes_of
from garnetlab.study._cell_set_holes import pauses_of
from garnetlab.study._cell_set_layer import layered_voltage, measure
from garnetlab.study._cell_set_plan import BORDERLINE, FATES, Plan, draw_plan
from garnetlab.study._cell_set_truth import Event, Truth, critical_currents, failures_of, hardened, on_record, stops_of
from garnetlab.units import Quantity

__all__ = [
    "FAST", "SCORED", "TRAINING", "Event", "SeedFamily", "Truth", "VirtualCell", "make_borderline_cell", "make_cell",
    "through_file",
]  # fmt: skip

#: fates in the order in which cells have them: 9 healthy, 6 hard, 6 soft, 4 with contact loss in 25
_ORDER = "hsxhlshxhsxlhshxslhxshlxh"
_FATE_OF = {"h": "healthy", "x": "hard_short", "s": "soft_short", "l": "contact_loss"}
_MOST_TRIES = 400
_IMPEDANCE = 0.03  # relative error of a resistance of the electrolyte
_JUST_SOFT = 1.0 / 15.0  # of the shorts between the classes, 0.3 to 1.05 of the electrolyte, are above it


@dataclass(frozen=True, slots=True)
class SeedFamily:
    """A family of seeds by its name and number."""

    name: str
    seed: int


TRAINING = SeedFamily("training", 52001)
FAST = SeedFamily("fast", 61007)
SCORED = SeedFamily("scored", 90407)


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
    tries:       How many plans were drawn until one did what it should.
    """

    name: str
    plan: Plan
    run: Run
    truth: Truth
    measurement: Measurement
    electrolyte: Quantity | None
    tries: int = 1

    @property
    def stratum(self) -> str:
        """``"borderline"`` for a short that nobody can class for certain, ``"main"`` for all else."""
        return "borderline" if self.plan.course in BORDERLINE else "main"


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
    fate, course = fate_of(_counted(index))
    rng = np.random.default_rng([family.seed, index])
    return _drawn(f"{family.name[0].upper()}{index:04d}", fate, course, rng)


def make_borderline_cell(family: SeedFamily, index: int) -> VirtualCell:
    """Return a cell with a short that the set excludes: a weak one at even indices, one between the classes at odd ones.

    Raises
    ------
    InvalidInput  as ``make_cell``.
    """
    rng = np.random.default_rng([family.seed, _counted(index), 1])
    course = BORDERLINE[index % 2]
    soft = course == "weak" or rng.random() < _JUST_SOFT
    return _drawn(f"{family.name[0].upper()}B{index:04d}", "soft_short" if soft else "hard_short", course, rng)


def _counted(index: int) -> int:
    if index < 0:
        message = f"index = {index}: expected 0 or more. Count the cells of a family from 0."
        raise InvalidInput(message)
    return index


def _drawn(name: str, fate: str, course: str, rng: np.random.Generator) -> VirtualCell:
    """Return the cell of the first plan that does what it should."""
    for tries in range(1, _MOST_TRIES + 1):
        run = run_plan(draw_plan(rng, fate, course), rng)
        if run is not None:
            return _measured(name, run, tries)
    message = f"cell {name}: none of {_MOST_TRIES} plans gave {fate} ({course}). Take another seed."
    raise InvalidInput(message)


def _measured(name: str, run: Run, tries: int) -> VirtualCell:
    """Return the cell with its record and truth."""
    plan, rows = run.plan, run.rows
    rng = np.random.default_rng(plan.seed)
    episodes = episodes_of(run, rng)
    events = failures_of(run, episodes)
    pauses = pauses_of(plan, rows, events, rng)
    voltage, warm = layered_voltage(rows, run.cell, plan, episodes, rng, pauses=pauses)
    if plan.course == "creeping":
        events = hardened(run, events[0], voltage, warm)
    record = measure(rows, voltage, warm, plan, pauses, rng)
    first = min((e.time for e in events), default=math.inf)
    survived, failed = critical_currents(rows, first) if plan.is_ladder else (None, None)
    seen = [on_record(e, pauses) for e in events]
    truth = Truth(tuple(sorted([*seen, *stops_of(pauses)], key=lambda e: e.time)), survived, failed)
    return VirtualCell(name, plan, run, truth, record.with_metadata(sample=name), _electrolyte(run, rng), tries)


def _electrolyte(run: Run, rng: np.random.Generator) -> Quantity | None:
    """Return the resistance of the electrolyte as impedance gives it, within a few per cent."""
    if not run.plan.seen.electrolyte:
        return None
    true = run.cell.slab_resistance(run.plan.kelvin) / run.plan.area
    found = true * (1.0 + _IMPEDANCE * float(rng.standard_normal()))
    return Quantity(found, _IMPEDANCE * true, "ohm", method="impedance")


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
