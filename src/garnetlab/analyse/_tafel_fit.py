"""Fit of a slow sweep: rest voltage, ohmic resistance and exchange current, and whether the bend is one of charge transfer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.analyse._holds import measured
from garnetlab.core import Channel, InvalidInput, Measurement, MissingInput
from garnetlab.physics.kinetics import butler_volmer_overpotential

Floats = NDArray[np.float64]

__all__ = ["Fit", "Line", "Slope", "Sweep", "fit_sweep", "sweep_of", "tafel_scale"]

_LEAST = 8  # currents that differ
_STILL = 1e-3  # V: a voltage that moves less is held
_CONFIDENCE = 0.95
_REFUSED = 0.99  # of the hypothesis that the slope is possible
#: ln(j0) is looked for this far to either side of the largest current density
_DECADES = (4.0, 3.0)
_GRID, _COARSE = 71, 36
_EXACT = 0.01  # of the least slope: by so much 3 K of error in the temperature move it
_FLAT = 1e13  # condition of a curvature from which no uncertainty is read


@dataclass(frozen=True, slots=True)
class Sweep:
    """The measured currents and voltages, and what is known beside them; SI per electrode area."""

    current: Floats
    voltage: Floats
    area: float
    temperature: float
    interfaces: int
    symmetry: float
    known: tuple[float, float] | None

    @property
    def thermal(self) -> float:
        """R T/F [V]."""
        return units.R * self.temperature / units.F

    @property
    def range(self) -> tuple[float, float]:
        """Where ln j0 is looked for."""
        centre = math.log(float(np.abs(self.current).max()))
        return centre - _DECADES[0] * math.log(10.0), centre + _DECADES[1] * math.log(10.0)

    def kinetic(self, log_exchange: float) -> Floats:
        """Return the overpotential of all interfaces at an exchange current.

        Two faces are in series: one strips while the other plates. With a symmetry of 1/2 each takes half of the
        overpotential, and j = 2 j0 sinh(F eta/(4 R T)).
        """
        law = {"exchange": math.exp(log_exchange), "temperature": self.temperature, "symmetry": self.symmetry}
        plated: Floats = np.asarray(butler_volmer_overpotential(self.current, **law))
        if self.interfaces == 1:
            return plated
        if self.symmetry == 0.5:
            return 2.0 * plated
        stripped: Floats = np.asarray(butler_volmer_overpotential(-self.current, **law))
        return plated - stripped


@dataclass(frozen=True, slots=True)
class Line:
    """Rest voltage and ohmic resistance at one exchange current, with the sum of squares."""

    rest: float
    resistance: float
    squares: float
    spread: float


@dataclass(frozen=True, slots=True)
class Fit:
    """ln j0 with its 95 % limits, the line there, and the variance of a voltage."""

    best: float
    limits: tuple[float, float]
    line: Line
    variance: float
    residual: Floats

    @property
    def open_ended(self) -> bool:
        """Whether the sweep leaves ln j0 open on a side."""
        return not (self.limits[0] > -math.inf and self.limits[1] < math.inf)


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of the overpotential over ln j per interface [V], if it is free, and whether it is too low to be possible."""

    value: float
    std: float
    least: float
    refused: bool


