"""Polarisation of a symmetric cell and its impedance before and after to the transference number of lithium."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._decay import Decay, fit_decay
from garnetlab.analyse._holds import Hold, find_holds
from garnetlab.analyse._series_resistance import resistance_from
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.units import Quantity

__all__ = ["analyse_transference"]

_LARGEST = 3.0  # R T/F: beyond it a polarisation is not small
_SURE = 2.0
_POOR = 5.0


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
    such as a garnet, nothing builds up: I_ss = I_0 and t+ = 1. Uncertainties are propagated to first order; those of the
    two currents and the two resistances count as independent.

    Parameters
    ----------
    measurement:     Hold of a small voltage over a symmetric cell of lithium: time, voltage, current.
    before, after:   Impedance spectra, or the resistance of both interfaces with its standard uncertainty [ohm].
    electrolyte:     Resistance of the electrolyte [ohm]: the initial current is then checked against V/(R_el + R_0).
    initial_current: I_0 with its standard uncertainty [A], where the record begins too late; by default the fit of the
                     record at its first time.
    hold:            Which hold of the voltage (from 0); by default the longest.

    Returns
    -------
    :  ``transference_number`` [1] with 95 % interval, ``transference_number_uncorrected`` I_ss/I_0, ``initial_current``,
       ``steady_current`` [uA], ``interface_resistance_before`` and ``_after`` [ohm], ``voltage`` [mV]. NOT_IDENTIFIABLE
       where the current has not reached its floor, or where the interfaces take the whole voltage: then without t+. Curves
       as those of ``analyse_dc_polarisation``.

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
    started = decay.start if initial_current is None else (sign * initial_current.value, initial_current.std or 0.0)
    return _result(measurement, chosen, decay, started, resistances, electrolyte)


def _result(
    measurement: Measurement,
    hold: Hold,
    decay: Decay,
    started: tuple[float, float],
    resistances: list[Quantity],
    electrolyte: Quantity | None,
) -> Result:
    volts = abs(hold.voltage)
    values = np.array([started[0], decay.floor, resistances[0].value, resistances[1].value, volts])
    stds = np.array(
        [started[1], decay.std, *(r.std or 0.0 for r in resistances), hold.voltage_std / math.sqrt(len(hold.time))]
    )
    quantities = {
        "initial_current": Quantity(started[0], started[1], "uA", method="fit at the first record"),
        "interface_resistance_before": resistances[0],
        "interface_resistance_after": resistances[1],
        "voltage": Quantity(hold.voltage, float(stds[4]), "mV", method="mean of the hold"),
    }
    warnings = [*measurement.warnings, *_warnings(measurement, hold, started, resistances, electrolyte)]
    left = [volts - started[0] * values[2], volts - decay.floor * values[3]]
    spread = [
        math.hypot(started[1] * values[2], started[0] * stds[2]),
        math.hypot(decay.std * values[3], decay.floor * stds[3]),
    ]
    outcome = Outcome.SUCCESS
    if decay.misfit > _POOR:
        outcome = Outcome.POOR_FIT
        warnings.append(f"no decay describes the current: its residuals are {decay.misfit:.3g} times its noise.")
    elif not decay.reached:
        outcome = Outcome.NOT_IDENTIFIABLE
        warnings.append("the current has not reached its floor, so I_ss and t+ are not known. Hold longer.")
    elif any(rest < _SURE * std for rest, std in zip(left, spread, strict=True)):
        outcome = Outcome.NOT_IDENTIFIABLE
        warnings.append(
            "the interfaces take all of the voltage within the uncertainties: nothing is left for the electrolyte, so t+ is"
            " not determined. Measure with better contacts, or check that both resistances are those of this cell."
        )
    if outcome is not Outcome.POOR_FIT and decay.reached:
        quantities["steady_current"] = Quantity(decay.floor, decay.std, "uA", decay.interval, "floor of the decay")
    if outcome is Outcome.SUCCESS:
        quantities = _numbers(values, stds) | quantities
        number = quantities["transference_number"]
        if number.interval is not None and number.interval[0] > 1.0:
            warnings.append(
                "t+ is more than 1: the initial current was missed or a resistance is not that of this state. Give"
                " initial_current, or record faster."
            )
    return Result(
        analysis="transference",
        quantities=quantities,
        outcome=outcome,
        curves={"time": hold.time, "current": hold.current, "bin_time": decay.time,
                "bin_current": math.copysign(1.0, hold.voltage) * decay.value,
                "fit": math.copysign(1.0, hold.voltage) * decay.fit},
        details={"decay": decay.best, "models": decay.weights, "misfit": decay.misfit, "metadata": dict(measurement.metadata)},
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
        citations=("schwarz1978",),
    )  # fmt: skip


def _number(x: NDArray[np.float64]) -> float:
    """Return t+ of (I_0, I_ss, R_0, R_ss, V)."""
    first, steady, before, after, volts = x
    return float(steady * (volts - first * before) / (first * (volts - steady * after)))


def _numbers(values: NDArray[np.float64], stds: NDArray[np.float64]) -> dict[str, Quantity]:
    number = _number(values)
    parts = []
    for k, spread in enumerate(stds):
        # the step stays small, since the denominators may be: the slope is wanted, not a distant point
        step = np.zeros(5)
        step[k] = 1e-6 * values[k] if values[k] else 1e-12
        parts.append((_number(values + step) - _number(values - step)) / (2.0 * step[k]) * spread)
    std = math.sqrt(sum(p**2 for p in parts))
    ratio = float(values[1] / values[0])
    relative = math.hypot(stds[0] / values[0], stds[1] / values[1])
    return {
        "transference_number": Quantity(
            number, std, "1", (number - 1.96 * std, number + 1.96 * std), "Bruce-Vincent with Evans' correction"
        ),
        "transference_number_uncorrected": Quantity(ratio, ratio * relative, "1", method="I_ss/I_0"),
    }


def _warnings(
    measurement: Measurement,
    hold: Hold,
    started: tuple[float, float],
    resistances: list[Quantity],
    electrolyte: Quantity | None,
) -> list[str]:
    said = []
    kelvin = measurement.metadata.get("temperature", units.celsius(25.0))
    largest = _LARGEST * units.R * float(kelvin) / units.F
    if abs(hold.voltage) > largest:
        said.append(
            f"the voltage of {abs(hold.voltage) * 1e3:.3g} mV is more than {largest * 1e3:.0f} mV, 3 R T/F: the law of Bruce and"
            " Vincent holds for small polarisations, where currents go with voltages."
        )
    if electrolyte is not None:
        ohmic = abs(hold.voltage) / (electrolyte.value + resistances[0].value)
        resistance_std = math.hypot(electrolyte.std or 0.0, resistances[0].std or 0.0)
        std = math.hypot(started[1], ohmic * resistance_std / (electrolyte.value + resistances[0].value))
        if abs(started[0] - ohmic) > 2.0 * std + 0.02 * ohmic:
            said.append(
                f"the initial current is {started[0]:.4g} A, but V/(R_el + R_0) = {ohmic:.4g} A: the record begins too late,"
                " or the resistances are not those of this state."
            )
    return said
