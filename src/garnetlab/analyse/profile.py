"""Profile-likelihood intervals of single parameters, for those that a linear interval does not describe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._spectra import Spectrum, fit_spectra
from garnetlab.analyse._uncertainty import parameter_quantity, profile_interval
from garnetlab.core import InvalidInput, Measurement, nearest
from garnetlab.numerics import ArcModel, Tail, fit_arcs
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

#: a limit further away than ten decades is written as ten decades
_FAR = 10.0 * math.log(10.0)
_UNITS = {"R": "ohm", "tau": "s", "n": "1", "L": "H", "m": "1"}


def profile(measurement: Measurement, parameter: str, model: ArcModel | None = None) -> Quantity:
    """Return one parameter of a spectrum with its 95 % profile-likelihood interval.

    Every value in the interval can be reached with a sum of squares that the noise allows, all other parameters being
    fitted again. It needs some dozens of fits and no linearisation; use it where ``identifiable`` is false.

    Parameters
    ----------
    measurement: Impedance spectrum.
    parameter:   Name in the circuit: ``"R0"``, ``"R1"``, ``"tau1"``, ``"n1"``, ``"A"``, ``"L"``, ...
    model:       The circuit; by default it is chosen as ``analyse_impedance`` does.

    Returns
    -------
    :  Value and linearised standard uncertainty as in the analysis (None at a bound), interval by profile. A side on which
       the data give no limit is written as ten decades; an exponent ends at 1.

    Raises
    ------
    InvalidInput  if the circuit has no such parameter, its value is zero, or it is A beside a free exponent.

    Source
    ------
    D. M. Bates and D. G. Watts, Nonlinear Regression Analysis and Its Applications, Wiley 1988, section 6.1.
    """
    (spectrum,) = fit_spectra([measurement], model=model)
    fitted = spectrum.fitted
    if parameter not in fitted.names:
        message = f"parameter = {parameter!r}: not in {fitted.names}.{nearest(parameter, fitted.names)}"
        raise InvalidInput(message)
    if fitted.value(parameter) <= 0.0:
        message = f"{parameter} = 0: expected a parameter that the fit needs. It has no profile of its logarithm."
        raise InvalidInput(message)
    if parameter == "A" and spectrum.model.tail is Tail.POWER:
        message = (
            f"A = {fitted.value('A'):.4g}: its unit changes with the exponent m. Ask for m, or fix a Warburg tail."
        )
        raise InvalidInput(message)
    unit = _unit(parameter, spectrum)
    linear = parameter_quantity(fitted, parameter, unit)
    best = math.log(linear.value)
    low, high = _interval(spectrum, parameter, best)
    interval = (linear.value * math.exp(max(low - best, -_FAR)), linear.value * math.exp(min(high - best, _FAR)))
    return Quantity(linear.value, linear.std, unit, interval, "profile likelihood")


def _unit(parameter: str, spectrum: Spectrum) -> str:
    if parameter == "A":
        return f"ohm s^-{ {Tail.WARBURG: 0.5, Tail.CAPACITOR: 1.0}[spectrum.model.tail]:g}"
    return _UNITS[parameter.rstrip("0123456789")]


def _interval(spectrum: Spectrum, parameter: str, best: float) -> tuple[float, float]:
    """Return the limits of the logarithm; the fits go on from the nearest one done."""
    fitted = spectrum.fitted
    place = fitted.index(parameter)
    known: dict[float, FloatArray] = {best: fitted.values}
    top = 0.0 if parameter[0] in "nm" else math.inf

    def cost(logarithm: float) -> float:
        if logarithm > top:
            return math.inf
        start = known[min(known, key=lambda x: abs(x - logarithm))].copy()
        start[place] = math.exp(logarithm)
        found = fit_arcs(
            spectrum.frequency,
            spectrum.impedance[None, :],
            spectrum.model,
            weights=spectrum.weights[None, :],
            initial=start[None, :],
            fixed={parameter: math.exp(logarithm)},
        )
        known[logarithm] = found.parameters[0]
        return float(found.ssr[0])

    noise = spectrum.ssr / fitted.dof * spectrum.inflation
    step = min(max(fitted.log_std(parameter), 1e-4), 1.0)
    low, high = profile_interval(cost, best, step, minimum=spectrum.ssr, noise=noise, dof=fitted.dof)
    return low, min(high, top)
