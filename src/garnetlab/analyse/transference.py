"""Polarisation of a symmetric cell and its impedance before and after to the transference number of lithium."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._decay import Decay, fit_decay
from garnetlab.analyse._holds import Hold, find_holds, measured
from garnetlab.analyse._initial_current import Start, start_of
from garnetlab.analyse._series_resistance import resistance_from
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.units import Quantity

__all__ = ["analyse_transference"]

_LARGEST = 3.0  # R T/F: beyond it a polarisation is not small
_SURE = 2.0
_POOR = 5.0
_NORMAL, _FAR = 1.96, 3.0  # standard uncertainties: of 95 %, and of a contradiction
_KNOWN = 2.0  # times the lower end: an interval of the initial current that ends above it determines nothing
_AGREES = 0.02  # part by which the initial current and V/(R_el + R_0) may differ besides their uncertainties


def analyse_transference(
    measurement: Measurement,
    before: Quantity | Measurement,
    after: Quantity | Measurement,
    *,
    electrolyte: Quantity | None = None,
    initial_current: Quantity | None = None,
    hold: int | None = None,
) -> Result:
    """Return the transference number of lithium by Bruce and Vincent, with the correction of the interfaces by Evans.

    t+ = I_ss (V - I_0 R_0) / [I_0 (V - I_ss R_ss)], where I_0 is the current just after the step, I_ss the floor of its
    decay, and R_0, R_ss are the resistances of both interfaces together before and after. In a conductor of lithium alone,
    such as a garnet, nothing builds up: I_ss = I_0 and t+ = 1. I_0 is carried back from the record to the step by every sum of
    decays that the record allows, and as uncertain as they differ there; decays that are over within a third of the time of
    the first row are not seen. Other uncertainties are propagated to first order; those of the two currents and the two
    resistances count as independent.

    Parameters
    ----------
    measurement:     Hold of a small voltage over a symmetric cell of lithium: time, voltage, current.
    before, after:   Impedance spectra, or the resistance of both interfaces with its standard uncertainty [ohm].
    electrolyte:     Resistance of the electrolyte [ohm]: the initial current is then checked against V/(R_el + R_0).
    initial_current: I_0 with its standard uncertainty [A], where the record begins too late; by default that of the record.
                     Needed, or ``electrolyte``, where the record does not show when the step was: neither a row before it nor
                     a clock that begins with it.
    hold:            Which hold of the voltage (from 0); by default the longest.

    Returns
    -------
    :  ``transference_number`` [1] with 95 % interval, ``transference_number_uncorrected`` I_ss/I_0, ``initial_current``,
       ``steady_current`` [uA], ``interface_resistance_before`` and ``_after`` [ohm], ``voltage`` [mV]. NOT_IDENTIFIABLE
       without t+ where the current has not reached its floor, the interfaces take the whole voltage, the record leaves the
       initial current open or it contradicts V/(R_el + R_0), or t+ would be more than 1. Curves as those of
       ``analyse_dc_polarisation``.

    Raises
    ------
    InvalidInput  if the voltage is nowhere held, the current flows against it, or a spectrum shows no interface.

    Source
    ------
    P. G. Bruce, C. A. Vincent, J. Electroanal. Chem. 225 (1987) 1, eq. 12; J. Evans, C. A. Vincent, P. G. Bruce, Polymer
    28 (1987) 2324, eq. 3.
    """
    holds = find_holds(measurement)
    if hold is not None and not 0 <= hold < len(holds):
        message = f"hold = {hold}: expected 0 to {len(holds) - 1}. The record has {len(holds)} holds of the voltage."
        raise InvalidInput(message)
    chosen = max(holds, key=lambda h: h.time[-1]) if hold is None else holds[hold]
    sign = math.copysign(1.0, chosen.voltage)
    decay = fit_decay(chosen.time, sign * chosen.current)
    if decay is None or decay.last[0] <= 0.0:
        message = (
            f"current = {float(np.median(chosen.current)):.3g} A at {chosen.voltage:.3g} V: expected a current along the voltage"
            " at more times. Check the sign of the file."
        )
        raise InvalidInput(message)
    resistances = [resistance_from(r, "interface", measurement) for r in (before, after)]
    started, doubts = _started(measurement, chosen, decay, resistances[0], electrolyte, initial_current)
    return _result(measurement, chosen, decay, started, resistances, doubts)


def _started(
    measurement: Measurement,
    hold: Hold,
    decay: Decay,
    before: Quantity,
    electrolyte: Quantity | None,
    given: Quantity | None,
) -> tuple[Start, list[str]]:
    """Return the initial current, and what speaks against it."""
    sign, volts = math.copysign(1.0, hold.voltage), abs(hold.voltage)
    first, first_std = decay.start
    shown = _step_is_shown(measurement, hold)
    if given is not None:
        value, std = sign * given.value, given.std or 0.0
        start = Start(value, std, (value - _NORMAL * std, value + _NORMAL * std))
    elif shown:
        start = start_of(hold.time, sign * hold.current, most=volts / before.value)
        if hold.start > 0.0:  # the step lies between the row before it and the first after it
            start = replace(start, interval=(min(start.interval[0], first - _NORMAL * first_std), start.interval[1]))
    else:
        start = Start(first, first_std, (first - _NORMAL * first_std, first + _NORMAL * first_std))
    if electrolyte is not None:
        return start, _contradiction(start, volts, before, electrolyte)
    if given is None and not shown:
        return start, [
            f"the record begins in the hold, at {hold.start:.4g} s of its clock, and shows no step: its first current of"
            f" {first:.4g} A may be less than I_0. Give electrolyte or initial_current, or export the rows before the step."
        ]
    low, high = start.interval
    if high > _KNOWN * low:
        return start, [
            f"the initial current may be {low:.4g} to {high:.4g} A: the record begins too late to tell. Give initial_current, or"
            " record faster after the step."
        ]
    return start, []


def _step_is_shown(measurement: Measurement, hold: Hold) -> bool:
    """Return whether the time of a hold begins at a row of another voltage or with the clock, or rows lie before it."""
    return hold.start <= 0.0 or _waited(measurement, hold) is not None


def _waited(measurement: Measurement, hold: Hold) -> float | None:
    """Return how long before the time at which a hold begins there was no row [s], None where none lies before it.

    0 where it begins at a row of another voltage: the step came after that.
    """
    time, voltage, _ = measured(measurement, "transference")
    at = (time >= hold.start) & (time < hold.start + hold.time[0])
    if np.any(np.abs(voltage[at] - hold.voltage) > 0.5 * abs(hold.voltage)):
        return 0.0
    before = time[time < hold.start]
    return hold.start - float(before[-1]) if len(before) else None


def _contradiction(start: Start, volts: float, before: Quantity, electrolyte: Quantity) -> list[str]:
    whole = electrolyte.value + before.value
    ohmic = volts / whole
    std = ohmic * math.hypot(electrolyte.std or 0.0, before.std or 0.0) / whole
    room = _SURE * std + _AGREES * ohmic
    if start.interval[0] - room <= ohmic <= start.interval[1] + room:
        return []
    return [
        f"the initial current is {start.value:.4g} A, but V/(R_el + R_0) = {ohmic:.4g} A: the record begins too late, or the"
        " resistances are not those of this state. Give initial_current."
    ]


def _result(
    measurement: Measurement,
    hold: Hold,
    decay: Decay,
    started: Start,
    resistances: list[Quantity],
    doubts: list[str],
) -> Result:
    volts = abs(hold.voltage)
    values = np.array([started.value, decay.floor, resistances[0].value, resistances[1].value, volts])
    stds = np.array(
        [started.std, decay.std, *(r.std or 0.0 for r in resistances), hold.voltage_std / math.sqrt(len(hold.time))]
    )
    quantities = {
        "initial_current": Quantity(started.value, started.std, "uA", started.interval, "carried back to the step"),
        "interface_resistance_before": resistances[0],
        "interface_resistance_after": resistances[1],
        "voltage": Quantity(hold.voltage, float(stds[4]), "mV", method="mean of the hold"),
    }
    warnings = [*measurement.warnings, *_warnings(measurement, hold)]
    outcome, reason = _outcome(decay, values, stds)
    if outcome is Outcome.SUCCESS and doubts:
        outcome, reason = Outcome.NOT_IDENTIFIABLE, doubts
    if outcome is not Outcome.POOR_FIT and decay.reached:
        quantities["steady_current"] = Quantity(decay.floor, decay.std, "uA", decay.interval, "floor of the decay")
    if outcome is Outcome.SUCCESS:
        numbers = _numbers(values, stds, started.interval)
        far, reason = _above_one(numbers["transference_number"])
        outcome = Outcome.NOT_IDENTIFIABLE if far else outcome
        quantities = quantities if far else numbers | quantities
    return Result(
        analysis="transference",
        quantities=quantities,
        outcome=outcome,
        curves={"time": hold.time, "current": hold.current, "bin_time": decay.time,
                "bin_current": math.copysign(1.0, hold.voltage) * decay.value,
                "fit": math.copysign(1.0, hold.voltage) * decay.fit},
        details={"decay": decay.best, "models": decay.weights, "misfit": decay.misfit, "metadata": dict(measurement.metadata)},
        sources=(measurement.source.to_dict(),),
        warnings=(*warnings, *reason),
        citations=("schwarz1978",),
    )  # fmt: skip


def _above_one(number: Quantity) -> tuple[bool, list[str]]:
    """Return whether t+ is above 1 by more than three standard uncertainties, and what to say where by more than two."""
    low = number.value if number.interval is None else number.interval[0]
    if low <= 1.0:
        return False, []
    said = (
        f"t+ of {number.value:.4g}, at least {low:.4g}, is more than 1: the initial current was missed or a resistance is not"
        " that of this state. Give initial_current, or record faster."
    )
    return number.value - _FAR / _NORMAL * (number.value - low) > 1.0, [said]


def _outcome(decay: Decay, values: NDArray[np.float64], stds: NDArray[np.float64]) -> tuple[Outcome, list[str]]:
    """Return whether the currents and the resistances leave a number, and why not."""
    first, steady, before, after, volts = values
    left = (volts - first * before, volts - steady * after)
    spread = (math.hypot(stds[0] * before, first * stds[2]), math.hypot(stds[1] * after, steady * stds[3]))
    if decay.misfit > _POOR:
        said = f"no decay describes the current: its residuals are {decay.misfit:.3g} times its noise."
        return Outcome.POOR_FIT, [said]
    if not decay.reached:
        said = "the current has not reached its floor, so I_ss and t+ are not known. Hold longer."
        return Outcome.NOT_IDENTIFIABLE, [said]
    if any(rest < _SURE * std for rest, std in zip(left, spread, strict=True)):
        said = (
            "the interfaces take all of the voltage within the uncertainties: nothing is left for the electrolyte, so t+ is"
            " not determined. Measure with better contacts, or check that both resistances are those of this cell."
        )
        return Outcome.NOT_IDENTIFIABLE, [said]
    return Outcome.SUCCESS, []


def _number(x: NDArray[np.float64]) -> float:
    """Return t+ of (I_0, I_ss, R_0, R_ss, V)."""
    first, steady, before, after, volts = x
    return float(steady * (volts - first * before) / (first * (volts - steady * after)))


def _numbers(
    values: NDArray[np.float64], stds: NDArray[np.float64], started: tuple[float, float]
) -> dict[str, Quantity]:
    """Return t+ and I_ss/I_0; ``started`` is the 95 % interval of the initial current, which need not be even."""
    number = _number(values)
    parts = []
    for k in range(1, 5):
        # the step stays small, since the denominators may be: the slope is wanted, not a distant point
        step = np.zeros(5)
        step[k] = 1e-6 * values[k] if values[k] else 1e-12
        parts.append((_number(values + step) - _number(values - step)) / (2.0 * step[k]) * stds[k])
    others = _NORMAL * math.sqrt(sum(p**2 for p in parts))
    # more current just after the step is a smaller number
    ends = [_number(np.array([max(start, 1e-300), *values[1:]])) for start in started]
    interval = number - math.hypot(number - ends[1], others), number + math.hypot(ends[0] - number, others)
    ratio = float(values[1] / values[0])
    relative = math.hypot(stds[0] / values[0], stds[1] / values[1])
    return {
        "transference_number": Quantity(
            number, (interval[1] - interval[0]) / (2.0 * _NORMAL), "1", interval, "Bruce-Vincent with Evans' correction"
        ),
        "transference_number_uncorrected": Quantity(ratio, ratio * relative, "1", method="I_ss/I_0"),
    }


def _warnings(measurement: Measurement, hold: Hold) -> list[str]:
    said = []
    kelvin = measurement.metadata.get("temperature", units.celsius(25.0))
    largest = _LARGEST * units.R * float(kelvin) / units.F
    if abs(hold.voltage) > largest:
        said.append(
            f"the voltage of {abs(hold.voltage) * 1e3:.3g} mV is more than {largest * 1e3:.0f} mV, 3 R T/F: the law of Bruce and"
            " Vincent holds for small polarisations, where currents go with voltages."
        )
    waited = _waited(measurement, hold)
    if waited is not None and waited > 0.0:
        said.append(
            f"no rows for {waited:.4g} s before the hold: the step is taken to be at its first row. Where it came earlier, the"
            " initial current is more and t+ less; give electrolyte to check."
        )
    return said
