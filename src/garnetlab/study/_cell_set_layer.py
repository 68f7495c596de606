"""The layer of measurement of the seeded set: what lies between the states of the virtual cell and the numbers of a file.

From the recorded states (contact of both faces, short) the voltage is computed again with what the simulator does not do:
a temperature that wanders, an interface that slowly drifts or is another after a long rest, a short that flickers, heals,
hardens or grows. The states themselves are kept: a few kelvin change the voltage here, not the course of the contact, nor does
the contact change while somebody pauses the test. Then come halts, recorded rests, lost rows, offset, noise, a wrong reading,
and the smallest step that the instrument prints.

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
    "SOFT_FLOOR", "Episode", "Pause", "Rows", "below_electrolyte", "flicker_of", "intact_voltage", "layered_voltage", "measure",
    "shorted_voltage", "sound_cell",
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

    def half_cycles(self) -> list[NDArray[np.int64]]:
        """Return the rows of each half cycle, rests aside."""
        rows = np.flatnonzero(self.current != 0.0)
        new = (np.diff(self.step[rows]) != 0.0) | (np.diff(self.cycle[rows]) != 0.0)
        return [part.astype(np.int64) for part in np.split(rows, np.flatnonzero(new) + 1)] if len(rows) else []


@dataclass(frozen=True, slots=True)
class Episode:
    """A short from one time to another [s].

    Parameters
    ----------
    start, end: [s].
    resistance: [ohm m^2].
    flicker:    Spread of its logarithm.
    soft:       Whether the cell never goes below its electrolyte.
    share:      Of the current that a short takes that grows, 0 for one that comes at once: what it takes grows linearly
                from nothing until ``grown`` and stays; its resistance follows from that.
    grown:      [s].
    """

    start: float
    end: float
    resistance: float
    flicker: float = 0.0
    soft: bool = False
    share: float = 0.0
    grown: float = 0.0

    def voltage(self, sound: Sound, time: Floats, current: Floats, flicker: Floats) -> Floats:
        """Return the voltage [V] of a cell with this short at some times [s] and current densities [A/m^2]."""
        intact = sound.voltage(current)
        if self.share:
            done = np.minimum((time - self.start) / (self.grown - self.start), 1.0)
            grown = sound.voltage((1.0 - self.share * done) * current)
            if not self.soft:
                return grown
            least = np.minimum(SOFT_FLOOR * sound.slab * np.abs(current), np.abs(intact))
            out: Floats = np.sign(current) * np.maximum(np.abs(grown), least)
            return out
        short = self.resistance * np.exp(flicker)
        if self.soft:
            short = np.maximum(short, _softest(intact / current, sound.slab))
        return shorted_voltage(sound.voltage, current, short)


@dataclass(frozen=True, slots=True)
class Pause:
    """Where the test stands still or the record has a hole.

    Parameters
    ----------
    start, length: After this time of the test, for so long [s].
    halted:        Whether the test stands still in it.
    row:           Last row before it, where the test stands still.
    recorded:      Whether the instrument writes zero current and the relaxed voltage, 0 V, in it.
    own_step:      Whether it is a step of the program.
    change:        Share by which the resistance of the faces is larger after it.
    memory:        Time in which the faces forget that [s].
    """

    start: float
    length: float
    halted: bool
    row: int = -1
    recorded: bool = False
    own_step: bool = False
    change: float = 0.0
    memory: float = 1.0

    def after(self, time: Floats) -> NDArray[np.bool_]:
        """Return which rows lie after its start."""
        out: NDArray[np.bool_] = np.arange(len(time)) > self.row if self.row >= 0 else time > self.start
        return out


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
        if pause.halted and not pause.recorded:
            after = pause.after(time)
            out[after] += plan.disturbance.restart * np.exp(-(time[after] - pause.start) / _HOUR)
    return out


def settled(plan: Plan, time: Floats, pauses: Sequence[Pause]) -> Floats:
    """Return the factor of the resistance of the faces over time: a slow change that becomes slower, and what rests did."""
    share = plan.disturbance.drift
    pace = max(float(time[-1]), 1.0) / 2.0
    out: Floats = 1.0 + share * (1.0 - np.exp(-time / pace)) / (1.0 - math.exp(-2.0))
    for pause in pauses:
        after = pause.after(time)
        out[after] *= 1.0 + pause.change * np.exp(-(time[after] - pause.start) / pause.memory)
    return out


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
    sound = sound_cell(rows, warm, cell, settled(plan, rows.time, pauses))
    intact = sound.voltage(rows.current)
    free = np.abs(rows.voltage) < plan.limit * (1.0 - 1e-9)
    voltage = np.where(free, rows.voltage + intact - plain, rows.voltage)
    for episode in episodes:
        own = np.flatnonzero((rows.time > episode.start) & (rows.time <= episode.end) & (rows.current != 0.0))
        if not len(own):
            continue
        flicker = episode.flicker * _walk(rows.time, _MEMORY, rng)[own] if episode.flicker else np.zeros(len(own))
        voltage[own] = episode.voltage(sound.part(own), rows.time[own], rows.current[own], flicker)
    return np.clip(voltage, -plan.limit, plan.limit), warm


def below_electrolyte(rows: Rows, voltage: Floats, warm: Floats, cell: CellModel, start: float) -> float:
    """Return the first time after a start [s] at which the whole cell has no more resistance than its electrolyte."""
    low = np.abs(voltage) <= _at(warm, cell.slab_resistance) * np.abs(rows.current)
    found = np.flatnonzero(low & (rows.time > start) & (rows.current != 0.0))
    return float(rows.time[found[0]]) if len(found) else math.inf


def _softest(resistance: Floats, slab: Floats) -> Floats:
    """Return the least resistance of a short that leaves the cell above its electrolyte; no short where there is none."""
    least = SOFT_FLOOR * slab
    room = np.maximum(resistance - least, 1e-9 * least)
    return least * resistance / room


def measure(
    rows: Rows, voltage: Floats, warm: Floats, plan: Plan, pauses: Sequence[Pause], rng: np.random.Generator
) -> Measurement:
    """Return the record as the instrument prints it."""
    rows, voltage, warm, keep = _with_pauses(rows, voltage, warm, pauses, plan.period)
    time = rows.time
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


def _with_pauses(
    rows: Rows, voltage: Floats, warm: Floats, pauses: Sequence[Pause], period: float
) -> tuple[Rows, Floats, Floats, NDArray[np.bool_]]:
    """Return rows, voltage and temperature in the time of the record, with recorded rests, and which rows are in the file."""
    table = np.array([rows.time, voltage, rows.current, rows.left, rows.right, rows.cycle, rows.step, warm])
    keep = np.ones(len(rows.time), dtype=bool)
    before: list[int] = []
    inserted: list[Floats] = []
    for pause in sorted(pauses, key=lambda p: p.start):
        after = pause.after(rows.time)
        if not pause.halted:
            keep &= ~(after & (rows.time <= pause.start + pause.length))
            continue
        if pause.recorded:
            # the record that an instrument writes as the rest begins, then one each period
            times = np.append(1.0, np.arange(period, pause.length, period))
            rest = np.repeat(table[:, [pause.row]], len(times), axis=1)
            rest[0] += times
            rest[1] = rest[2] = 0.0
            rest[6] = rows.step.max() + 1.0 if pause.own_step else rest[6]
            before, inserted = [*before, pause.row + 1], [*inserted, rest]
        table[0, after] += pause.length
    for at, rest in sorted(zip(before, inserted, strict=True), key=lambda pair: -pair[0]):
        table = np.insert(table, [at] * rest.shape[1], rest, axis=1)
        keep = np.insert(keep, [at] * rest.shape[1], [True] * rest.shape[1])
    time, seen, *rest_of, kelvin = table
    return Rows(time, seen, *rest_of), seen, kelvin, keep
