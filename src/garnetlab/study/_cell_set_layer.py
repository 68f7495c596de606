"""The layer of measurement of the seeded set: what lies between the states of the virtual cell and the numbers of a file.

From the recorded states (contact of both faces, short) the voltage is computed again with what the simulator does not do:
a temperature that wanders, an interface that slowly drifts, a short that flickers, heals or hardens. The states themselves
are kept: a few kelvin change the voltage here, not the course of the contact. Then come halts, lost rows, offset, noise, a
wrong reading, and the smallest step that the instrument prints.

Kirchhoff's law gives the share of a short exactly, with kinetics of Butler and Volmer at both faces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import Channel, Kind, Measurement, SimulationSource
from garnetlab.simulate import CellModel
from garnetlab.study._cell_set_plan import INSTRUMENTS, NOISES, Plan

__all__ = [
    "SOFT_FLOOR", "Episode", "Pause", "Rows", "flicker_of", "intact_voltage", "layered_voltage", "measure", "shorted_voltage",
    "sound_cell",
]  # fmt: skip

Floats = NDArray[np.float64]

_DAY, _HOUR = 86400.0, 3600.0
_FLICKER = {"unsteady": 0.3, "noisy": 0.4, "intermittent": 0.5}  # spread of ln(resistance) of a short
_MEMORY = 300.0  # s, of its flicker
SOFT_FLOOR = 1.05  # a soft short leaves at least this many times the resistance of the electrolyte, at any reading
_SLOW = 0.3  # of the white noise, that wanders over ten readings
_BISECTIONS = 44


@dataclass(frozen=True, slots=True)
class Rows:
    """A record: time [s], voltage [V], current density [A/m^2], contact of both faces, cycle and step."""

    time: Floats
    voltage: Floats
    current: Floats
    left: Floats
    right: Floats
    cycle: Floats
    step: Floats

    def cycle_index(self) -> NDArray[np.int64]:
        """Return which cycle of the program each row belongs to, counted from 0: two steps with current make one."""
        new = np.append(True, (np.diff(self.step) != 0.0) | (np.diff(self.cycle) != 0.0))
        halves = np.cumsum(new & (self.current != 0.0))
        out: NDArray[np.int64] = np.maximum(halves - 1, 0) // 2
        return out


@dataclass(frozen=True, slots=True)
class Episode:
    """A short of some resistance [ohm m^2] from one time to another [s]; ``soft`` if it never goes below the electrolyte."""

    start: float
    end: float
    resistance: float
    flicker: float = 0.0
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Where the record has a hole: after this time [s] of the test, for so long; halted if the test stands still in it."""

    start: float
    length: float
    halted: bool


def flicker_of(course: str) -> float:
    """Return the spread of the logarithm of a short's resistance."""
    return _FLICKER.get(course, 0.0)


@dataclass(frozen=True, slots=True)
class Sound:
    """The cell without a short in some rows: resistance of the slab [ohm m^2], RT/F [V], exchange current of both faces."""

    slab: Floats
    thermal: Floats
    left: Floats
    right: Floats

    def voltage(self, current: Floats) -> Floats:
        """Return the voltage [V] at a current density [A/m^2] that passes as ions.

        Source
        ------
        Ohm's law; Butler-Volmer equation with equal transfer coefficients, eta = 2 RT/F asinh(j/(2 j0)).
        """
        faces = np.arcsinh(0.5 * current / self.left) + np.arcsinh(0.5 * current / self.right)
        out: Floats = current * self.slab + 2.0 * self.thermal * faces
        return out

    def part(self, rows: NDArray[np.int64]) -> Sound:
        """Return that of some of the rows."""
        return Sound(self.slab[rows], self.thermal[rows], self.left[rows], self.right[rows])


