"""Cycles of two faces: half cycles one after the other, and the multirate jump over cycles that change slowly.

Source
------
Projective integration: C. W. Gear, I. G. Kevrekidis, SIAM J. Sci. Comput. 24 (2003) 1091 (inner steps, then a projective
outer step); here the outer step is Heun's, with a fixed pattern of inner steps, since a varying one is noise in the rates.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Outcome, SolveFailed
from garnetlab.simulate._resolved_face import FaceRun, HalfCycle
from garnetlab.simulate._resolved_records import DONE, FAILED, FILAMENT, LOST, SHORT

Floats = NDArray[np.float64]
#: called with cycles done and cycles asked for
Progress: TypeAlias = Callable[[int, int], None]

_MEAN_OF = 3  # last inner cycles whose mean change is the slow rate
_START = 4.0  # cycles of the first jump
_TRUSTED = 2  # a failure after a jump of at most so many cycles is taken as it is
_PERIODIC = 1e-6  # of the height, change in a cycle
_DRIFT = 1e-3  # of the height, over all cycles left
_GROWTH, _SAFETY, _SHRINK = 3.0, 0.8, 0.1


class Ending(enum.Enum):
    """How a run of cycles ended. The value is a sentence for people."""

    COMPLETED = "All cycles asked for were done without failure."
    PERIODIC = "The state repeats from cycle to cycle: this cell does not fail. Later cycles were not run."
    CONTACT_LOST = "The stripped face lost its contact."
    SHORT = "Damage under a plated face reached 1: a short circuit."
    FILAMENT = "The overpotential of a plated face started a filament: a short circuit."

    @property
    def failed(self) -> bool:
        """Whether the cell failed."""
        return self not in (Ending.COMPLETED, Ending.PERIODIC)


_ENDINGS = {LOST: Ending.CONTACT_LOST, SHORT: Ending.SHORT, FILAMENT: Ending.FILAMENT}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Equal half cycles with a rest after each; the first strips the left face."""

    current_density: float
    half_cycle: float
    rest: float
    halves: int
    steps: int
    film: float  # resistance of the bulk [ohm m^2], which adds to the voltage

    @property
    def half(self) -> float:
        """Half cycle and its rest [s]."""
        return self.half_cycle + self.rest


@dataclass(frozen=True, slots=True)
class Jumps:
    """How cycles are jumped over."""

    tolerance: float
    inner: int


@dataclass(slots=True)
class Log:
    """What is written at the end of every half cycle that was run."""

    times: list[float] = field(default_factory=list)
    voltages: list[float] = field(default_factory=list)
    contacts: list[tuple[float, float]] = field(default_factory=list)

    def cut(self, length: int) -> None:
        """Forget what came after ``length`` entries."""
        for entries in (self.times, self.voltages, self.contacts):
            del entries[length:]


