"""A procedure as numbers: what each step imposes, how long it lasts, and what ends it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from garnetlab.core import Action, ImpedanceStep, InvalidInput, Level, LevelKind, Procedure, SweepStep, TimedStep

__all__ = ["Drive", "Stage", "program"]

#: a step without a time ends after this [s], and the test says so
LONGEST = 1e4 * 3600.0


@dataclass(frozen=True, slots=True)
class Drive:
    """One step that imposes a current density [A/m^2], or a voltage that goes from one value to another [V].

    ``high`` and ``low`` are the voltages that end it; a positive current strips the left electrode.
    """

    duration: float
    current: float | None = None
    voltages: tuple[float, float] | None = None
    high: float = math.inf
    low: float = -math.inf
    temperature: float | None = None
    period: float | None = None
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps that are run in a row, and how often."""

    steps: tuple[Drive | ImpedanceStep, ...]
    times: int

    @property
    def galvanostatic(self) -> bool:
        """Whether every step imposes a current."""
        return all(isinstance(s, Drive) and s.current is not None for s in self.steps)


@lru_cache(maxsize=64)
def program(procedure: Procedure, *, area: float) -> tuple[Stage, ...]:
    """Return the stages of a procedure for a symmetric or asymmetric lithium cell.

    Raises
    ------
    InvalidInput  naming the step that such a cell cannot do.
    """
    return tuple(Stage(tuple(_drive(step, area) for step in steps), times) for steps, times in procedure.blocks())


def _drive(step: TimedStep | ImpedanceStep | SweepStep, area: float) -> Drive | ImpedanceStep:
    if isinstance(step, ImpedanceStep):
        return step
    if isinstance(step, SweepStep):
        ends = (step.start, step.stop)
        return Drive(step.duration, voltages=ends, temperature=step.temperature, period=step.period)
    if step.action is Action.HOLD:
        return _hold(step)
    current = 0.0
    if step.action is not Action.REST:
        current = step.action.sign * _density(step, step.level, area)
    duration, endless = _duration(step, abs(current), area)
    high, low = _limits(step, current)
    return Drive(duration, current, None, high, low, step.temperature, step.period, endless)


def _hold(step: TimedStep) -> Drive:
    if step.level is None or step.duration is None or step.until:
        message = f"step = {str(step)!r}: expected a time and no other end, as in 'Hold at 10 mV for 30 minutes'."
        raise InvalidInput(message)
    ends = (step.level.value, step.level.value)
    return Drive(step.duration, voltages=ends, temperature=step.temperature, period=step.period)


def _density(step: TimedStep, level: Level | None, area: float) -> float:
    if level is not None and level.kind is LevelKind.CURRENT_DENSITY:
        return level.value
    if level is not None and level.kind is LevelKind.CURRENT:
        return level.value / area
    message = (
        f"step = {str(step)!r}: expected a current density or a current, as in 'Plate at 0.2 mA/cm2 for 30 minutes'."
        " A lithium cell has no C rate."
    )
    raise InvalidInput(message)


def _duration(step: TimedStep, current: float, area: float) -> tuple[float, bool]:
    found = [math.inf if step.duration is None else step.duration]
    for limit in step.until:
        if limit.kind is LevelKind.VOLTAGE:
            continue
        if limit.kind is LevelKind.AREAL_CHARGE and current > 0.0:
            found.append(limit.value / current)
        elif limit.kind is LevelKind.CHARGE and current > 0.0:
            found.append(limit.value / area / current)
        else:
            message = f"step = {str(step)!r}: expected it to end by a time, a charge or a voltage."
            raise InvalidInput(message)
    shortest = min(found)
    return (LONGEST, True) if shortest == math.inf else (shortest, False)


def _limits(step: TimedStep, current: float) -> tuple[float, float]:
    high, low = math.inf, -math.inf
    for limit in step.until:
        if limit.kind is not LevelKind.VOLTAGE:
            continue
        if current == 0.0:
            message = f"step = {str(step)!r}: expected a rest to end by a time."
            raise InvalidInput(message)
        if limit.value * current < 0.0:
            message = (
                f"step = {str(step)!r}: expected a limit {'above' if current > 0.0 else 'below'} 0 V. Plating has a positive"
                " voltage, stripping a negative one: this limit would end the step at once."
            )
            raise InvalidInput(message)
        if current > 0.0:
            high = min(high, limit.value)
        else:
            low = max(low, limit.value)
    return high, low
