"""A plan of the seeded set as a virtual cell and a procedure, run until it does what was planned, with its truth.

The simulator decides when a cell fails; the plan only aims. The truth comes from its damage, contact and clock, and from the
episodes that the layer of measurement puts in, never from an analysis of the record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from garnetlab import units
from garnetlab.core import Channel, Outcome, Procedure
from garnetlab.core._protocols import galvanostatic_cycling
from garnetlab.library import load_material
from garnetlab.physics.short_circuit import short_resistance
from garnetlab.simulate import CellModel, CellTest, FaceModel, simulate_cell, symmetric_cell
from garnetlab.study._cell_set_layer import SOFT_FLOOR, Rows, intact_voltage, sound_cell
from garnetlab.study._cell_set_plan import GRADUAL, NOISES, Plan
from garnetlab.study._paper_faces import PaperParameters, paper_face
from garnetlab.study._paper_interface import paper_asr

__all__ = ["Run", "final_share", "run_plan"]

Floats = NDArray[np.float64]

#: rounded medians of the calibration; written down here, so that a new calibration does not change the set
_FACES = PaperParameters(
    0.53,
    FaceModel(
        initial_contact=0.1,
        exchange_current_density=1.0,
        supply_activation_energy=0.55 * units.eV,
        height=2.7e-6,
        damage_exponent=7.3,
        damage_activation_energy=0.19 * units.eV,
    ),
)
_PLENTY = 1e8  # s after a short: until the program ends
_LITHIUM_RESISTIVITY = 9.28e-8  # ohm m at 20 degC, as in physics.short_circuit
_LEAST_CONTACT = 0.6  # of that at the start, in a healthy cell
_LOST_CONTACT = 0.5  # at most this share is left where contact loss ended a half cycle
_HEADROOM = 0.5  # share of the limit that a sound cell stays below
_SEEN = 8.0  # times the white noise is the voltage of a sound cell at the least current
_LEAST_VOLTAGE = 3e-3  # V, of a sound cell at the least current: below it the offset of an instrument hides the cell
_MARGIN = 1.1  # a soft short leaves at least this many times the resistance of the electrolyte
_HARDEST = 0.3  # a hard short has at most this share of it
_LEAST_SHARE = 0.2  # of the current, that a soft short takes
_ROUNDING = 1.02  # contact at the failure is not that at the start, for which the short was made
_NEVER_HARDENS = 1e9
_UNSEEN = (
    1e3  # times the resistance of the cell is the short of the simulator where one grows: its contact goes on as it did
)
#: least share of the current that a soft short of a course takes in the end
_LEAST = {"growing": 0.45, "brief": 0.4, "weak": 0.08}
#: courses of shorts that the simulator does not know: they heal
_HEALING = ("intermittent", "brief")


@dataclass(frozen=True, slots=True)
class Run:
    """A simulated test that did what was planned.

    Parameters
    ----------
    plan:   With a limit that a sound cell stays well below.
    cell:   The virtual cell.
    test:   What the simulator gave.
    rows:   Its record and states, until it ends.
    failed: When the simulator says it failed [s], infinite where it did not.
    short:  Resistance of its short [ohm m^2], once it is complete; infinite where it has none.
    """

    plan: Plan
    cell: CellModel
    test: CellTest
    rows: Rows
    failed: float
    short: float


def run_plan(plan: Plan, rng: np.random.Generator) -> Run | None:
    """Return the run of a plan, or None if the virtual cell does not do what was planned."""
    fitted = _fitted(plan)
    if fitted is None:
        return None
    found = _cell(fitted, rng)
    if found is None:
        return None
    cell, short = found
    test = simulate_cell(
        cell, procedure_of(fitted), temperature=fitted.kelvin, period=fitted.period, after_short=_PLENTY
    )
    failure = test.result.quantities.get("time_to_failure")
    failed = math.inf if failure is None else float(failure.value)
    rows = _rows(test, fitted, failed)
    if not _as_planned(fitted, cell, test, rows, failed):
        return None
    return Run(fitted, cell, test, rows, failed, short)


def procedure_of(plan: Plan) -> Procedure:
    """Return the steps of all blocks."""
    steps: list[str] = []
    for current, cycles, half in zip(plan.currents, plan.cycles, plan.half_times, strict=True):
        block = galvanostatic_cycling(
            current, half_cycle_time=half, cycles=cycles, rest=plan.rest or None, voltage_limit=plan.limit
        )
        steps += block.steps
    return Procedure(steps=tuple(steps))


def _fitted(plan: Plan) -> Plan | None:
    """Return the plan with a voltage limit that the sound cell stays below; None if there is none or noise hides the cell."""
    base = _base_cell(plan)
    low, high = (intact_voltage(j, plan, base) for j in (min(plan.currents), max(plan.currents)))
    limits = [v for v in (0.5, 1.0, 2.0, 5.0) if v >= plan.limit and v * _HEADROOM >= high]
    seen = low >= max(_SEEN * NOISES[plan.noise], _LEAST_VOLTAGE)
    return replace(plan, limit=limits[0]) if limits and seen else None


def _base_cell(plan: Plan) -> CellModel:
    """Return the cell with neither damage nor loss of contact."""
    asr = paper_asr(plan.additive).value * plan.resistance
    face = replace(
        paper_face(plan.additive, parameters=_FACES, resistance=asr), damage_current=math.inf, supply=math.inf
    )
    cell = symmetric_cell(face, area=plan.area, thickness=plan.thickness)
    return replace(cell, conductivity=cell.conductivity * plan.conductivity)


def _cell(plan: Plan, rng: np.random.Generator) -> tuple[CellModel, float] | None:
    """Return the cell of a plan and the resistance of its short [ohm m^2], or None if there is no such short."""
    base = _base_cell(plan)
    currents, _ = plan.per_cycle()
    at = float(currents[plan.target])
    breathing = plan.course == "breathing" or (plan.fate.endswith("short") and rng.random() < 0.5)
    open_ = _breathing(base.left, plan, float(currents.max()), rng)
    face = open_ if breathing else base.left
    if plan.course == "ageing":
        face = replace(open_, irreversible=float(rng.uniform(0.05, 0.3)))
    if plan.fate == "contact_loss":
        face = _losing(base.left, plan, at, rng)
    short = math.inf
    if plan.fate.endswith("short"):
        short = _short(plan, base, at)
        if not short < math.inf:
            return None
    left, right = face, face
    if plan.fate.endswith("short") and plan.course not in _HEALING:
        worse = replace(face, damage_current=_damage_current(plan, face))
        left, right = (worse, face) if rng.random() < 0.5 else (face, worse)
        own = _UNSEEN * intact_voltage(at, plan, base) / at if plan.course in GRADUAL else short
        base = replace(base, soft_short=own, hard_short=own, softening=_NEVER_HARDENS)
    return replace(base, left=left, right=right), short


def _breathing(face: FaceModel, plan: Plan, largest: float, rng: np.random.Generator) -> FaceModel:
    """Return a face whose contact opens a little while it is stripped and closes while it is plated."""
    return replace(face, supply=_supply(face, plan, largest * float(rng.uniform(1.0, 1.6))))


def _supply(face: FaceModel, plan: Plan, current: float) -> float:
    """Return the supply at the reference that brings back a current density of electrode at the temperature of the test."""
    return current / face.initial_contact / face.factor(face.supply_activation_energy, plan.kelvin)


def _losing(face: FaceModel, plan: Plan, at: float, rng: np.random.Generator) -> FaceModel:
    """Return a face that self-diffusion cannot feed at the current of the failure."""
    volume = float(load_material("Li").property("molar_volume", temperature=298.15)[0].value) / units.F
    supplied = plan.severity * at
    _, times = plan.per_cycle()
    opened = volume * (at - supplied) * float(times[plan.target])
    dead = 0.0
    if plan.course == "slow":
        dead = float(rng.uniform(0.05, 0.3))
        same = np.flatnonzero(plan.per_cycle()[0][: plan.target + 1] == at)
        opened *= max(1.0, dead * len(same))
    else:
        opened *= float(rng.uniform(0.5, 1.0))
    supply = _supply(face, plan, supplied)
    return replace(face, supply=supply, height=opened, irreversible=dead, smoothing=min(2e-8, 0.05 * opened))


def _damage_current(plan: Plan, face: FaceModel) -> float:
    """Return the current density of true contact with which the damage passes 1 in the target cycle."""
    currents, times = plan.per_cycle()
    m = face.damage_exponent
    grown = np.cumsum((currents / currents.max()) ** m * times / 3600.0)
    before = grown[plan.target - 1]
    aim = before + 0.5 * (grown[plan.target] - before)
    return float(currents.max() / face.initial_contact * aim ** (1.0 / m)) / face.factor(
        face.damage_activation_energy, plan.kelvin
    )


def _short(plan: Plan, cell: CellModel, at: float) -> float:
    """Return the resistance of a short [ohm m^2], infinite if the cell would not have the short of the plan."""
    slab = float(cell.slab_resistance(plan.kelvin))
    if plan.fate == "hard_short" and plan.course not in ("creeping", "between"):
        found = float(short_resistance(plan.severity, length=plan.thickness, resistivity=_LITHIUM_RESISTIVITY))
        return plan.area * found if plan.area * found <= _HARDEST * slab else math.inf
    share = final_share(plan, cell, at)
    fits = share >= _LEAST.get(plan.course, _LEAST_SHARE)
    if plan.course == "creeping":
        # as soft first: it takes its least share before the cell is as low as its electrolyte
        soft, hard = (intact_voltage((1.0 - s) * at, plan, cell) / at / slab for s in (_LEAST_SHARE, share))
        fits = soft >= 1.0 and hard <= _HARDEST
    return intact_voltage((1.0 - share) * at, plan, cell) / (share * at) if fits else math.inf


def final_share(plan: Plan, cell: CellModel, at: float) -> float:
    """Return the share of a current density [A/m^2] that a soft, creeping or borderline short takes once it is complete.

    A soft short leaves the cell above its electrolyte; one between the classes leaves a multiple of it.
    """
    slab, whole = float(cell.slab_resistance(plan.kelvin)), intact_voltage(at, plan, cell) / at
    if plan.course == "creeping":
        return plan.severity
    if plan.course != "between":
        return min(plan.severity, 1.0 - _MARGIN * slab / whole)
    if plan.severity * slab >= whole:
        return 0.0
    left: float = brentq(lambda x: intact_voltage(x * at, plan, cell) / at - plan.severity * slab, 0.0, 1.0)
    return 1.0 - left


def _rows(test: CellTest, plan: Plan, failed: float) -> Rows:
    """Return the record, until the operator or the instrument stops it, without the two records at a short itself."""
    record, curves = test.record, test.result.curves
    if record is None:
        return Rows(*np.zeros((7, 0)))
    table = np.array([
        record[Channel.TIME], record[Channel.VOLTAGE], record[Channel.CURRENT] / plan.area,
        curves["contact_fraction_left"], curves["contact_fraction_right"],
        record[Channel.CYCLE], record[Channel.STEP],
    ])  # fmt: skip
    keep = np.ones(table.shape[1], dtype=bool)
    if failed < math.inf:
        end = failed + plan.after * plan.half_cycle
        if plan.fate == "contact_loss":
            stopped = np.flatnonzero((np.abs(table[1]) >= plan.limit * (1.0 - 1e-9)) & (table[0] >= failed))
            allowed = 1 if not plan.limited else 4  # half cycles at the limit before somebody stops the test
            end = min(end, table[0, stopped[min(allowed, len(stopped)) - 1]]) if len(stopped) else end
        else:
            keep &= table[0] != failed
        keep &= table[0] <= end
    return Rows(*table[:, keep])


def _as_planned(plan: Plan, cell: CellModel, test: CellTest, rows: Rows, failed: float) -> bool:
    """Return whether the cell met its fate, not before its third half cycle, and with enough of a record after it."""
    if not len(rows.time):
        return False
    kept = np.minimum(rows.left / rows.left[0], rows.right / rows.right[0])
    shorted = test.result.outcome is Outcome.SHORT_CIRCUIT
    if plan.fate == "healthy" or plan.course in _HEALING:
        sound = failed == math.inf and float(kept.min()) >= _LEAST_CONTACT
        return sound and (plan.fate == "healthy" or _levels(plan, rows, rows.cycle_index() <= plan.target))
    before = rows.time < failed
    driven = before & (rows.current != 0.0)
    if failed == math.inf or len(np.unique(rows.step[driven] + 1e4 * rows.cycle[driven])) < 4:
        return False
    if plan.fate == "contact_loss":
        # the last state may be of the half cycle itself: contact went while it was open
        at = np.flatnonzero(rows.time >= failed)
        return not shorted and len(at) > 0 and float(kept[at[0]]) <= _LOST_CONTACT and _levels(plan, rows, driven)
    least = plan.growth + 2.0 if plan.growth else 1.5  # half cycles after it
    enough = float(rows.time[-1]) - failed >= least * plan.half_cycle and _is_seen(plan, cell, rows, failed)
    return shorted and enough and float(kept[before].min()) >= _LEAST_CONTACT and _levels(plan, rows, driven)


def _is_seen(plan: Plan, cell: CellModel, rows: Rows, failed: float) -> bool:
    """Return whether a soft short takes its least share of the current where it starts, above the electrolyte."""
    at = np.flatnonzero((rows.time > failed) & (rows.current != 0.0))[:1]
    if plan.fate != "soft_short" or plan.course in (*GRADUAL, "between") or not len(at):
        return len(at) > 0
    sound = abs(float(sound_cell(rows, np.full(len(rows.time), plan.kelvin), cell).voltage(rows.current)[at][0]))
    least = SOFT_FLOOR * cell.slab_resistance(plan.kelvin) * abs(float(rows.current[at][0]))
    share = _LEAST.get(plan.course, _LEAST_SHARE)
    return max(abs(float(rows.voltage[at][0])), least) <= (1.0 - share) * sound * _ROUNDING


def _levels(plan: Plan, rows: Rows, driven: NDArray[np.bool_]) -> bool:
    """Return whether a ladder survived two currents before."""
    size = np.abs(rows.current[driven])
    return not plan.is_ladder or len(np.unique(size[size > 0.0].round(9))) >= 3
