"""Slow sweeps of the voltage to exchange current densities: Butler-Volmer kinetics in series with an ohmic resistance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._series_resistance import resistance_from
from garnetlab.analyse._tafel_fit import Fit, Slope, Sweep, fit_sweep, line_at, sweep_of, tafel_scale
from garnetlab.analyse.linear_polarisation import slope_at_rest
from garnetlab.core import Measurement, Outcome, Result
from garnetlab.physics.kinetics import charge_transfer_resistance
from garnetlab.units import Quantity

Floats = NDArray[np.float64]

__all__ = ["analyse_tafel"]

_POOR = 0.02  # rms of the residual over the largest voltage
_SURE = 2.0


@dataclass(frozen=True, slots=True)
class _Ohmic:
    """What is known and found of the part that goes with the current [ohm], and how the fit was made."""

    fitted: Quantity
    electrolyte: Quantity | None
    film: Quantity | None
    how: str


def analyse_tafel(
    measurement: Measurement,
    *,
    electrolyte_resistance: Quantity | Measurement | None = None,
    symmetry: Annotated[float, units.NONE] = 0.5,
) -> Result:
    """Return the exchange current density of a sweep, corrected for the ohmic drop by the fit itself.

    The voltage is V0 + R j + eta(j, j0), with the overpotential of one or of both faces of a symmetric cell, which are in
    series: for a symmetry of 1/2, j = 2 j0 sinh(F eta/(4 R T)). What bends with current is charge transfer. What goes with
    current is ohmic, R: the electrolyte, and every film or contact in series with the charge transfer. A sweep over too small
    a voltage cannot tell the two apart, and says so.

    The resistance of the electrolyte from impedance helps in two ways. Where the ohmic part agrees with it, it is used as a
    datum, on the assumption that no film is there. Where the ohmic part is larger, the rest is that of a film.

    The bend is tested too. A step of one electron has a Tafel slope of R T/(a F) per e-fold of the current on one face and of
    R T/((1 - a) F) on the other; their mean is 2 R T/F for a = 1/2 and more for every other a. So a mean slope below 2 R T/F
    per interface (R T/F for a single face) is no charge transfer but, say, a short that opens, warming, or a growing contact:
    it is refused, and no exchange current is given.

    Parameters
    ----------
    measurement:            Voltage and current; its metadata hold ``area`` [m^2], ``temperature`` [K] (else its channel)
                            and ``interfaces`` (default 2).
    electrolyte_resistance: From impedance, with its standard uncertainty [ohm], or the spectrum of the same cell.
    symmetry:               Share of the overpotential that drives plating.

    Returns
    -------
    :  ``exchange_current_density`` per electrode area [mA/cm^2] with a 95 % interval from its profile,
       ``charge_transfer_resistance`` R T/(F j0) of one face [ohm cm^2], ``charge_transfer_resistance_of_face`` [ohm, with the
       area in its method], ``ohmic_resistance`` as fitted [ohm], ``electrolyte_resistance`` [ohm] where impedance gave it, and
       ``film_resistance`` of one face [ohm cm^2] where the ohmic part exceeds it; ``tafel_slope`` per e-fold and interface
       left free [mV], ``rest_potential`` [mV], ``total_resistance`` at rest [ohm cm^2]. Curves: ``voltage``,
       ``current_density``, ``overpotential`` (without rest and ohmic drop), ``fit``, and the Tafel lines ``anodic_`` and
       ``cathodic_overpotential`` with their ``_current_density``. Without curvature the outcome is NOT_IDENTIFIABLE, with a
       slope that is too low POOR_FIT: both without exchange current and resistances of the parts.

    Raises
    ------
    InvalidInput  if voltage or current is missing, the voltage is held, the sweep does not pass through rest, fewer than eight
                  currents differ, or the spectrum is that of another cell.
    MissingInput  if area or temperature is not known.

    Source
    ------
    Newman & Thomas-Alyea (2004), eq. 8.10; the profile is that of the sum of squares over ln j0. The bound on the slope is
    1/a + 1/(1 - a) >= 4.
    """
    given = electrolyte_resistance
    known = None if given is None else resistance_from(given, "electrolyte", measurement)
    sweep = sweep_of(measurement, None, symmetry, "Tafel analysis")
    fit = fit_sweep(sweep)
    slope = tafel_scale(sweep, fit)
    warnings = list(measurement.warnings)
    ohmic = _ohmic(sweep, fit)
    parts = _Ohmic(ohmic, None, None, "fitted: electrolyte and films together")
    if known is not None:
        sweep, fit, parts = _with_electrolyte(sweep, fit, ohmic, known, warnings)
    return _result(measurement, sweep, fit, slope, parts, warnings)


def _with_electrolyte(
    sweep: Sweep, fit: Fit, ohmic: Quantity, known: Quantity, warnings: list[str]
) -> tuple[Sweep, Fit, _Ohmic]:
    """Return the fit with the electrolyte as a datum where the ohmic part agrees with it, else with the rest as a film."""
    over = ohmic.value - known.value
    std = math.hypot(ohmic.std or 0.0, known.std or 0.0)
    if fit.open_ended or abs(over) <= _SURE * std:
        helped = replace(sweep, known=(known.value * sweep.area, (known.std or 0.0) * sweep.area))
        better = fit_sweep(helped)
        warnings.append(
            "the ohmic drop is taken as that of the electrolyte alone: a film in series"
            + ("" if fit.open_ended else f" of less than {_SURE * std:.3g} ohm would not be seen and")
            + " would count as charge transfer."
        )
        how = "known from impedance, no film assumed"
        return helped, better, _Ohmic(_ohmic(helped, better), known, None, how)
    if over < 0.0:
        warnings.append(
            f"the ohmic part of the sweep, {ohmic} ohm, is less than the electrolyte, {known}: it is not used. Is the spectrum of"
            " this cell, at this temperature?".replace(" ohm ohm", " ohm")
        )
        return sweep, fit, _Ohmic(ohmic, known, None, "fitted: less than the electrolyte")
    film = Quantity(
        over * sweep.area / sweep.interfaces,
        std * sweep.area / sweep.interfaces,
        "ohm cm^2",
        method="ohmic less electrolyte",
    )
    warnings.append(
        f"the ohmic part of the sweep exceeds the electrolyte by {units.format_pair(over, std)} ohm: a film, a contact or a lead"
        " in series with the charge transfer."
    )
    return sweep, fit, _Ohmic(ohmic, known, film, "fitted: electrolyte and film")


def _ohmic(sweep: Sweep, fit: Fit) -> Quantity:
    """Return the fitted ohmic resistance [ohm]; its uncertainty holds that of ln j0."""
    ends = [0.0, 0.0] if fit.open_ended else [line_at(sweep, x, _weight(sweep, fit)).resistance for x in fit.limits]
    std = math.hypot(math.sqrt(fit.variance) * fit.line.spread, 0.25 * (ends[1] - ends[0])) / sweep.area
    return Quantity(fit.line.resistance / sweep.area, std, "ohm", method="ohmic drop: electrolyte and films")


def _weight(sweep: Sweep, fit: Fit) -> float:
    return math.sqrt(fit.variance) if sweep.known is not None else 1.0


# result ---------------------------------------------------------------------------------------------------------------
def _result(
    measurement: Measurement, sweep: Sweep, fit: Fit, slope: Slope, parts: _Ohmic, warnings: list[str]
) -> Result:
    rms = math.sqrt(float(np.mean(fit.residual**2)))
    poor = rms > _POOR * float(np.abs(sweep.voltage - fit.line.rest).max())
    if slope.refused:
        warnings.append(
            f"the Tafel slope is {slope.value * 1e3:.3g} mV per e-fold and interface, below the {slope.least * 1e3:.3g} mV that"
            " a step of one electron has at least: this bend is no charge transfer (a short that opens, warming, a growing"
            " contact, or a sweep that is not steady). No exchange current density is given."
        )
    elif fit.open_ended and not poor:
        warnings.append(
            "the sweep does not bend enough to tell charge transfer from ohmic drop: sweep further, or give the"
            " resistance of the electrolyte from impedance."
        )
    elif poor:
        warnings.append(
            f"the voltages scatter by {rms * 1e3:.3g} mV about the law: forward and backward sweep differ, the sweep is not"
            " steady, or another reaction takes part."
        )
    outcome = (
        Outcome.POOR_FIT if slope.refused or poor else Outcome.NOT_IDENTIFIABLE if fit.open_ended else Outcome.SUCCESS
    )
    quantities = _rest(sweep, fit, numbers=outcome is Outcome.SUCCESS or (poor and not fit.open_ended))
    if not (slope.refused or fit.open_ended):
        quantities = _quantities(sweep, fit, parts) | quantities
    if slope.refused or not fit.open_ended:
        quantities["tafel_slope"] = Quantity(
            slope.value, slope.std if slope.std < math.inf else None, "mV", method="per e-fold and interface, left free"
        )
    details = {
        "interfaces": sweep.interfaces,
        "symmetry": sweep.symmetry,
        "temperature": sweep.temperature,
        "area_cm2": sweep.area * 1e4,
        "points": len(sweep.current),
        "rms_residual_V": rms,
        "resistance": parts.how,
        "tafel_slope_least_mV": slope.least * 1e3,
        "metadata": dict(measurement.metadata),
    }
    return Result(
        analysis="tafel",
        quantities=quantities,
        outcome=outcome,
        curves=_curves(sweep, fit),
        details=details,
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
    )


def _rest(sweep: Sweep, fit: Fit, *, numbers: bool) -> dict[str, Quantity]:
    """Return rest potential and slope at rest: from the law where it is determined, else from a line through rest."""
    rest = Quantity(fit.line.rest, math.sqrt(fit.variance / len(sweep.current)), "mV")
    if not numbers:
        line = slope_at_rest(sweep, math.inf if fit.open_ended else 2.0 * sweep.thermal * sweep.interfaces)
        return {"rest_potential": rest, "total_resistance": Quantity(*line.slope, "ohm cm^2", method="slope at rest")}

    def total(log_exchange: float) -> float:
        line = line_at(sweep, log_exchange, _weight(sweep, fit))
        return line.resistance + sweep.interfaces * sweep.thermal * math.exp(-log_exchange)

    ends = [total(x) for x in fit.limits]
    std = math.hypot(math.sqrt(fit.variance) * fit.line.spread, 0.25 * (ends[1] - ends[0]))
    return {
        "rest_potential": rest,
        "total_resistance": Quantity(total(fit.best), std, "ohm cm^2", method="slope at rest"),
    }


def _quantities(sweep: Sweep, fit: Fit, parts: _Ohmic) -> dict[str, Quantity]:
    low, high = fit.limits
    exchange = math.exp(fit.best)
    spread = 0.25 * (high - low)  # half of a 95 % interval is two standard uncertainties
    resistance = float(charge_transfer_resistance(exchange, temperature=sweep.temperature))
    other = (sweep.thermal * math.exp(-high), sweep.thermal * math.exp(-low))
    over = (other[0] / sweep.area, other[1] / sweep.area)
    found = {
        "exchange_current_density": Quantity(
            exchange, exchange * spread, "mA/cm^2", (math.exp(low), math.exp(high)), method="profile"
        ),
        "charge_transfer_resistance": Quantity(
            resistance, resistance * spread, "ohm cm^2", other, method="R T/(F j0), one face"
        ),
        "charge_transfer_resistance_of_face": Quantity(
            resistance / sweep.area, resistance * spread / sweep.area, "ohm", over, f"A = {sweep.area * 1e4:.4g} cm^2"
        ),
        "ohmic_resistance": parts.fitted,
    }
    if parts.electrolyte is not None:
        found["electrolyte_resistance"] = parts.electrolyte
    if parts.film is not None:
        found["film_resistance"] = parts.film
    return found


def _curves(sweep: Sweep, fit: Fit) -> dict[str, Floats]:
    """Return the sweep, its overpotential, the fit, and the two Tafel lines from j0 over the overpotentials."""
    exchange = math.exp(fit.best)
    curves = {
        "voltage": sweep.voltage,
        "current_density": sweep.current,
        "overpotential": sweep.voltage - fit.line.rest - fit.line.resistance * sweep.current,
        "fit": sweep.kinetic(fit.best),
    }
    shares = (sweep.symmetry, 1.0 - sweep.symmetry)
    slopes = [sum(1.0 / s for s in shares)] * 2 if sweep.interfaces > 1 else [1.0 / s for s in shares[::-1]]
    for name, sign, slope in (("anodic", 1.0, slopes[0]), ("cathodic", -1.0, slopes[1])):
        reach = max(float((sign * curves["fit"]).max()), 0.0)
        ratio = np.linspace(0.0, max(reach / (slope * sweep.thermal), 1.0), 50)
        curves[f"{name}_overpotential"] = sign * slope * sweep.thermal * ratio
        curves[f"{name}_current_density"] = sign * exchange * np.exp(ratio)
    return curves
