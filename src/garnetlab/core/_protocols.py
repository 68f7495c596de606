"""The usual tests of lithium cells as procedures: arguments in SI, sentences out.

Plating is a positive current: it plates the right electrode of a symmetric cell and strips the left one, and its voltage
limit is positive. Stripping has a negative current and a negative limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated

from garnetlab import units
from garnetlab.core._errors import InvalidInput
from garnetlab.core._procedure import Procedure
from garnetlab.core._steps import Action, ImpedanceStep, Level, LevelKind, RepeatStep, RunStep, SweepStep, TimedStep

_VOLT = units.Dim(kg=1, m=2, s=-3, A=-1)
# one number each, where the types of ``units`` are arrays as well
CurrentDensity = Annotated[float, units.Dim(A=1, m=-2)]
ArealCharge = Annotated[float, units.Dim(A=1, s=1, m=-2)]
Time = Annotated[float, units.Dim(s=1)]
Voltage = Annotated[float, _VOLT]
SweepRate = Annotated[float, _VOLT / units.Dim(s=1)]
Temperature = Annotated[float, units.Dim(K=1)]

_ROUNDING = 1e-9  # share of a step by which a ladder may miss its end and still include it
_MOST_STEPS = 10_000


def ccd_ladder(
    *,
    start: CurrentDensity,
    step: CurrentDensity,
    stop: CurrentDensity,
    half_cycle_time: Time | None = None,
    half_cycle_capacity: ArealCharge | None = None,
    cycles: int = 1,
    rest: Time | None = None,
    voltage_limit: Voltage | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return a ladder of current densities, each plated and stripped in turn, for the critical current density.

    Parameters
    ----------
    start, step, stop:   First current density, rise per step, and the last one, included [A/m^2], > 0.
    half_cycle_time:     Length of every half cycle [s] (constant time); this or the next.
    half_cycle_capacity: Charge of every half cycle [C/m^2] (constant capacity).
    cycles:              Cycles at each current density.
    rest:                Rest after every half cycle [s].
    voltage_limit:       Ends a half cycle early, in either direction [V], > 0.
    temperature:         Of the whole test [K].

    Raises
    ------
    InvalidInput  if a value is not positive, the ladder falls, or not exactly one length of the half cycle is given.

    Examples
    --------
    >>> print(ccd_ladder(start=1.0, step=1.0, stop=2.0, half_cycle_time=1800.0))
    Plate at 0.1 mA/cm^2 for 30 min
    Strip at 0.1 mA/cm^2 for 30 min
    Plate at 0.2 mA/cm^2 for 30 min
    Strip at 0.2 mA/cm^2 for 30 min
    """
    _positive(start=start, step=step, stop=stop, cycles=cycles)
    if stop < start:
        message = f"stop = {stop:g} A/m^2: expected at least start, {start:g} A/m^2. A ladder rises."
        raise InvalidInput(message)
    count = math.floor((stop - start) / step + _ROUNDING) + 1
    if count > _MOST_STEPS:
        message = (
            f"step = {step:g} A/m^2: {count} current densities, expected at most {_MOST_STEPS}. Take larger steps."
        )
        raise InvalidInput(message)
    sentences: list[str] = []
    for k in range(count):
        current = float(f"{start + k * step:.12g}")  # no dust of the sum in the sentence
        sentences += _cycle(current, half_cycle_time, half_cycle_capacity, voltage_limit, rest)
        sentences += _repeated(cycles, 2 if rest is None else 4)
    return Procedure(steps=tuple(sentences), temperature=temperature)


