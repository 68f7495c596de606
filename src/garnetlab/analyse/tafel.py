"""Slow sweeps of the voltage to exchange current densities: Butler-Volmer kinetics in series with an ohmic resistance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._series_resistance import resistance_from
from garnetlab.analyse._tafel_choice import Choice, Verdict, choose, surely_worse
from garnetlab.analyse._tafel_fit import Fit, Law, Sweep, faces, fit_law, shape_of, spread_of, sweep_of
from garnetlab.analyse.linear_polarisation import slope_at_rest
from garnetlab.core import InvalidInput, Measurement, Outcome, Result
from garnetlab.physics.kinetics import charge_transfer_resistance
from garnetlab.units import Quantity

Floats = NDArray[np.float64]

__all__ = ["analyse_tafel"]

_POOR = 0.02  # rms of the residual over the largest voltage
_SURE = 2.576  # standard uncertainties of 99 %
_WIDE = 1.96  # of 95 %
_DOUBLED = 2.0  # from which widening of an interval it is said
_LOST = 1.0  # std of the logarithm of a face above which none is given


@dataclass(frozen=True, slots=True)
class _Known:
    """What impedance said of the electrolyte, what remains as a film, and how the ohmic part was taken."""

    electrolyte: Quantity | None = None
    film: Quantity | None = None
    datum: bool = False
    how: str = "fitted: electrolyte and films together"


def analyse_tafel(
    measurement: Measurement,
    *,
    electrolyte_resistance: Quantity | Measurement | None = None,
    symmetry: Annotated[float, units.NONE] = 0.5,
) -> Result:
    """Return the exchange current density of a sweep, corrected for the ohmic drop by the fit itself.

    The voltage is V0 + R j + eta(j, j0), with the overpotential of one or of both faces of a symmetric cell, which are in
    series: for a symmetry of 1/2 and equal faces, j = 2 j0 sinh(F eta/(4 R T)). What bends with current is charge transfer.
    What goes with current is ohmic, R: the electrolyte, and every film or contact in series with the charge transfer. A sweep
    that is a straight line at 99.9 % cannot tell the two apart, and says so.

    One j0 assumes two equal faces and the symmetry as given. Where two exchange currents, or a free symmetry, describe the
    sweep better at 99.9 % (ratio of likelihoods), they are fitted and a warning says so: both j0, without telling which face is
    which, and their harmonic mean, which is what R T/(F j0) gives for the mean of both faces. Where one j0 suffices, its
    interval still holds what unequal faces (up to 1 to 1000) leave open. The symmetry is taken as known: another one enters the
    interval only where it predicts better (criterion of Akaike). One that is off by less is not seen, nor in the interval.

    The resistance of the electrolyte from impedance helps in two ways. Where the sweep allows it as the ohmic part (profile,
    99 %), it is used as a datum, on the assumption that no film is there. Where the ohmic part is larger, the rest is a film.

    The bend is tested too. A step of one electron has a Tafel slope of R T/(a F) per e-fold of the current on one face and of
    R T/((1 - a) F) on the other; their mean is 2 R T/F for a = 1/2 and more for every other a. Two unequal faces bend one
    after the other and may look less. A sweep that bends too sharply for them as well is no charge transfer but, say, a short
    that opens, warming, or a growing contact: it is refused, and no exchange current is given.

    Parameters
    ----------
    measurement:            Voltage and current; its metadata hold ``area`` [m^2], ``temperature`` [K] (else its channel)
                            and ``interfaces`` (default 2).
    electrolyte_resistance: From impedance, with its standard uncertainty [ohm], or the spectrum of the same cell.
    symmetry:               Share of the overpotential that drives plating, as assumed; the sweep may contradict it.

    Returns
    -------
    :  ``exchange_current_density`` per electrode area [mA/cm^2] with a 95 % interval from its profile,
       ``charge_transfer_resistance`` R T/(F j0) of one face [ohm cm^2], ``charge_transfer_resistance_of_face`` [ohm, with the
       area in its method], ``ohmic_resistance`` as fitted [ohm], ``electrolyte_resistance`` [ohm] where impedance gave it, and
       ``film_resistance`` of one face [ohm cm^2] where the ohmic part exceeds it; ``tafel_slope`` per e-fold and interface
       left free [mV], ``rest_potential`` [mV], ``total_resistance`` at rest [ohm cm^2]. Where they are needed also
       ``exchange_current_density_slower_face`` and ``_faster_face`` [mA/cm^2], or ``symmetry`` [1]. Curves: ``voltage``,
       ``current_density``, ``overpotential`` (without rest and ohmic drop), ``fit``, and the Tafel lines ``anodic_`` and
       ``cathodic_overpotential`` with their ``_current_density``. Without curvature the outcome is NOT_IDENTIFIABLE, with a
       slope that no law has POOR_FIT: both without exchange current and resistances of the parts.

    Raises
    ------
    InvalidInput  if voltage or current is missing, the voltage is held, the sweep does not pass through rest, fewer than eight
                  currents differ, or the spectrum is that of another cell.
    MissingInput  if area or temperature is not known.

    Source
    ------
    Newman & Thomas-Alyea (2004), eq. 8.10; the profile is that of the sum of squares over ln j0. The bound on the slope is
    1/a + 1/(1 - a) >= 4, for equal faces.
    """
    given = electrolyte_resistance
    known = None if given is None else resistance_from(given, "electrolyte", measurement)
    sweep = sweep_of(measurement, None, symmetry, "Tafel analysis")
    choice = choose(sweep)
    warnings = list(measurement.warnings)
    parts = _Known()
    if known is not None and choice.verdict is Verdict.NONE:
        slope = choice.slope  # what is known of the electrolyte does not speak of the bend
        sweep, choice, parts = _with_electrolyte(sweep, choice, known, warnings)
        choice = replace(choice, slope=slope)
    return _result(measurement, sweep, choice, parts, warnings)


# electrolyte ----------------------------------------------------------------------------------------------------------
def _with_electrolyte(
    sweep: Sweep, choice: Choice, known: Quantity, warnings: list[str]
) -> tuple[Sweep, Choice, _Known]:
    """Return the fit with the electrolyte as a datum where the sweep allows it, else with the rest as a film."""
    datum = (known.value * sweep.area, (known.std or 0.0) * sweep.area)
    helped = replace(sweep, known=datum, noise=math.sqrt(choice.fit.variance))
    if not choice.bent:
        whole = slope_at_rest(sweep, math.inf, straight=True).slope
        if known.value * sweep.area - whole[0] > _SURE * math.hypot(whole[1], datum[1]):
            warnings.append(
                f"the electrolyte, {known}, exceeds the whole cell at rest,"
                f" {units.format_pair(whole[0] / sweep.area, whole[1] / sweep.area)} ohm: it is not used. Is the spectrum of this"
                " cell, at this temperature?"
            )
            return sweep, choice, _Known(known, how="fitted: the electrolyte exceeds the whole")
    elif surely_worse(_again(helped, choice.fit.law), choice.fit):
        return _beside(sweep, helped, choice, known, warnings)
    return (
        helped,
        _taken(sweep, choice, known, warnings, helped),
        _Known(known, datum=True, how="known from impedance, no film assumed"),
    )


def _again(helped: Sweep, law: Law) -> Fit:
    equal = fit_law(helped, Law.EQUAL)
    return equal if law is Law.EQUAL else fit_law(helped, law, equal)


def _taken(sweep: Sweep, choice: Choice, known: Quantity, warnings: list[str], helped: Sweep) -> Choice:
    """Return the fit with the electrolyte as the ohmic part, and say what film would hide in it."""
    seen = ""
    if choice.bent and not choice.open_ended:
        most = max(end.resistance for end in choice.ends) / sweep.area - known.value
        seen = f" of less than {max(most, _WIDE * (known.std or 0.0)):.3g} ohm would not be seen and"
    warnings.append(
        f"the ohmic drop is taken as that of the electrolyte alone: a film in series{seen} would count as charge transfer."
    )
    return choose(helped)


def _beside(
    sweep: Sweep, helped: Sweep, choice: Choice, known: Quantity, warnings: list[str]
) -> tuple[Sweep, Choice, _Known]:
    """Return what an electrolyte means that the law does not allow as the ohmic part."""
    ohmic = _ohmic(sweep, choice)
    over = ohmic.value - known.value
    std = math.hypot(ohmic.std or 0.0, known.std or 0.0)
    if over < 0.0:
        second = choose(helped)
        alone = _again(sweep, second.fit.law)
        if second.fit.law is not choice.fit.law and not surely_worse(second.fit, alone):
            warnings.append(f"the electrolyte, {known}, calls for {second.fit.law.value}.")
            how = "known from impedance, no film assumed"
            return helped, second, _Known(known, datum=True, how=how)
        warnings.append(
            f"the ohmic part of the sweep, {ohmic}, is less than the electrolyte, {known}: it is not used. Is the spectrum of"
            " this cell, at this temperature?"
        )
        return sweep, choice, _Known(known, how="fitted: less than the electrolyte")
    low, high = ohmic.interval or (ohmic.value - _WIDE * std, ohmic.value + _WIDE * std)
    per = sweep.area / sweep.interfaces
    below, above = (
        math.hypot(ohmic.value - low, _WIDE * (known.std or 0.0)),
        math.hypot(high - ohmic.value, _WIDE * (known.std or 0.0)),
    )
    film = Quantity(
        over * per, std * per, "ohm cm^2", ((over - below) * per, (over + above) * per), "ohmic less electrolyte"
    )
    warnings.append(
        f"the ohmic part of the sweep exceeds the electrolyte by {units.format_pair(over, std)} ohm: a film, a contact or a lead"
        " in series with the charge transfer."
    )
    return sweep, choice, _Known(known, film, how="fitted: electrolyte and film")


def _ohmic(sweep: Sweep, choice: Choice) -> Quantity:
    """Return the fitted ohmic resistance [ohm]; its uncertainty holds that of ln j0 and of the law."""
    value, own = choice.fit.resistance, math.sqrt(choice.fit.variance) * choice.fit.spread
    places = [end.resistance for end in choice.ends]
    together = _together(spread_of(sweep, choice.fit).resistance)
    low = max(math.hypot(value - min(places), _WIDE * own), _WIDE * together)
    high = max(math.hypot(max(places) - value, _WIDE * own), _WIDE * together)
    return Quantity(
        value / sweep.area,
        0.5 * (low + high) / _WIDE / sweep.area,
        "ohm",
        ((value - low) / sweep.area, (value + high) / sweep.area),
        method="ohmic drop: electrolyte and films",
    )


def _together(std: float) -> float:
    """Return the uncertainty from the curvature where there is one, to which the profile over ln j0 alone may not reach."""
    return std if std < math.inf else 0.0


# result ---------------------------------------------------------------------------------------------------------------
def _result(measurement: Measurement, sweep: Sweep, choice: Choice, parts: _Known, warnings: list[str]) -> Result:
    fit = choice.fit
    rms = math.sqrt(float(np.mean(fit.residual**2)))
    poor = rms > _POOR * float(np.abs(sweep.voltage - fit.rest).max())
    refused = choice.verdict is not Verdict.NONE
    lost = choice.open_ended or not (choice.bent or parts.datum)
    warnings += _words(sweep, choice, parts, lost=lost, scatter=rms if poor else None)
    outcome = Outcome.POOR_FIT if refused or poor else Outcome.NOT_IDENTIFIABLE if lost else Outcome.SUCCESS
    quantities = _rest(sweep, choice, law=not (refused or lost))
    if not (refused or lost):
        quantities = _quantities(sweep, choice, parts) | quantities
    if refused or not lost:
        slope = choice.slope
        quantities["tafel_slope"] = Quantity(
            slope.value, slope.std if slope.std < math.inf else None, "mV", method="per e-fold and interface, left free"
        )
    own = [None if end is None else 0.1 * math.exp(end.log_exchange) for end in choice.own]
    details = {
        "interfaces": sweep.interfaces,
        "symmetry": sweep.symmetry,
        "temperature": sweep.temperature,
        "area_cm2": sweep.area * 1e4,
        "points": len(sweep.current),
        "rms_residual_V": rms,
        "resistance": parts.how,
        "law": fit.law.value,
        "interval_of_this_law_mA_cm2": own,
        "interval_holds_also": [law.value for law in choice.widened],
        "tafel_slope_least_mV": choice.slope.least * 1e3,
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


def _words(sweep: Sweep, choice: Choice, parts: _Known, *, lost: bool, scatter: float | None) -> list[str]:
    """Return what is to be said of a sweep whose exchange current is not given, or not that of the law assumed."""
    slope, fit = choice.slope, choice.fit
    found = f"the Tafel slope is {slope.value * 1e3:.3g} mV per e-fold and interface"
    if choice.verdict is Verdict.LOW:
        least = f"below the {slope.least * 1e3:.3g} mV that a step of one electron has at least"
        also = (
            " on equal faces, and two unequal electrodes do not describe the sweep either"
            if sweep.interfaces > 1
            else ""
        )
        return [
            f"{found}, {least}{also}: this bend is no charge transfer (a short that opens, warming, a wrong temperature, a"
            " growing contact, or a sweep that is not steady). No exchange current density is given."
        ]
    if choice.verdict is Verdict.HIGH:
        return [
            f"{found}, above what a symmetry between 0.1 and 0.9 gives: this bend is not that of a step of one electron. No"
            " exchange current density is given."
        ]
    if scatter is not None:
        return [
            f"the voltages scatter by {scatter * 1e3:.3g} mV about the law: forward and backward sweep differ, the sweep is not"
            " steady, or another reaction takes part."
        ]
    if lost and parts.datum:
        return [
            "the electrolyte takes all of the resistance at rest within the uncertainty: nothing is said of charge transfer."
        ]
    if lost:
        give = "" if parts.electrolyte is not None else ", or give the resistance of the electrolyte from impedance"
        return [f"the sweep does not bend enough to tell charge transfer from ohmic drop: sweep further{give}."]
    return _law_words(sweep, fit, choice)


def _law_words(sweep: Sweep, fit: Fit, choice: Choice) -> list[str]:
    ratio, symmetry = shape_of(sweep, fit.law, fit.shape)
    words = []
    if fit.law in (Law.UNEQUAL, Law.BOTH):
        words.append(
            f"one exchange current does not describe the sweep, two do: their ratio is {math.exp(abs(ratio)):.3g}. The electrodes"
            " are unequal, or the temperature is wrong, or the cell changed during the sweep. The exchange current density is the"
            " harmonic mean, the charge transfer resistance the mean of both faces; which face is which the sweep does not say."
        )
    if fit.law in (Law.SYMMETRY, Law.BOTH):
        other = f" (or {1.0 - symmetry:.2f})" if sweep.interfaces > 1 else ""
        words.append(
            f"the sweep contradicts a symmetry of {sweep.symmetry:g}: it is left free, and {symmetry:.2f}{other} describes it."
        )
    if Law.UNEQUAL in choice.widened and _much(choice):
        low, high = (0.1 * math.exp(end.log_exchange) for end in choice.own if end is not None)
        words.append(
            f"the interval of the exchange current density holds unequal faces too; it would be {low:.4g} to {high:.4g} mA/cm^2"
            " if both faces were known to be equal."
        )
    if choice.skipped:
        open_laws = " and ".join(law.value for law in choice.skipped)
        words.append(
            f"the interval does not hold {open_laws}, with which the sweep says nothing of the exchange current."
        )
    return words


def _much(choice: Choice) -> bool:
    """Return whether other laws more than double the interval of ln j0."""
    own = [end.log_exchange for end in choice.own if end is not None]
    return choice.limits[1] - choice.limits[0] > _DOUBLED * (max(own) - min(own))


def _rest(sweep: Sweep, choice: Choice, *, law: bool) -> dict[str, Quantity]:
    """Return rest potential and slope at rest: from the law where it is determined, else from a line through rest."""
    fit = choice.fit
    found = {"rest_potential": Quantity(fit.rest, math.sqrt(fit.variance / len(sweep.current)), "mV")}
    if law:
        total = fit.resistance + sweep.interfaces * sweep.thermal * math.exp(-fit.best)
        away = max(abs(end.total - total) for end in choice.ends) / _WIDE
        std = max(math.hypot(math.sqrt(fit.variance) * fit.spread, away), _together(spread_of(sweep, fit).total))
        found["total_resistance"] = Quantity(total, std, "ohm cm^2", method="slope at rest")
        return found
    reach = 2.0 * sweep.thermal * sweep.interfaces if choice.bent else math.inf
    try:
        line = slope_at_rest(sweep, reach, straight=not choice.bent)
    except InvalidInput:  # too few records about rest: the slope there is left out
        return found
    found["total_resistance"] = Quantity(*line.slope, "ohm cm^2", method="slope at rest")
    return found


def _quantities(sweep: Sweep, choice: Choice, parts: _Known) -> dict[str, Quantity]:
    fit, (low, high) = choice.fit, choice.limits
    exchange = math.exp(fit.best)
    spread = 0.25 * (high - low)  # half of a 95 % interval is two standard uncertainties
    resistance = float(charge_transfer_resistance(exchange, temperature=sweep.temperature))
    other = (sweep.thermal * math.exp(-high), sweep.thermal * math.exp(-low))
    over = (other[0] / sweep.area, other[1] / sweep.area)
    mean = fit.law in (Law.UNEQUAL, Law.BOTH)
    how = (
        "profile, harmonic mean of both faces"
        if mean
        else "profile"
        if sweep.interfaces == 1
        else "profile, equal faces"
    )
    one = "R T/(F j0), mean of both faces" if mean else "R T/(F j0), one face"
    found = {
        "exchange_current_density": Quantity(
            exchange, exchange * spread, "mA/cm^2", (math.exp(low), math.exp(high)), method=how
        ),
        "charge_transfer_resistance": Quantity(resistance, resistance * spread, "ohm cm^2", other, method=one),
        "charge_transfer_resistance_of_face": Quantity(
            resistance / sweep.area, resistance * spread / sweep.area, "ohm", over, f"A = {sweep.area * 1e4:.4g} cm^2"
        ),
        **_shapes(sweep, fit),
        "ohmic_resistance": _ohmic(sweep, choice),
    }
    if parts.electrolyte is not None:
        found["electrolyte_resistance"] = parts.electrolyte
    if parts.film is not None:
        found["film_resistance"] = parts.film
    return found


def _shapes(sweep: Sweep, fit: Fit) -> dict[str, Quantity]:
    """Return both exchange currents and the symmetry where the law needs them."""
    ratio, symmetry = shape_of(sweep, fit.law, fit.shape)
    stds = spread_of(sweep, fit)
    found = {}
    if fit.law in (Law.UNEQUAL, Law.BOTH):
        both = sorted(zip(faces(fit.best, ratio), (stds.first, stds.second), strict=True))
        for name, (value, std) in zip(("slower", "faster"), both, strict=True):
            known = value * std if std < _LOST else None
            found[f"exchange_current_density_{name}_face"] = Quantity(
                value, known, "mA/cm^2", method="of two, unordered"
            )
    if fit.law in (Law.SYMMETRY, Law.BOTH):
        known = stds.symmetry if stds.symmetry < _LOST else None
        found["symmetry"] = Quantity(
            symmetry, known, "1", method="left free" + (", or 1 less it" * (sweep.interfaces > 1))
        )
    return found


def _curves(sweep: Sweep, fit: Fit) -> dict[str, Floats]:
    """Return the sweep, its overpotential, the fit, and the two Tafel lines over the overpotentials.

    The lines start where they meet no overpotential: at j0, for unequal faces at a mean of ln j0 weighed by their slopes.
    """
    ratio, symmetry = shape_of(sweep, fit.law, fit.shape)
    logs = np.log(faces(fit.best, ratio))
    curves = {
        "voltage": sweep.voltage,
        "current_density": sweep.current,
        "overpotential": sweep.voltage - fit.rest - fit.resistance * sweep.current,
        "fit": sweep.kinetic(fit.best, ratio, symmetry),
    }
    strips, plates = 1.0 / (1.0 - symmetry), 1.0 / symmetry
    for name, sign, per in (("anodic", 1.0, (strips, plates)), ("cathodic", -1.0, (plates, strips))):
        weights = np.array(per[: sweep.interfaces] if sweep.interfaces == 1 else per)
        slope = float(weights.sum())
        start = math.exp(float(weights @ logs[: len(weights)]) / slope)
        reach = max(float((sign * curves["fit"]).max()), 0.0)
        over = np.linspace(0.0, max(reach / (slope * sweep.thermal), 1.0), 50)
        curves[f"{name}_overpotential"] = sign * slope * sweep.thermal * over
        curves[f"{name}_current_density"] = sign * start * np.exp(over)
    return curves