class CellRun:
    """Two faces under a schedule; what happened so far."""

    def __init__(self, faces: tuple[FaceRun, FaceRun], schedule: Schedule, progress: Progress | None = None) -> None:
        self.faces, self.schedule = faces, schedule
        self.log, self.ending = Log(), Ending.COMPLETED
        self.halves = self.solves = self.transforms = self.cycles_run = self.jumps = self.rejected = 0
        self.time = 0.0
        self._progress = progress

    @property
    def left(self) -> int:
        """Whole cycles that are still to be done."""
        return (self.schedule.halves - self.halves) // 2

    def state(self) -> Floats:
        """Return a copy of the state, shape (2, 3, rows, columns)."""
        return np.stack([face.state for face in self.faces])

    def put(self, state: Floats) -> None:
        """Put both faces into a state."""
        for face, part in zip(self.faces, state, strict=True):
            face.state[...] = part

    def skip(self, cycles: int, change: Floats) -> None:
        """Carry the state over cycles in which it changes by so much."""
        state = self.state() + change
        np.maximum(state, 0.0, out=state)
        self.put(state)
        self.halves += 2 * cycles
        self.time += 2 * cycles * self.schedule.half

    def half(self) -> bool:
        """Run one half cycle and its rest; return whether the cell still lives."""
        plan, before = self.schedule, [face.state.copy() for face in self.faces]
        directions = (1, -1) if self.halves % 2 == 0 else (-1, 1)
        found = [
            face.half(direction, plan.current_density, plan.half_cycle, plan.steps)
            for face, direction in zip(self.faces, directions, strict=True)
        ]
        self._count(found)
        first = min(range(2), key=lambda f: (found[f].code == DONE, found[f].elapsed))
        if found[first].code != DONE:
            self._end(found, first, directions, before)
            return False
        if plan.rest > 0.0:
            self._count([face.half(0, 0.0, plan.rest, plan.steps) for face in self.faces])
        self.time += plan.half
        self.halves += 1
        self._write(self.time - plan.rest, found, directions)
        return True

    def _end(self, found: list[HalfCycle], first: int, directions: tuple[int, int], before: list[Floats]) -> None:
        """Note a failure, and bring the other face to its time."""
        code, elapsed, other = found[first].code, found[first].elapsed, 1 - first
        if code == FAILED:
            message = f"time = {self.time + elapsed:g} s: currents did not converge. Loosen solver_tolerance or check the map."
            raise SolveFailed(message, Outcome.NOT_CONVERGED)
        self.faces[other].state[...] = before[other]
        if elapsed > 0.0:
            again = self.faces[other].half(
                directions[other], self.schedule.current_density, elapsed, self.schedule.steps
            )
            self._count([again])
            found[other] = again
        self.ending, self.time = _ENDINGS[code], self.time + elapsed
        self._write(self.time, found, directions)

    def _count(self, found: list[HalfCycle]) -> None:
        self.solves += sum(h.solves for h in found)
        self.transforms += sum(h.transforms for h in found)

    def _write(self, time: float, found: list[HalfCycle], directions: tuple[int, int]) -> None:
        plan = self.schedule
        voltage = plan.current_density * plan.film + found[0].voltage + found[1].voltage
        self.log.times.append(time)
        self.log.voltages.append(directions[0] * voltage)
        self.log.contacts.append((found[0].contact, found[1].contact))

    def cycle(self) -> bool:
        """Run one cycle; return whether the cell still lives."""
        alive = self.half() and self.half()
        self.cycles_run += 1
        if self._progress is not None:
            self._progress(self.halves // 2, self.schedule.halves // 2)
        return alive


@dataclass(frozen=True, slots=True)
class _Rates:
    """Change of the state per cycle over the last inner cycles.

    Parameters
    ----------
    rate:         Mean over all of them.
    first, final: That of the closable gap in the first and in the last of them, ``span`` cycles apart.
    last, before: Largest change of a gap over the height in the last and in the one before.
    """

    rate: Floats
    first: Floats
    final: Floats
    span: int
    last: float
    before: float

    def over(self, cycles: int) -> Floats:
        """Return the change over cycles: dead gap and damage go on at the mean rate, the closable gap as a geometric series.

        Its changes fall off by a factor of their own in every pixel: one near 1 is a slow drift, a smaller one the way to
        where the gap settles, which must not be carried on for many cycles.
        """
        change = cycles * self.rate
        if self.span == 0:
            return change
        bottom = np.where(self.first == 0.0, 1.0, self.first)
        ratio = np.clip(np.where(self.first == 0.0, 0.0, self.final / bottom), 0.0, 1.0) ** (1.0 / self.span)
        slow = 1.0 - ratio < 1e-9
        total = ratio * (1.0 - ratio**cycles) / np.where(slow, 1.0, 1.0 - ratio)
        change[:, 0] = self.final * np.where(slow, float(cycles), total)
        return change


def run_all(cell: CellRun) -> None:
    """Run every half cycle of the schedule, or until the cell fails."""
    while cell.left > 0:
        if not cell.cycle():
            return
    if cell.halves < cell.schedule.halves:
        cell.half()


def run_jumping(cell: CellRun, jumps: Jumps) -> None:
    """Run the schedule with jumps over cycles in which little changes."""
    rates = _inner(cell, jumps.inner)
    reach = _START
    while rates is not None and cell.left > 0:
        if _periodic(cell, rates):
            if not np.any(rates.rate[:, 2]):
                cell.ending = Ending.PERIODIC
                return
            far = min(cell.left, int(_cycles_to_short(cell, rates.rate)) - 1)
            if far > 0:
                cell.skip(far, np.where(np.arange(3)[:, None, None] == 2, far * rates.rate, 0.0))
                cell.jumps += 1
            rates = _inner(cell, jumps.inner)
            continue
        rates, reach = _jump(cell, jumps, rates, reach)
    if rates is not None and cell.halves < cell.schedule.halves:
        cell.half()


def _inner(cell: CellRun, count: int) -> _Rates | None:
    """Run cycles one by one and return their rates, or None if the cell failed."""
    count = min(count, cell.left)
    states = [cell.state()]
    for _ in range(count):
        if not cell.cycle():
            return None
        states = [*states, cell.state()][-_MEAN_OF - 1 :]
    if len(states) == 1:
        none = np.zeros_like(states[0])
        return _Rates(none, none[:, 0], none[:, 0], 0, 0.0, 0.0)
    height = cell.faces[0].rules.height
    changes = [b - a for a, b in itertools.pairwise(states)]
    last, before = (float(np.abs(change[:, :2]).max()) / height for change in (changes[-1], changes[-2:][0]))
    mean = (states[-1] - states[0]) / len(changes)
    return _Rates(mean, changes[0][:, 0], changes[-1][:, 0], len(changes) - 1, last, before)


def _periodic(cell: CellRun, rates: _Rates) -> bool:
    """Return whether gaps repeat and will: their changes are tiny, and shrink or cannot add up in the cycles left."""
    tiny = rates.last < _PERIODIC and not np.any(rates.rate[:, 1])
    return tiny and (rates.last < rates.before or rates.last * cell.left < _DRIFT)


def _cycles_to_short(cell: CellRun, rate: Floats) -> float:
    """Return a number of cycles before which damage cannot short a face (triangle inequality of its norm)."""
    cycles = math.inf
    for face, change in zip(cell.faces, rate, strict=True):
        faster = face.norm(change[2])
        if faster > 0.0:
            cycles = min(cycles, (1.0 - face.norm(face.state[2])) / faster)
    return cycles


def _jump(cell: CellRun, jumps: Jumps, rates: _Rates, reach: float) -> tuple[_Rates | None, float]:
    """Try a jump of at most ``reach`` cycles; return the rates after it or after plain cycles, and the next reach."""
    cycles = int(min(reach, cell.left - 1, _cycles_to_short(cell, rates.rate) - 1))
    if cycles < 1:
        return _inner(cell, jumps.inner), max(reach, float(_TRUSTED))
    halves, time, written, saved = cell.halves, cell.time, len(cell.log.times), cell.state()
    cell.skip(cycles, rates.over(cycles))
    new = _inner(cell, jumps.inner)
    if new is None and cycles <= _TRUSTED:
        return None, reach
    error = math.inf if new is None else _error(cell, cycles, rates.rate, new.rate)
    if new is None or error > jumps.tolerance:
        cell.put(saved)
        cell.halves, cell.time, cell.ending = halves, time, Ending.COMPLETED
        cell.log.cut(written)
        cell.rejected += 1
        shorter = 0.25 if new is None else max(_SHRINK, _SAFETY * math.sqrt(jumps.tolerance / error))
        return rates, cycles * min(shorter, 0.9)
    cell.put(np.maximum(cell.state() + _corrector(cycles, rates.rate, new.rate), 0.0))
    cell.jumps += 1
    longer = _GROWTH if error == 0.0 else min(_GROWTH, _SAFETY * math.sqrt(jumps.tolerance / error))
    return new, max(1.0, cycles * longer)


def _corrector(cycles: int, old: Floats, new: Floats) -> Floats:
    """Return what Heun's rule adds to dead gap and damage; the closable gap follows them within the inner cycles."""
    change = 0.5 * cycles * (new - old)
    change[:, 0] = 0.0
    return change


def _error(cell: CellRun, cycles: int, old: Floats, new: Floats) -> float:
    """Return the error of a jump: of the dead gap per contact and the mean closable gap over the height, and of damage."""
    errors = []
    for face, change in zip(cell.faces, new - old, strict=True):
        weight = face.weight
        dead = math.sqrt(float(np.sum(weight * change[1] ** 2)))
        gap = abs(float(np.sum(weight * change[0])))
        errors.append((dead + gap) / face.rules.height + face.norm(np.abs(change[2])))
    return 0.5 * cycles * max(errors)