def galvanostatic_cycling(
    current_density: CurrentDensity,
    *,
    half_cycle_time: Time | None = None,
    half_cycle_capacity: ArealCharge | None = None,
    cycles: int | None = None,
    duration: Time | None = None,
    rest: Time | None = None,
    voltage_limit: Voltage | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return plating and stripping at one current density, over and over.

    Parameters
    ----------
    current_density:     Of every half cycle [A/m^2], > 0.
    half_cycle_time:     Length of a half cycle [s]; this or the next.
    half_cycle_capacity: Charge of a half cycle [C/m^2].
    cycles:              How many; this or the next.
    duration:            Least length of the whole test [s], filled up to whole cycles.
    rest, voltage_limit, temperature:  As in ``ccd_ladder``.

    Raises
    ------
    InvalidInput  if a value is not positive, or not exactly one of each pair is given.

    Examples
    --------
    >>> print(galvanostatic_cycling(2.0, half_cycle_capacity=3600.0, duration=4500 * 3600.0, voltage_limit=1.0))
    Plate at 0.2 mA/cm^2 until 0.1 mAh/cm^2 or until 1 V
    Strip at 0.2 mA/cm^2 until 0.1 mAh/cm^2 or until -1 V
    Repeat the last 2 steps 4500 times
    """
    _positive(current_density=current_density, cycles=cycles, duration=duration)
    _one(cycles=cycles, duration=duration)
    sentences = _cycle(current_density, half_cycle_time, half_cycle_capacity, voltage_limit, rest)
    if cycles is None:
        half = half_cycle_time if half_cycle_capacity is None else half_cycle_capacity / current_density
        whole = 2.0 * ((half or 0.0) + (rest or 0.0))
        cycles = max(math.ceil((duration or 0.0) / whole - _ROUNDING), 1)
    return Procedure(steps=(*sentences, *_repeated(cycles, len(sentences))), temperature=temperature)


def one_way_plating(
    current_density: CurrentDensity,
    *,
    duration: Time | None = None,
    capacity: ArealCharge | None = None,
    voltage_limit: Voltage | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return plating of the right electrode in one direction until something ends it.

    Parameters
    ----------
    current_density: [A/m^2], > 0.
    duration:        Longest time [s].
    capacity:        Largest charge [C/m^2].
    voltage_limit:   Voltage that ends the test [V].
    temperature:     [K].

    Raises
    ------
    InvalidInput  if a value is not positive, or none of the three ends is given.

    Examples
    --------
    >>> print(one_way_plating(1.0, capacity=360000.0))
    Plate at 0.1 mA/cm^2 until 10 mAh/cm^2
    """
    if duration is None and capacity is None and voltage_limit is None:
        message = "duration = None: expected one of duration, capacity and voltage_limit, or the test never ends."
        raise InvalidInput(message)
    sentence = _driven(Action.PLATE, current_density, duration, capacity, voltage_limit)
    return Procedure(steps=(sentence,), temperature=temperature)


def abuse(
    current_density: CurrentDensity,
    *,
    voltage: Voltage,
    longest: Time,
    half_cycle_time: Time | None = None,
    half_cycle_capacity: ArealCharge | None = None,
    cycles: int = 5,
    rest: Time | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return cycling, overcharge to ``+voltage``, cycling, over-discharge to ``-voltage``, and cycling again.

    Parameters
    ----------
    current_density: Of all steps [A/m^2], > 0.
    voltage:         Of the overcharge, and with its sign turned of the over-discharge [V], > 0.
    longest:         Longest overcharge or over-discharge [s]; a sound cell never reaches the voltage.
    half_cycle_time, half_cycle_capacity, rest:  Of the cycles before, between and after, as in ``ccd_ladder``.
    cycles:          How many, each of the three times.
    temperature:     [K].

    Raises
    ------
    InvalidInput  if a value is not positive, or not exactly one length of the half cycle is given.

    Examples
    --------
    >>> print(abuse(1.0, voltage=2.0, longest=36000.0, half_cycle_time=1800.0, cycles=1))
    Plate at 0.1 mA/cm^2 for 30 min
    Strip at 0.1 mA/cm^2 for 30 min
    Plate at 0.1 mA/cm^2 for 10 h or until 2 V
    Plate at 0.1 mA/cm^2 for 30 min
    Strip at 0.1 mA/cm^2 for 30 min
    Strip at 0.1 mA/cm^2 for 10 h or until -2 V
    Plate at 0.1 mA/cm^2 for 30 min
    Strip at 0.1 mA/cm^2 for 30 min
    """
    _positive(cycles=cycles)
    one = _cycle(current_density, half_cycle_time, half_cycle_capacity, None, rest)
    normal = [*one, *_repeated(cycles, len(one))]
    over = [_driven(a, current_density, longest, None, voltage) for a in (Action.PLATE, Action.STRIP)]
    return Procedure(steps=(*normal, over[0], *normal, over[1], *normal), temperature=temperature)


def dc_polarisation(
    voltage: Voltage,
    *,
    duration: Time,
    rest: Time | None = None,
    period: Time | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return a hold at one voltage, after a rest where one is given.

    Parameters
    ----------
    voltage:  Held over the cell [V], not 0.
    duration: [s].
    rest:     Before it [s].
    period:   Between records [s].
    temperature: [K].

    Raises
    ------
    InvalidInput  if the voltage is 0 or a time is not positive.

    Examples
    --------
    >>> print(dc_polarisation(1.0, duration=3600.0))
    Hold at 1 V for 1 h
    """
    _positive(duration=duration, rest=rest, period=period)
    if not abs(voltage) > 0.0 or not math.isfinite(voltage):
        message = f"voltage = {voltage:g} V: expected a voltage that is not 0. Write a Rest for a cell without current."
        raise InvalidInput(message)
    hold = TimedStep(Action.HOLD, Level(voltage, LevelKind.VOLTAGE), duration, period=period)
    return Procedure(steps=(*_rest(rest), str(hold)), temperature=temperature)


def tafel_sweep(
    *,
    start: Voltage,
    stop: Voltage,
    rate: SweepRate,
    rest: Time | None = None,
    period: Time | None = None,
    temperature: Temperature | None = None,
) -> Procedure:
    """Return a slow linear sweep of the voltage through equilibrium, after a rest where one is given.

    Parameters
    ----------
    start, stop: Ends of the sweep over the cell [V].
    rate:        [V/s], > 0.
    rest:        Before it [s].
    period:      Between records [s].
    temperature: [K].

    Raises
    ------
    InvalidInput  if the ends are equal or another value is not positive.

    Examples
    --------
    >>> print(tafel_sweep(start=-0.2, stop=0.2, rate=1e-3))
    Sweep from -0.2 V to 0.2 V at 1 mV/s
    """
    _positive(rate=rate, rest=rest, period=period)
    sweep = SweepStep(start, stop, rate, period=period)
    return Procedure(steps=(*_rest(rest), str(sweep)), temperature=temperature)


def with_impedance(procedure: Procedure, sweep: ImpedanceStep) -> Procedure:
    """Return the procedure with an impedance sweep before its first and after its last step.

    Examples
    --------
    >>> print(with_impedance(one_way_plating(1.0, duration=3600.0), ImpedanceStep(1e6, 0.01, 0.01)))
    Impedance from 1 MHz to 10 mHz with 10 mV
    Plate at 0.1 mA/cm^2 for 1 h
    Impedance from 1 MHz to 10 mHz with 10 mV
    """
    inside: list[str] = []
    for steps, times in procedure.blocks():
        inside += [*map(str, steps), *_repeated(times, len(steps))]
    return Procedure(steps=(str(sweep), *inside, str(sweep)), temperature=procedure.temperature, note=procedure.note)


def _cycle(
    current: float, time: float | None, charge: float | None, limit: float | None, rest: float | None
) -> list[str]:
    """Return the sentences of one cycle: plating first."""
    _one(half_cycle_time=time, half_cycle_capacity=charge)
    sentences: list[str] = []
    for action in (Action.PLATE, Action.STRIP):
        sentences += [_driven(action, current, time, charge, limit), *_rest(rest)]
    return sentences


def _driven(action: Action, current: float, time: float | None, charge: float | None, limit: float | None) -> str:
    _positive(current_density=current, duration=time, capacity=charge, voltage=limit)
    until: list[Level] = []
    if charge is not None:
        until.append(Level(charge, LevelKind.AREAL_CHARGE))
    if limit is not None:
        until.append(Level(action.sign * limit, LevelKind.VOLTAGE))
    step: RunStep = TimedStep(action, Level(current, LevelKind.CURRENT_DENSITY), time, tuple(until))
    return str(step)


def _rest(duration: float | None) -> Iterable[str]:
    if duration is None:
        return ()
    _positive(rest=duration)
    return (str(TimedStep(Action.REST, None, duration)),)


def _repeated(times: int, steps: int) -> list[str]:
    return [str(RepeatStep(times, steps))] if times > 1 else []


def _positive(**values: float | None) -> None:
    """Raise unless every value that is given is finite and more than 0."""
    for name, value in values.items():
        if value is not None and not 0.0 < value < math.inf:
            message = f"{name} = {value!r}: expected more than 0. Plating and stripping give the direction."
            raise InvalidInput(message)


def _one(**values: float | None) -> None:
    """Raise unless exactly one value is given."""
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        message = f"{' and '.join(given) or 'nothing'} given: expected exactly one of {', '.join(values)}."
        raise InvalidInput(message)