def sweep_of(measurement: Measurement, known: tuple[float, float] | None, symmetry: float, analysis: str) -> Sweep:
    """Return the sweep; ``known`` is an ohmic resistance [ohm] with its standard uncertainty.

    Raises
    ------
    InvalidInput  if it is no record of voltage and current, fewer than eight currents differ, or the voltage is held.
    MissingInput  if area or temperature is not known.
    """
    sample = sample_of(measurement)
    if sample.area is None:
        message = f'area = none given: a current density needs it ({analysis}). Give --area "0.785 cm^2" (or --diameter "10 mm").'
        raise MissingInput(message)
    if not 0.0 < symmetry < 1.0:
        message = f"symmetry = {symmetry:g}: expected a number between 0 and 1."
        raise InvalidInput(message)
    _, voltage, current = measured(measurement, analysis)
    current = current / sample.area
    temperature = sample.temperature
    if temperature is None and Channel.TEMPERATURE in measurement.channels:
        temperature = float(np.nanmean(measurement[Channel.TEMPERATURE]))
    if temperature is None:
        message = (
            f'temperature = none given: the Butler-Volmer law needs it ({analysis}). Give --temperature "25 degC".'
        )
        raise MissingInput(message)
    differ = len(np.unique(current))
    if differ < _LEAST:
        message = (
            f"current = {differ} different values: expected at least {_LEAST}, as a slow sweep of the voltage has."
        )
        raise InvalidInput(message)
    low, high = np.percentile(voltage, [5.0, 95.0])
    if high - low < _STILL:
        message = (
            f"voltage = {low:.5g} to {high:.5g} V: expected a sweep, this one is held. Analyse it as DC polarisation."
        )
        raise InvalidInput(message)
    _require_along(voltage, current, analysis)
    prior = None if known is None else (known[0] * sample.area, known[1] * sample.area)
    return Sweep(current, voltage, sample.area, temperature, sample.interfaces, symmetry, prior)


def _require_along(voltage: Floats, current: Floats, analysis: str) -> None:
    if not float(current.min()) < 0.0 < float(current.max()):
        message = (
            f"current = {float(current.min()):.3g} to {float(current.max()):.3g} A/m^2: expected both directions, {analysis}"
            " needs a sweep through the rest voltage."
        )
        raise InvalidInput(message)
    together = float(np.corrcoef(voltage, current)[0, 1])
    if not together > 0.0:
        message = f"correlation = {together:.2g} of current and voltage: expected a current along the voltage. Check the signs."
        raise InvalidInput(message)


# fit ------------------------------------------------------------------------------------------------------------------
def fit_sweep(sweep: Sweep) -> Fit:
    """Return the least squares over ln j0, with limits by the profile of the sum of squares."""
    low, high = sweep.range
    noise = _noise(sweep, low, high)
    best = _least(sweep, noise, low, high)
    line = line_at(sweep, best, noise)
    residual = sweep.voltage - line.rest - line.resistance * sweep.current - sweep.kinetic(best)
    variance = float(residual @ residual) / max(len(residual) - 3, 1) * inflation(residual)
    return Fit(best, _profile(sweep, noise, best, variance, (low, high)), line, variance, residual)


def line_at(sweep: Sweep, log_exchange: float, noise: float) -> Line:
    """Return rest voltage and resistance at an exchange current; a known resistance is a datum more."""
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
    return Line(float(solution[0]), float(solution[1]) / scale, float(residual @ residual), spread)


def _noise(sweep: Sweep, low: float, high: float) -> float:
    """Return the standard deviation of the voltages about the best fit without what is known beside it."""
    if sweep.known is None:
        return 1.0
    alone = replace(sweep, known=None)
    squares = line_at(alone, _least(alone, 1.0, low, high), 1.0).squares
    return max(math.sqrt(squares / max(len(sweep.current) - 3, 1)), 1e-12)