def sound_cell(rows: Rows, kelvin: Floats, cell: CellModel, change: Floats | float = 1.0) -> Sound:
    """Return the cell without a short at the contact of each row.

    Parameters
    ----------
    rows:   With the contact of both faces.
    kelvin: Temperature of each [K].
    cell:   Faces with an exchange current and a symmetry of one half.
    change: Factor of the resistance of both faces.
    """
    thermal = units.R * kelvin / units.F
    left, right = (
        theta * thermal / (_at(kelvin, face.transfer_resistance) * change)
        for face, theta in ((cell.left, rows.left), (cell.right, rows.right))
    )
    return Sound(_at(kelvin, cell.slab_resistance), thermal, left, right)


def intact_voltage(current: float, plan: Plan, cell: CellModel) -> float:
    """Return the voltage [V] of a cell with its first contact, at the temperature of its plan."""
    start = np.array([cell.left.initial_contact]), np.array([cell.right.initial_contact])
    none = np.zeros(1)
    rows = Rows(none, none, none, *start, none, none)
    return float(sound_cell(rows, np.array([plan.kelvin]), cell).voltage(np.array([current]))[0])


def _at(kelvin: Floats, law: Callable[[float], float]) -> Floats:
    """Return a smooth law of the temperature at many temperatures."""
    low, high = float(kelvin.min()), float(kelvin.max())
    grid = np.array([low]) if low == high else np.linspace(low, high, 25)
    values = np.array([law(float(t)) for t in grid])
    out: Floats = np.exp(np.interp(kelvin, grid, np.log(values)))
    return out


def shorted_voltage(intact: Callable[[Floats], Floats], current: Floats, short: Floats) -> Floats:
    """Return the voltage with a short [ohm m^2] beside the cell: the ions have the share at which both voltages are equal."""
    low, high = np.zeros_like(current), np.ones_like(current)
    for _ in range(_BISECTIONS):
        share = 0.5 * (low + high)
        above = np.abs(intact(share * current)) > (1.0 - share) * np.abs(current) * short
        low, high = np.where(above, low, share), np.where(above, share, high)
    share = 0.5 * (low + high)
    return (1.0 - share) * current * short


def kelvins(plan: Plan, time: Floats, pauses: Sequence[Pause], rng: np.random.Generator) -> Floats:
    """Return the temperature of the cell over time [K]: days, a walk that comes back within six hours, and restarts."""
    size = plan.disturbance.wander
    out = np.full(len(time), plan.kelvin)
    if size > 0.0:
        days = np.sin(2.0 * math.pi * time / _DAY + rng.uniform(0.0, 2.0 * math.pi))
        out += size * (0.7 * days + 0.3 * _walk(time, 6.0 * _HOUR, rng))
    for pause in pauses:
        if pause.halted:
            after = time > pause.start
            out[after] += plan.disturbance.restart * np.exp(-(time[after] - pause.start) / _HOUR)
    return out


def settled(plan: Plan, time: Floats) -> Floats:
    """Return the factor of the resistance of the faces over time: a slow change that becomes slower."""
    share = plan.disturbance.drift
    pace = max(float(time[-1]), 1.0) / 2.0
    return 1.0 + share * (1.0 - np.exp(-time / pace)) / (1.0 - math.exp(-2.0))


def _walk(time: Floats, memory: float, rng: np.random.Generator) -> Floats:
    """Return a random walk of unit spread that forgets within ``memory`` [s]."""
    kept = np.exp(-np.diff(time, prepend=time[:1]) / memory)
    kicks = np.sqrt(np.maximum(1.0 - kept**2, 0.0)) * rng.standard_normal(len(time))
    out, value = np.empty(len(time)), float(rng.standard_normal())
    for k, (a, b) in enumerate(zip(kept.tolist(), kicks.tolist(), strict=True)):
        value = a * value + b
        out[k] = value
    return out


