"""The resolved contact model: maps of gap, dead gap and damage on both faces of a symmetric cell, from cycle to cycle.

Every pixel loses contact where the true current exceeds the local supply, gets it back by plating and closure, and
carries the current that the slab, the kinetics and its contact give it. See ``ContactMechanisms`` and
``ResolvedParameters`` for the equations. The two faces carry the same mean current and do not feel each other's pattern
(they do as 1/sinh(2 pi L/W) for a thickness L and a period W).

A half cycle takes Heun steps with exponentials of the closing rates: second order, positive, and what is stripped is kept
to rounding. Cycles in which little changes are jumped over with an error control, see ``simulate_resolved``.

Source
------
Own model. Faraday's law; J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed., Wiley 2004, ch. 18 (secondary
current distribution, see ``physics.interface``); C. W. Gear, I. G. Kevrekidis, SIAM J. Sci. Comput. 24 (2003) 1091
(projective integration).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput
from garnetlab.physics._contact_fields import Rng
from garnetlab.physics._interface_input import contact_map, contact_of_shape
from garnetlab.physics._ranges import require_not_negative
from garnetlab.physics._table import require_positive
from garnetlab.physics.contact import gaussian_field
from garnetlab.simulate._resolved_cycles import CellRun, Ending, Jumps, Progress, Schedule, run_all, run_jumping
from garnetlab.simulate._resolved_face import FaceRun, make_symbols, slab_rules
from garnetlab.simulate._resolved_parameters import (
    ContactMechanisms,
    CreepClosure,
    ResolvedParameters,
    supply_levels,
)
from garnetlab.units import CurrentDensity, Fraction, Length, Number, Time

__all__ = [
    "ContactMechanisms",
    "ContactRun",
    "CreepClosure",
    "Ending",
    "FaceState",
    "ResolvedParameters",
    "quenched_supply",
    "simulate_resolved",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceState:
    """Maps of one face: closable and dead gap [m], damage, and local contact, shape (rows, columns)."""

    gap: Floats
    dead: Floats
    damage: Floats
    contact: Floats

    @property
    def contact_fraction(self) -> float:
        """Mean of the local contact."""
        return float(self.contact.mean())


@dataclass(frozen=True, slots=True)
class ContactRun:
    """What became of a symmetric cell.

    Parameters
    ----------
    ending:         How the run ended.
    life:           Time of the failure [s], or None where the cell did not fail.
    time:           Time reached [s].
    times:          Ends of the half cycles that were run, jumped ones left out [s].
    voltage:        Of the cell then [V], left less right electrode: positive while the left face is stripped.
    left, right:    Contact fraction of the faces then.
    left_state, right_state: Maps at the end. A face that failed stands at the last step before.
    cycles:         Cycles that were run one by one, rejected ones included.
    jumps, rejected: Jumps made, and jumps taken back.
    solves, transforms: Solves for the currents, and pairs of Fourier transforms in them.
    warnings:       What a user should know.
    """

    ending: Ending
    life: float | None
    time: float
    times: Floats
    voltage: Floats
    left: Floats
    right: Floats
    left_state: FaceState
    right_state: FaceState
    cycles: int
    jumps: int
    rejected: int
    solves: int
    transforms: int
    warnings: tuple[str, ...] = ()


def quenched_supply(
    contact: Fraction,
    *,
    supply: CurrentDensity,
    relative_spread: Number,
    law: str = "logistic",
    period: Length,
    correlation_length: Length,
    rng: Rng,
) -> CurrentDensity:
    """Return a map of the supply [A/m^2 of contact], quenched: it differs from place to place and does not change.

    A Gaussian field says where it is high; the values are the exact quantiles of the distribution over the contact, so
    that its mean over a small map does not depend on the draw.

    Parameters
    ----------
    contact:            Map or local contact fraction, shape (rows, columns).
    supply:             Mean of a logistic or normal, median of a lognormal distribution [A/m^2], >= 0.
    relative_spread:    Scale of the logistic or standard deviation of the normal distribution over the supply, or
                        standard deviation of the logarithm, >= 0.
    law:                "logistic", "normal" or "lognormal". The first two have values below 0 in their tails: these
                        count as none.
    period:             Width of the map along x [m].
    correlation_length: Of the field [m]; see ``gaussian_field``.
    rng:                Random generator, or a seed for a fresh one.

    Raises
    ------
    InvalidInput  if a number is out of its range, or the law is not known.

    Source
    ------
    Own construction: ranks of a Gaussian field.

    Examples
    --------
    >>> import numpy as np
    >>> given = {"period": 1e-4, "correlation_length": 2e-5, "rng": 1}
    >>> round(float(quenched_supply(np.ones((16, 16)), supply=10.0, relative_spread=0.25, **given).mean()), 4)
    10.0454
    """
    share = np.asarray(contact_map(contact), dtype=np.float64)
    require_not_negative(supply=supply, relative_spread=relative_spread)
    field = gaussian_field(share.shape, period=period, correlation_length=correlation_length, rng=rng)
    order = np.argsort(field, axis=None, kind="stable")
    weight = share.ravel()[order]
    on = weight > 0.0
    edges = np.concatenate(([0.0], np.cumsum(weight[on])))
    edges /= edges[-1]
    edges[-1] = 1.0
    values = np.full(share.size, float(supply))
    values[order[on]] = float(supply) * supply_levels(edges, law, float(relative_spread))
    return values.reshape(share.shape)


def simulate_resolved(
    contact: Fraction,
    *,
    parameters: ResolvedParameters,
    supply: CurrentDensity,
    current_density: CurrentDensity,
    half_cycle: Time,
    cycles: Number,
    rest: Time = 0.0,
    second_contact: Fraction | None = None,
    second_supply: CurrentDensity | None = None,
    start: Sequence[FaceState] | None = None,
    jump: bool = True,
    jump_tolerance: Fraction = 5e-3,
    inner_cycles: int = 6,
    steps: int = 10,
    solver_tolerance: Fraction = 1e-4,
    progress: Progress | None = None,
) -> ContactRun:
    """Return what becomes of a symmetric cell whose contact is resolved, over equal cycles.

    With ``jump``, after ``inner_cycles`` cycles the mean change of the last three carries the state over m cycles at
    once (dead gap, damage, and the closable gap that follows them). The same number of cycles there gives the change at
    the end; the jump stands if its error, m/2 times the difference of the changes (dead gap per contact and mean gap over
    the height, and damage), stays below ``jump_tolerance``, and then Heun's corrector is applied; otherwise it is taken
    back. A failure right after a jump of more than two cycles takes it back too. A state that repeats ends the run where
    nothing accumulates, and lets damage be carried to its end where it does.

    Parameters
    ----------
    contact:          Of the left face at the start: boolean map or local contact fraction, shape (rows, columns).
    parameters:       Slab, lengths and mechanisms.
    supply:           Of lithium to the contact [A/m^2 of contact], one number or a map as from ``quenched_supply``.
    current_density:  [A/m^2 of electrode], > 0. The first half cycle strips the left face.
    half_cycle:       Its duration [s], > 0.
    cycles:           How many, a multiple of one half; 0.5 is one-way.
    rest:             After every half cycle [s], >= 0.
    second_contact:   Of the right face; that of the left if not given.
    second_supply:    Of the right face; that of the left if not given.
    start:            States of the left and right face to go on from, as a run returns them.
    jump:             False runs every cycle.
    jump_tolerance:   > 0, at most 0.5.
    inner_cycles:     At least 4.
    steps:            Heun steps in a half cycle.
    solver_tolerance: On the local currents, relative; the mean current is exact. Lives at 1e-4 and 1e-7 differ by 1e-5.
    progress:         Called with cycles done and asked for, after every cycle that is run.

    Raises
    ------
    InvalidInput  if an argument cannot be used.
    SolveFailed   if the currents do not converge.

    Source
    ------
    See the head of this module.
    """
    bulk = float(parameters.thickness) / float(parameters.conductivity)
    schedule = make_schedule(current_density, half_cycle, rest, cycles, steps=steps, bulk=bulk)
    tolerance = _in_range("solver_tolerance", solver_tolerance, 1e-13, 1e-2)
    jumps = make_jumps(jump_tolerance, inner_cycles)
    first = contact_map(contact)
    second = first if second_contact is None else contact_of_shape(second_contact, first.shape, "second_contact")
    supplies = (supply, supply if second_supply is None else second_supply)
    symbols = make_symbols(parameters, first.shape)
    rules = slab_rules(parameters, symbols, tolerance=tolerance)
    faces = [
        FaceRun(
            np.asarray(c, dtype=np.float64), _supply_map(s, first.shape, name), rules, symbols, parameters.mechanisms
        )
        for c, s, name in zip((first, second), supplies, ("supply", "second_supply"), strict=True)
    ]
    cell = CellRun((faces[0], faces[1]), schedule, progress)
    put_start(cell, start)
    return finished(cell, jumps if jump else None, _warnings(parameters, first.shape))


def finished(cell: CellRun, jumps: Jumps | None, warnings: tuple[str, ...] = ()) -> ContactRun:
    """Run a cell to its end and return what became of it."""
    if jumps is None:
        run_all(cell)
    else:
        run_jumping(cell, jumps)
    contacts = np.array(cell.log.contacts).reshape(-1, 2)
    left, right = (_state(face) for face in cell.faces)
    return ContactRun(
        ending=cell.ending,
        life=cell.time if cell.ending.failed else None,
        time=cell.time,
        times=np.array(cell.log.times),
        voltage=np.array(cell.log.voltages),
        left=contacts[:, 0],
        right=contacts[:, 1],
        left_state=left,
        right_state=right,
        cycles=cell.cycles_run,
        jumps=cell.jumps,
        rejected=cell.rejected,
        solves=cell.solves,
        transforms=cell.transforms,
        warnings=warnings,
    )


def _state(face: FaceRun) -> FaceState:
    gap, dead, damage = face.state.copy()
    return FaceState(gap, dead, damage, face.contact)


def put_start(cell: CellRun, start: Sequence[FaceState] | None) -> None:
    """Put the faces into the states given, if any."""
    if start is None:
        return
    shape = cell.faces[0].state.shape[1:]
    states = tuple(start)
    if len(states) != 2 or any(part.shape != shape for s in states for part in (s.gap, s.dead, s.damage)):
        message = f"start = {len(states)} states: expected two whose maps have the shape {shape} of the contact."
        raise InvalidInput(message)
    for state in states:
        require_not_negative(gap=state.gap, dead=state.dead, damage=state.damage)
    cell.put(np.stack([np.stack((s.gap, s.dead, s.damage)) for s in states]))


def make_schedule(
    current_density: CurrentDensity, half_cycle: Time, rest: Time, cycles: Number, *, steps: int, bulk: float
) -> Schedule:
    """Return the checked schedule."""
    require_positive(current_density=current_density, half_cycle=half_cycle, cycles=cycles)
    require_not_negative(rest=rest)
    halves = round(2 * float(cycles))
    if abs(halves - 2 * float(cycles)) > 1e-9 or halves < 1:
        message = f"cycles = {cycles}: expected a multiple of one half."
        raise InvalidInput(message)
    steps = _whole("steps", steps, 1)
    return Schedule(float(current_density), float(half_cycle), float(rest), halves, steps, bulk)


def make_jumps(tolerance: Fraction, inner: int) -> Jumps:
    """Return the checked jumps."""
    return Jumps(_in_range("jump_tolerance", tolerance, 1e-9, 0.5), _whole("inner_cycles", inner, 4))


def _supply_map(supply: CurrentDensity, shape: tuple[int, ...], name: str) -> Floats:
    """Return the supply as a map; where the tail of its distribution is negative there is none."""
    values = np.asarray(supply, dtype=np.float64)
    if values.ndim not in (0, 2) or (values.ndim == 2 and values.shape != shape) or not np.all(np.isfinite(values)):
        message = (
            f"{name} = array of shape {values.shape}: expected one finite number in A/m^2, or a map of shape {shape}."
        )
        raise InvalidInput(message)
    return np.maximum(values, 0.0)


def _whole(name: str, value: int, least: int) -> int:
    if int(value) != value or value < least:
        message = f"{name} = {value}: expected a whole number of at least {least}."
        raise InvalidInput(message)
    return int(value)


def _in_range(name: str, value: Fraction, low: float, high: float) -> float:
    if not low <= float(value) <= high:
        message = f"{name} = {value}: expected {low:g} to {high:g}."
        raise InvalidInput(message)
    return float(value)


def _warnings(parameters: ResolvedParameters, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return what limits the grid: gaps are local below two pixels, and then depend on them."""
    pixel, length = parameters.period / shape[1], parameters.smear_length
    if length == math.inf or length >= 2.0 * pixel:
        return ()
    return (
        f"smear_length = {length:g} m is less than two pixels of {pixel:g} m: gaps are local, and lives depend on the grid.",
    )