def _least(sweep: Sweep, noise: float, low: float, high: float) -> float:
    """Return ln j0 of the least sum of squares."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(low, high, _GRID)
    squares = np.array([line_at(sweep, x, noise).squares for x in grid])
    k = int(np.clip(squares.argmin(), 1, _GRID - 2))
    found = minimize_scalar(
        lambda x: line_at(sweep, x, noise).squares, bounds=(grid[k - 1], grid[k + 1]), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return float(found.x)


def inflation(residual: Floats) -> float:
    """Return how much a variance grows where neighbouring residuals go together: (1 + r)/(1 - r), at least 1."""
    total = float(residual @ residual)
    if total <= 0.0:
        return 1.0
    together = min(max(float(residual[1:] @ residual[:-1]) / total, 0.0), 0.99)
    return (1.0 + together) / (1.0 - together)


def _profile(
    sweep: Sweep, noise: float, best: float, variance: float, ends: tuple[float, float]
) -> tuple[float, float]:
    """Return the 95 % limits of ln j0; infinite where the sum of squares does not rise enough."""
    from scipy.optimize import brentq
    from scipy.stats import t

    least = line_at(sweep, best, noise).squares
    quantile = float(t.ppf(0.5 + 0.5 * _CONFIDENCE, max(len(sweep.current) - 3, 1)))
    rise = quantile**2 * max(variance, 1e-30)
    limits = []
    for end in ends:
        if line_at(sweep, end, noise).squares - least < rise:
            limits.append(math.copysign(math.inf, end - best))
        else:
            limits.append(float(brentq(lambda x: line_at(sweep, x, noise).squares - least - rise, best, end)))
    return limits[0], limits[1]


# slope ----------------------------------------------------------------------------------------------------------------
def tafel_scale(sweep: Sweep, fit: Fit) -> Slope:
    """Return the Tafel slope per interface where it is left free, and whether it is below what charge transfer can be.

    The law is stretched by a factor s: V = V0 + R j + s eta(j, j0) with R >= 0 and a symmetry of 1/2, whose slope is 2 s R T/F
    per e-fold and interface. A step of one electron has R T/(a F) on one face and R T/((1 - a) F) on the other. In a
    symmetric cell the mean of both is at least 2 R T/F, whatever a; on a single face it is at least R T/F.
    """
    from scipy.stats import f as fisher

    even = replace(sweep, symmetry=0.5, known=None)
    least = 1.0 if sweep.interfaces > 1 else 0.5
    low, high = sweep.range
    # with j0 far above the currents the law is a line, and s says nothing
    squares, scale, place = _best_stretched(even, low, math.log(float(np.abs(sweep.current).max())) + 1.0, None)
    at_least = _best_stretched(even, low, high, least)[0]
    freedom = max(len(sweep.current) - 4, 1)
    size = max(squares / freedom, 1e-30) * inflation(fit.residual)
    limit = float(fisher.ppf(_REFUSED, 1, freedom))
    refused = scale < (1.0 - _EXACT) * least and (at_least - squares) / size > limit
    per = 2.0 * sweep.thermal
    return Slope(per * scale, per * _scale_std(even, scale, place, size), per * least, refused)


def _scale_std(sweep: Sweep, scale: float, log_exchange: float, size: float) -> float:
    """Return the standard uncertainty of the factor, by the curvature of the sum of squares; infinite where it is flat."""
    step = 1e-4
    slope = (sweep.kinetic(log_exchange + step) - sweep.kinetic(log_exchange - step)) / (2.0 * step)
    columns = np.stack([np.ones_like(slope), sweep.current, sweep.kinetic(log_exchange), scale * slope], axis=1)
    norm = np.sqrt(np.einsum("rk,rk->k", columns, columns)) + 1e-300
    curvature = (columns / norm).T @ (columns / norm)
    if np.linalg.cond(curvature) > _FLAT:
        return math.inf
    return math.sqrt(size * float(np.linalg.inv(curvature)[2, 2])) / float(norm[2])


def _best_stretched(sweep: Sweep, low: float, high: float, scale: float | None) -> tuple[float, float, float]:
    """Return the least sum of squares over ln j0, the factor there, and ln j0."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(low, high, _COARSE)
    k = int(np.argmin([_stretched(sweep, x, scale)[0] for x in grid]))
    ends = (grid[max(k - 1, 0)], grid[min(k + 1, _COARSE - 1)])
    found = minimize_scalar(
        lambda x: _stretched(sweep, x, scale)[0], bounds=ends, method="bounded", options={"xatol": 1e-7}
    )
    return min((*_stretched(sweep, x, scale), x) for x in (float(found.x), float(grid[k])))


def _stretched(sweep: Sweep, log_exchange: float, scale: float | None) -> tuple[float, float]:
    """Return the sum of squares and the factor of the law; rest voltage free, resistance and factor >= 0."""
    from scipy.optimize import nnls

    kinetic = sweep.kinetic(log_exchange)
    target = sweep.voltage if scale is None else sweep.voltage - scale * kinetic
    columns = [sweep.current / float(np.abs(sweep.current).max())]
    if scale is None:
        columns.append(kinetic / float(np.abs(kinetic).max()))
    centred = np.stack([c - c.mean() for c in columns], axis=1)
    solution, norm = nnls(centred, target - target.mean())
    found = scale if scale is not None else float(solution[1]) / float(np.abs(kinetic).max())
    return float(norm) ** 2, found