def layered_voltage(
    rows: Rows,
    cell: CellModel,
    plan: Plan,
    episodes: Sequence[Episode],
    rng: np.random.Generator,
    *,
    pauses: Sequence[Pause] = (),
) -> tuple[Floats, Floats]:
    """Return the voltage of every row [V] with temperature, drift and shorts, and the temperatures [K].

    Rows at the voltage limit stay there. The episodes include the short of the simulator.
    """
    warm = kelvins(plan, rows.time, pauses, rng)
    plain = sound_cell(rows, np.full(len(warm), plan.kelvin), cell).voltage(rows.current)
    sound = sound_cell(rows, warm, cell, settled(plan, rows.time))
    intact = sound.voltage(rows.current)
    free = np.abs(rows.voltage) < plan.limit * (1.0 - 1e-9)
    voltage = np.where(free, rows.voltage + intact - plain, rows.voltage)
    for episode in episodes:
        flicker = episode.flicker * _walk(rows.time, _MEMORY, rng)
        own = np.flatnonzero((rows.time > episode.start) & (rows.time <= episode.end) & (rows.current != 0.0))
        if not len(own):
            continue
        short = episode.resistance * np.exp(flicker[own])
        if episode.soft:
            short = np.maximum(short, _softest(intact[own] / rows.current[own], sound.slab[own]))
        voltage[own] = shorted_voltage(sound.part(own).voltage, rows.current[own], short)
    return np.clip(voltage, -plan.limit, plan.limit), warm


def _softest(resistance: Floats, slab: Floats) -> Floats:
    """Return the least resistance of a short that leaves the cell above its electrolyte; no short where there is none."""
    least = SOFT_FLOOR * slab
    room = np.maximum(resistance - least, 1e-9 * least)
    return least * resistance / room


def measure(
    rows: Rows, voltage: Floats, warm: Floats, plan: Plan, pauses: Sequence[Pause], rng: np.random.Generator
) -> Measurement:
    """Return the record as the instrument prints it."""
    time = rows.time.copy()
    keep = np.ones(len(time), dtype=bool)
    for pause in pauses:
        after = rows.time > pause.start
        if pause.halted:
            time[after] += pause.length
        else:
            keep &= ~(after & (rows.time <= pause.start + pause.length))
    seen = voltage + _noise(plan, len(voltage), rng)
    if plan.disturbance.outlier != 1.0:
        at = int(rng.choice(np.flatnonzero(keep & (rows.current != 0.0))))
        seen[at] = plan.disturbance.outlier * voltage[at]
    fine_voltage, fine_current = INSTRUMENTS[plan.instrument]
    current = rows.current * plan.area
    channels = {
        Channel.TIME: np.round(time, 1),
        Channel.VOLTAGE: np.round(seen / fine_voltage) * fine_voltage,
        Channel.CURRENT: np.round(current / fine_current) * fine_current,
    }
    if not plan.seen.current:
        del channels[Channel.CURRENT]
    if plan.seen.steps:
        channels |= {Channel.CYCLE: rows.cycle, Channel.STEP: rows.step}
    if plan.seen.temperature:
        channels[Channel.TEMPERATURE] = np.round(warm + 0.05 * rng.standard_normal(len(warm)), 1)
    known: dict[str, float | str] = {
        "area": plan.area, "thickness": plan.thickness, "temperature": plan.kelvin, "electrodes": "symmetric",
    }  # fmt: skip
    return Measurement(
        kind=Kind.CYCLING,
        channels={c: values[keep] for c, values in channels.items()},
        source=SimulationSource("", plan.seed, "seeded set of symmetric cells"),
        metadata=known,
    )


def _noise(plan: Plan, count: int, rng: np.random.Generator) -> Floats:
    """Return offset, white noise with a stretch where it is larger, and a slow part of it [V]."""
    size = NOISES[plan.noise]
    slow = _walk(np.arange(count, dtype=np.float64), 10.0, rng)
    white = rng.standard_normal(count)
    if plan.disturbance.burst != 1.0:
        first = int(rng.integers(count))
        white[first : first + int(rng.integers(5, 31))] *= plan.disturbance.burst
    return plan.disturbance.offset + size * (white + _SLOW * slow)
