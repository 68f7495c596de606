"""Slow sweeps of the voltage to exchange current densities: Butler-Volmer kinetics in series with an ohmic resistance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.core import Channel, InvalidInput, Measurement, MissingInput, Outcome, Result
from garnetlab.physics.kinetics import butler_volmer_overpotential
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["analyse_tafel"]

_LEAST = 8  # currents that differ
_CONFIDENCE = 0.95
#: ln(j0) is looked for this far to either side of the largest current density
_DECADES = (4.0, 3.0)
_GRID = 141
_POOR = 0.02  # rms of the residual over the largest voltage


@dataclass(frozen=True, slots=True)
class _Sweep:
    """The measured currents and voltages, and what is known beside them; SI per electrode area."""

    current: Floats
    voltage: Floats
    area: float
    temperature: float
    interfaces: int
    symmetry: float
    known: tuple[float, float] | None

    def kinetic(self, log_exchange: float) -> Floats:
        """Return the overpotential of all interfaces at an exchange current."""
        law = {"exchange": math.exp(log_exchange), "temperature": self.temperature, "symmetry": self.symmetry}
        plated: Floats = np.asarray(butler_volmer_overpotential(self.current, **law))
        if self.interfaces == 1:
            return plated
        stripped: Floats = np.asarray(butler_volmer_overpotential(-self.current, **law))
        return plated - stripped


@dataclass(frozen=True, slots=True)
class _Line:
    """Rest voltage and ohmic resistance at one exchange current, with the sum of squares."""

    rest: float
    resistance: float
    squares: float
    spread: float


def analyse_tafel(
    measurement: Measurement,
    *,
    electrolyte_resistance: Quantity | None = None,
    symmetry: Annotated[float, units.NONE] = 0.5,
) -> Result:
    """Return the exchange current density of a sweep, corrected for the ohmic drop by the fit itself.

    The voltage is V0 + R j + eta(j, j0), with the overpotential of one or of both faces of a symmetric cell. What bends
    with current is kinetic, what does not is ohmic: a sweep over too small a voltage cannot tell the two apart, and
    says so. A resistance known from impedance helps. A film in series with the charge transfer counts as ohmic.

    Parameters
    ----------
    measurement:            Voltage and current; its metadata hold ``area`` [m^2], ``temperature`` [K] (else its channel)
                            and ``interfaces`` (default 2).
    electrolyte_resistance: Ohmic resistance with its standard uncertainty [ohm], where it is known.
    symmetry:               Share of the overpotential that drives plating.

    Returns
    -------
    :  ``exchange_current_density`` per electrode area [mA/cm^2] with a 95 % interval from its profile,
       ``interface_resistance`` R T/(F j0) of one face [ohm cm^2], ``electrolyte_resistance`` [ohm], ``rest_potential``
       [mV], ``total_resistance`` at rest [ohm cm^2]. Curves: ``voltage``, ``current_density``, ``overpotential`` (without
       rest and ohmic drop), ``fit``, and the Tafel lines ``anodic_`` and ``cathodic_overpotential`` with their
       ``_current_density``. Without curvature the outcome is NOT_IDENTIFIABLE and only the sum is given.

    Raises
    ------
    InvalidInput  if voltage or current is missing, or fewer than eight currents differ.
    MissingInput  if area or temperature is not known.

    Source
    ------
    Newman & Thomas-Alyea (2004), eq. 8.10; the profile is that of the sum of squares over ln j0.
    """
    sweep = _sweep(measurement, electrolyte_resistance, symmetry)
    centre = math.log(float(np.abs(sweep.current).max()))
    low, high = centre - _DECADES[0] * math.log(10.0), centre + _DECADES[1] * math.log(10.0)
    noise = _noise(sweep, low, high)
    best = _least(sweep, noise, low, high)
    line = _line(sweep, best, noise)
    residual = sweep.voltage - line.rest - line.resistance * sweep.current - sweep.kinetic(best)
    variance = float(residual @ residual) / max(len(residual) - 3, 1) * _inflation(residual)
    limits = _profile(sweep, noise, best, variance, (low, high))
    return _result(measurement, sweep, (best, *limits), line, variance)


def _sweep(measurement: Measurement, known: Quantity | None, symmetry: float) -> _Sweep:
    sample = sample_of(measurement)
    if sample.area is None:
        message = 'area = none given: a current density needs it. Give --area "0.785 cm^2" (or --diameter "10 mm").'
        raise MissingInput(message)
    if not 0.0 < symmetry < 1.0:
        message = f"symmetry = {symmetry:g}: expected a number between 0 and 1."
        raise InvalidInput(message)
    voltage, current = measurement[Channel.VOLTAGE], measurement[Channel.CURRENT] / sample.area
    temperature = sample.temperature
    if temperature is None and Channel.TEMPERATURE in measurement.channels:
        temperature = float(np.mean(measurement[Channel.TEMPERATURE]))
    if temperature is None:
        message = 'temperature = none given: the Butler-Volmer law needs it. Give --temperature "25 degC".'
        raise MissingInput(message)
    good = np.isfinite(voltage) & np.isfinite(current)
    differ = len(np.unique(current[good]))
    if differ < _LEAST:
        message = (
            f"current = {differ} different values: expected at least {_LEAST}, as a slow sweep of the voltage has."
        )
        raise InvalidInput(message)
    prior = None
    if known is not None:
        prior = (known.value * sample.area, (known.std or 0.0) * sample.area)
    return _Sweep(current[good], voltage[good], sample.area, temperature, sample.interfaces, symmetry, prior)


# fit ------------------------------------------------------------------------------------------------------------------
def _line(sweep: _Sweep, log_exchange: float, noise: float) -> _Line:
    """Return rest voltage and resistance at an exchange current, by least squares; a known resistance is a datum more."""
    target = sweep.voltage - sweep.kinetic(log_exchange)
    columns = np.stack([np.ones_like(sweep.current), sweep.current], axis=1)
    if sweep.known is not None:
        value, std = sweep.known
        weight = noise / max(std, 1e-9 * value)
        columns = np.append(columns, [[0.0, weight]], axis=0)
        target = np.append(target, weight * value)
    scale = float(np.abs(sweep.current).max())
    scaled = columns / np.array([1.0, scale])
    solution = np.linalg.lstsq(scaled, target, rcond=None)[0]
    residual = target - scaled @ solution
    spread = math.sqrt(np.linalg.inv(scaled.T @ scaled)[1, 1]) / scale
    return _Line(float(solution[0]), float(solution[1]) / scale, float(residual @ residual), spread)


def _noise(sweep: _Sweep, low: float, high: float) -> float:
    """Return the standard deviation of the voltages about the best fit without what is known beside it."""
    if sweep.known is None:
        return 1.0
    alone = replace(sweep, known=None)
    squares = _line(alone, _least(alone, 1.0, low, high), 1.0).squares
    return max(math.sqrt(squares / max(len(sweep.current) - 3, 1)), 1e-12)


def _least(sweep: _Sweep, noise: float, low: float, high: float) -> float:
    """Return ln j0 of the least sum of squares."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(low, high, _GRID)
    squares = np.array([_line(sweep, x, noise).squares for x in grid])
    k = int(np.clip(squares.argmin(), 1, _GRID - 2))
    found = minimize_scalar(
        lambda x: _line(sweep, x, noise).squares, bounds=(grid[k - 1], grid[k + 1]), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return float(found.x)


def _inflation(residual: Floats) -> float:
    """Return how much a variance grows where neighbouring residuals go together: (1 + r)/(1 - r), at least 1."""
    total = float(residual @ residual)
    if total <= 0.0:
        return 1.0
    together = min(max(float(residual[1:] @ residual[:-1]) / total, 0.0), 0.99)
    return (1.0 + together) / (1.0 - together)


def _profile(
    sweep: _Sweep, noise: float, best: float, variance: float, ends: tuple[float, float]
) -> tuple[float, float]:
    """Return the 95 % limits of ln j0; infinite where the sum of squares does not rise enough."""
    from scipy.optimize import brentq
    from scipy.stats import t

    least = _line(sweep, best, noise).squares
    quantile = float(t.ppf(0.5 + 0.5 * _CONFIDENCE, max(len(sweep.current) - 3, 1)))
    rise = quantile**2 * max(variance, 1e-30)
    limits = []
    for end in ends:
        if _line(sweep, end, noise).squares - least < rise:
            limits.append(math.copysign(math.inf, end - best))
        else:
            limits.append(float(brentq(lambda x: _line(sweep, x, noise).squares - least - rise, best, end)))
    return limits[0], limits[1]


# result ---------------------------------------------------------------------------------------------------------------
def _result(
    measurement: Measurement, sweep: _Sweep, found: tuple[float, float, float], line: _Line, variance: float
) -> Result:
    best, low, high = found
    rms = math.sqrt(np.mean((sweep.voltage - line.rest - line.resistance * sweep.current - sweep.kinetic(best)) ** 2))
    open_ended = not (low > -math.inf and high < math.inf)
    poor = rms > _POOR * float(np.abs(sweep.voltage - line.rest).max())
    outcome = Outcome.NOT_IDENTIFIABLE if open_ended else Outcome.POOR_FIT if poor else Outcome.SUCCESS
    warnings = list(measurement.warnings)
    if open_ended:
        warnings.append(
            "the sweep does not bend enough to tell charge transfer from ohmic drop: sweep further, or give the"
            " resistance of the electrolyte from impedance."
        )
    quantities = _quantities(sweep, found, line, variance)
    if outcome is Outcome.NOT_IDENTIFIABLE:
        quantities = {name: quantities[name] for name in ("rest_potential", "total_resistance")}
    details = {
        "interfaces": sweep.interfaces,
        "symmetry": sweep.symmetry,
        "temperature": sweep.temperature,
        "points": len(sweep.current),
        "rms_residual_V": float(rms),
        "resistance": "fitted" if sweep.known is None else "known beside the sweep",
        "metadata": dict(measurement.metadata),
    }
    return Result(
        analysis="tafel",
        quantities=quantities,
        outcome=outcome,
        curves=_curves(sweep, best, line),
        details=details,
        sources=(measurement.source.to_dict(),),
        warnings=tuple(warnings),
    )


def _quantities(sweep: _Sweep, found: tuple[float, float, float], line: _Line, variance: float) -> dict[str, Quantity]:
    best, low, high = found
    exchange, thermal = math.exp(best), units.R * sweep.temperature / units.F
    finite = low > -math.inf and high < math.inf
    spread = 0.25 * (high - low) if finite else 0.0  # half of a 95 % interval is two standard uncertainties
    limits = (math.exp(low), math.exp(high)) if finite else None
    resistance = thermal / exchange
    other = (thermal * math.exp(-high), thermal * math.exp(-low)) if finite else None
    slope = line.resistance + sweep.interfaces * resistance
    ends = [_line(sweep, x, 1.0).resistance for x in (low, high)] if finite else [0.0, 0.0]
    ohmic = math.hypot(math.sqrt(variance) * line.spread, 0.25 * (ends[1] - ends[0])) / sweep.area
    return {
        "exchange_current_density": Quantity(exchange, exchange * spread, "mA/cm^2", limits, method="profile"),
        "interface_resistance": Quantity(resistance, resistance * spread, "ohm cm^2", other, method="R T/(F j0)"),
        "electrolyte_resistance": Quantity(line.resistance / sweep.area, ohmic, "ohm", method="ohmic drop"),
        "rest_potential": Quantity(line.rest, math.sqrt(variance / len(sweep.current)), "mV"),
        "total_resistance": Quantity(slope, None, "ohm cm^2", method="slope at rest"),
    }


def _curves(sweep: _Sweep, best: float, line: _Line) -> dict[str, Floats]:
    """Return the sweep, its overpotential, the fit, and the two Tafel lines from j0 over the overpotentials."""
    thermal = units.R * sweep.temperature / units.F
    exchange = math.exp(best)
    curves = {
        "voltage": sweep.voltage,
        "current_density": sweep.current,
        "overpotential": sweep.voltage - line.rest - line.resistance * sweep.current,
        "fit": sweep.kinetic(best),
    }
    shares = (sweep.symmetry, 1.0 - sweep.symmetry)
    slopes = [sum(1.0 / s for s in shares)] * 2 if sweep.interfaces > 1 else [1.0 / s for s in shares[::-1]]
    for name, sign, slope in (("anodic", 1.0, slopes[0]), ("cathodic", -1.0, slopes[1])):
        reach = max(float((sign * curves["fit"]).max()), 0.0)
        ratio = np.linspace(0.0, max(reach / (slope * thermal), 1.0), 50)
        curves[f"{name}_overpotential"] = sign * slope * thermal * ratio
        curves[f"{name}_current_density"] = sign * exchange * np.exp(ratio)
    return curves
