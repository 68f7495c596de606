"""A mean-field cell taken through the stages of a program, with a record of everything."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import ImpedanceStep, InvalidInput, Outcome, SolveFailed
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._cell_model import CellModel
from garnetlab.simulate._program import Drive, Stage

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

#: intervals of a step without a period: many where steps are few
_FINE, _COARSE, _FEW = 12, 1, 400
_OPEN_PERIOD = 600.0  # s, of a step that only a voltage ends
_SAMPLES = 200  # of a hold or a sweep without a period
_MOST = 20_000_000  # records
_CHUNK = 1000  # repetitions between two signs of life

_ENDS = {
    kernel.DONE: Outcome.SUCCESS,
    kernel.SHORTED: Outcome.SHORT_CIRCUIT,
    kernel.CONTACT_LOST: Outcome.CONTACT_LOST,
    kernel.LITHIUM_GONE: Outcome.LITHIUM_USED_UP,
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """An impedance sweep asked for at some time: the step, and the state of the cell at it."""

    step: ImpedanceStep
    time: float
    temperature: float
    left: float
    right: float
    short: float


@dataclass(slots=True)
class Runner:
    """The state of a cell on its way through a program.

    Parameters
    ----------
    cell:        The cell.
    temperature: Where a step says none [K].
    period:      Between records where a step says none [s].
    tolerance:   Of the integration.
    after_short: How long the test goes on after a short [s].
    """

    cell: CellModel
    temperature: float
    period: float | None = None
    tolerance: float = 1e-2
    after_short: float = 0.0
    left: Floats = field(default_factory=lambda: np.zeros(5))
    right: Floats = field(default_factory=lambda: np.zeros(5))
    clock: Floats = field(default_factory=lambda: np.array([0.0, np.inf]))
    events: Floats = field(default_factory=lambda: np.array([0.0, 0.0, 0.0, np.inf, np.inf, 0.0]))
    parts: list[Floats] = field(default_factory=list)
    sweeps: list[Sweep] = field(default_factory=list)
    outcome: Outcome = Outcome.SUCCESS
    steps: int = 0
    cycles: int = 0
    imposed: bool = True
    warnings: list[str] = field(default_factory=list)
    _rows: dict[float, tuple[Floats, Floats, Floats]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left[kernel.METAL], self.right[kernel.METAL] = self.cell.left.lithium, self.cell.right.lithium

    def records(self) -> Floats:
        """Return all records, shape (n, columns)."""
        return np.concatenate(self.parts) if self.parts else np.zeros((0, kernel.COLUMNS))

    def run(self, stages: tuple[Stage, ...], progress: Progress | None) -> None:
        """Run all stages or until the cell fails."""
        total = sum(stage.times for stage in stages)
        self.imposed = all(d.voltages is None for stage in stages for d in self._drives(stage))
        done = 0
        for stage in stages:
            for start in range(0, stage.times, _CHUNK):
                times = min(_CHUNK, stage.times - start)
                if stage.galvanostatic:
                    self._compiled(stage, times)
                else:
                    self._stepwise(stage, times)
                done += times
                if progress is not None:
                    progress(done, total)
                if self.outcome is not Outcome.SUCCESS:
                    return
            self.steps += len(stage.steps)

    def rows(self, temperature: float | None) -> tuple[Floats, Floats, Floats]:
        """Return the numbers of both faces and of the cell at a temperature."""
        kelvin = self.temperature if temperature is None else temperature
        if kelvin not in self._rows:
            found = (self.cell.left.row(kelvin), self.cell.right.row(kelvin), self.cell.row(kelvin))
            self._rows[kelvin] = found
        return self._rows[kelvin]

    def _pieces(self, step: Drive, times: int) -> int:
        period = step.period or self.period
        if period is None and step.endless:
            period = _OPEN_PERIOD
        if period is None:
            return _COARSE if times > _FEW else _FINE
        return max(1, math.ceil(step.duration / period - 1e-9))

    def _compiled(self, stage: Stage, times: int) -> None:
        from garnetlab.simulate._mean_field_run_compiled import run_block

        kelvin = sorted({self.temperature if d.temperature is None else d.temperature for d in self._drives(stage)})
        table = np.zeros((len(stage.steps), kernel.STEP_COLUMNS))
        for k, step in enumerate(self._drives(stage)):
            at = kelvin.index(self.temperature if step.temperature is None else step.temperature)
            pieces = self._pieces(step, stage.times)
            table[k] = (float(step.current or 0.0), step.duration, step.high, step.low, pieces, at, step.endless)
        count = times * int(np.sum(table[:, kernel.PIECES] + 1))
        if count > _MOST:
            message = f"records = {count}: expected at most {_MOST}. Take a longer period."
            raise InvalidInput(message)
        out = np.zeros((count + 2, kernel.COLUMNS))  # two more where it shorts
        left, right, cell = (np.array([self.rows(t)[i] for t in kelvin]) for i in range(3))
        why, written, finished = run_block(
            table, times, left, right, cell, self.left, self.right, self.clock, self.tolerance, self.after_short, out,
            self.steps, self.cycles, self.events,
        )  # fmt: skip
        self.parts.append(out[:written])
        self.cycles += finished
        self._ended(why)
        self._say_endless(stage, out[:written])

    def _say_endless(self, stage: Stage, records: Floats) -> None:
        """Warn of a step that should end at a voltage and did not."""
        for k, step in enumerate(self._drives(stage)):
            if not step.endless:
                continue
            own = records[records[:, kernel.STEP] == self.steps + k]
            spans = [np.ptp(own[own[:, kernel.CYCLE] == c, kernel.TIME]) for c in np.unique(own[:, kernel.CYCLE])]
            if any(span > 0.999 * step.duration for span in spans):
                self.warnings.append("a step without a time never reached its voltage and was ended after 10000 h.")

    @staticmethod
    def _drives(stage: Stage) -> list[Drive]:
        return [step for step in stage.steps if isinstance(step, Drive)]

    def _ended(self, why: int) -> None:
        if why not in _ENDS:
            raise SolveFailed(Outcome.NOT_CONVERGED.value)
        self.outcome = _ENDS[why]

    def _stepwise(self, stage: Stage, times: int) -> None:
        for _ in range(times):
            for k, step in enumerate(stage.steps):
                if isinstance(step, ImpedanceStep):
                    self._sweep(step)
                elif step.current is not None:
                    before = self.steps
                    self.steps = before + k
                    self._compiled(Stage((step,), 1), 1)
                    self.steps, self.cycles = before, self.cycles - 1
                else:
                    self._potentiostatic(step, self.steps + k)
                if self.outcome is not Outcome.SUCCESS:
                    return
            self.cycles += 1

    def _sweep(self, step: ImpedanceStep) -> None:
        from garnetlab.simulate._mean_field_run_compiled import short_of

        left, right, cell = self.rows(None)
        theta = [
            float(kernel.contact(s[kernel.GAP] + s[kernel.DEAD_GAP], p, s[kernel.COVERAGE])[0])
            for s, p in ((self.left, left), (self.right, right))
        ]
        short = float(short_of(max(self.left[kernel.HARM], self.right[kernel.HARM]), cell))
        self.sweeps.append(Sweep(step, float(self.clock[0]), self.temperature, theta[0], theta[1], short))

    def _potentiostatic(self, step: Drive, place: int) -> None:
        """Impose a voltage; the current is that of the state at the start of each interval."""
        from garnetlab.simulate._mean_field_run_compiled import hold_voltage

        if step.voltages is None:
            return
        left, right, cell = self.rows(step.temperature)
        period = step.period or self.period
        pieces = _SAMPLES if period is None else max(1, math.ceil(step.duration / period - 1e-9))
        out = np.zeros((pieces + 1, kernel.COLUMNS))
        why, written = hold_voltage(
            step.voltages[0], step.voltages[1], step.duration, pieces, left, right, cell, self.left, self.right,
            self.clock, self.tolerance, self.after_short, out, place, self.cycles,
        )  # fmt: skip
        self.parts.append(out[:written])
        self._ended(why)
