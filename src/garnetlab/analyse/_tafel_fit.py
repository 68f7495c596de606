"""Fit of a slow sweep by one law of charge transfer: rest voltage, ohmic resistance, exchange currents, symmetry."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.analyse._geometry import sample_of
from garnetlab.analyse._holds import measured
from garnetlab.core import Channel, InvalidInput, Measurement, MissingInput
from garnetlab.physics.kinetics import butler_volmer_overpotential

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

__all__ = [
    "RATIO", "End", "Fit", "Law", "Sweep", "end_of", "faces", "fit_law", "inflation", "profiled", "shape_of", "spread_of",
    "sweep_of",
]  # fmt: skip

_LEAST = 8  # currents that differ
_STILL = 1e-3  # V: a voltage that moves less is held
_CONFIDENCE = 0.95
#: ln(j0) is looked for this far to either side of the largest current density
_DECADES = (4.0, 3.0)
_GRID = 71
#: of the larger over the smaller exchange current, beyond which the faster face is not seen beside the slower
RATIO = 1e3
#: symmetries that are looked for where the sweep decides
_SYMMETRIES = (0.1, 0.9)
_THIN = 200  # records on which a start is looked for
_ROUNDING = 1e-8  # of the largest voltage: no record is better, nor the least squares
_FLAT = 1e13  # condition of a curvature from which no uncertainty is read
_LEVEL = 1e-15  # V^2: of the slope of half the sum of squares; below it, no voltage depends on the number looked for
_STEP = 1e-3  # of ln j0: the first on the way to a limit


class Law(Enum):
    """What is free beside rest voltage, resistance and one exchange current."""

    EQUAL = "equal faces"
    UNEQUAL = "unequal faces"
    SYMMETRY = "free symmetry"
    BOTH = "unequal faces and free symmetry"


@dataclass(frozen=True, slots=True)
class Sweep:
    """The measured currents and voltages, and what is known beside them; SI per electrode area.

    ``known`` is a resistance with its standard uncertainty, ``noise`` the standard deviation of a voltage it is weighed with.
    """

    current: Floats
    voltage: Floats
    area: float
    temperature: float
    interfaces: int
    symmetry: float
    known: tuple[float, float] | None
    noise: float = 1.0

    @property
    def thermal(self) -> float:
        """R T/F [V]."""
        return units.R * self.temperature / units.F

    @property
    def range(self) -> tuple[float, float]:
        """Where ln j0 is looked for."""
        centre = math.log(float(np.abs(self.current).max()))
        return centre - _DECADES[0] * math.log(10.0), centre + _DECADES[1] * math.log(10.0)

    @property
    def rounding(self) -> float:
        """Least standard deviation of a voltage [V]."""
        return _ROUNDING * float(np.abs(self.voltage - self.voltage.mean()).max())

    def kinetic(self, log_exchange: float, log_ratio: float = 0.0, symmetry: float | None = None) -> Floats:
        """Return the overpotential of all interfaces at an exchange current, the harmonic mean of both faces.

        Two faces are in series: one strips while the other plates. With a symmetry of 1/2 and equal faces each takes half of
        the overpotential, and j = 2 j0 sinh(F eta/(4 R T)). ``log_ratio`` is the logarithm of the second over the first.
        """
        a = self.symmetry if symmetry is None else symmetry
        first, second = faces(log_exchange, log_ratio)
        plated = _face(self.current, first, self.temperature, a)
        if self.interfaces == 1:
            return plated
        if a == 0.5 and log_ratio == 0.0:
            return 2.0 * plated
        return plated - _face(-self.current, second, self.temperature, a)


@dataclass(frozen=True, slots=True)
class Fit:
    """The least squares of a law: ln j0, its shape, the line beside it, the sum of squares and the variance of a voltage."""

    law: Law
    best: float
    shape: Floats
    rest: float
    resistance: float
    spread: float
    squares: float
    variance: float
    freedom: int
    residual: Floats


@dataclass(frozen=True, slots=True)
class _Projected:
    """The sweep without what a rest voltage and a resistance explain; what is known beside it is a record more."""

    sweep: Sweep
    basis: Floats
    target: Floats

    def residual(self, kinetic: Floats) -> Floats:
        rest = self.target.copy()
        rest[: len(kinetic)] -= kinetic
        left: Floats = rest - self.basis @ (self.basis.T @ rest)
        return left

    def squares(self, kinetic: Floats) -> float:
        left = self.residual(kinetic)
        return float(left @ left)


def faces(log_exchange: float, log_ratio: float) -> tuple[float, float]:
    """Return the exchange currents of both faces from their harmonic mean and the logarithm of second over first."""
    ratio, mean = math.exp(log_ratio), math.exp(log_exchange)
    return 0.5 * mean * (1.0 + 1.0 / ratio), 0.5 * mean * (1.0 + ratio)


def _face(current: Floats, exchange: float, temperature: float, symmetry: float) -> Floats:
    law = {"exchange": exchange, "temperature": temperature, "symmetry": symmetry}
    return np.asarray(butler_volmer_overpotential(current, **law))


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


# shapes ---------------------------------------------------------------------------------------------------------------
def shape_of(sweep: Sweep, law: Law, shape: Floats) -> tuple[float, float]:
    """Return the logarithm of the ratio of both faces, and the symmetry, from the free numbers of a law.

    What counts only by its size enters as a square, so that the sum of squares has a slope at zero: the ratio for a symmetry
    of 1/2, and the distance of the symmetry from 1/2 for two equal faces.
    """
    if law is Law.EQUAL:
        return 0.0, sweep.symmetry
    if law is Law.UNEQUAL:
        free = float(shape[0])
        return (math.sqrt(max(free, 0.0)) if sweep.symmetry == 0.5 else free), sweep.symmetry
    if law is Law.SYMMETRY:
        free = float(shape[0])
        return 0.0, (0.5 - math.sqrt(max(free, 0.0)) if sweep.interfaces > 1 else free)
    return float(shape[0]), float(shape[1])


def _bounds(sweep: Sweep, law: Law) -> list[tuple[float, float]]:
    far = math.log(RATIO)
    ratio = (0.0, far**2) if sweep.symmetry == 0.5 and law is Law.UNEQUAL else (-far, far)
    if law is Law.UNEQUAL:
        return [ratio]
    if law is Law.SYMMETRY:
        return [(0.0, (0.5 - _SYMMETRIES[0]) ** 2) if sweep.interfaces > 1 else _SYMMETRIES]
    return [ratio, _SYMMETRIES] if law is Law.BOTH else []


def _starts(sweep: Sweep, law: Law) -> list[Floats]:
    """Return the shapes from which a fit starts."""
    ratios = [0.3, 1.0, 2.0, 4.0]
    signed = [-r for r in ratios] + ratios
    if law is Law.UNEQUAL:
        free = [r**2 for r in ratios] if sweep.symmetry == 0.5 else signed
        return [np.array([x]) for x in free]
    if law is Law.SYMMETRY:
        free = [0.003, 0.02, 0.05, 0.1] if sweep.interfaces > 1 else [0.2, 0.35, 0.5, 0.65, 0.8]
        return [np.array([x]) for x in free]
    if law is Law.BOTH:
        return [np.array([r, a]) for r in (-2.0, -0.7, 0.7, 2.0) for a in (0.3, 0.42)]
    return [np.empty(0)]


# fit ------------------------------------------------------------------------------------------------------------------
def _projected(sweep: Sweep) -> _Projected:
    columns = np.stack([np.ones_like(sweep.current), sweep.current], axis=1)
    target = sweep.voltage
    if sweep.known is not None:
        value = sweep.known[0]
        weight = _weight(sweep)
        columns = np.append(columns, [[0.0, weight]], axis=0)
        target = np.append(target, weight * value)
    basis = np.linalg.qr(columns / np.abs(columns).max(axis=0))[0]
    return _Projected(sweep, basis, target)


def _weight(sweep: Sweep) -> float:
    """Return the noise of a voltage over the uncertainty of the known resistance."""
    value, std = sweep.known or (0.0, math.inf)
    return sweep.noise / max(std, 1e-9 * value)


def fit_law(sweep: Sweep, law: Law, near: Fit | None = None) -> Fit:
    """Return the least squares of a law; ``near`` is the fit of a law within it, which it cannot fall behind."""
    problem = _projected(sweep)
    x, shape = _least(problem) if law is Law.EQUAL else _least_shaped(problem, law, near)
    kinetic = sweep.kinetic(x, *shape_of(sweep, law, shape))
    rest, resistance, spread = _line(sweep, kinetic)
    residual = sweep.voltage - rest - resistance * sweep.current - kinetic
    freedom = max(len(residual) - 3 - len(shape), 1)
    variance = float(residual @ residual) / freedom * inflation(residual)
    variance = max(variance, sweep.rounding**2)
    return Fit(law, x, shape, rest, resistance, spread, problem.squares(kinetic), variance, freedom, residual)


def _line(sweep: Sweep, kinetic: Floats) -> tuple[float, float, float]:
    """Return rest voltage, resistance and the spread of it per voltage, at an overpotential."""
    scale = float(np.abs(sweep.current).max())
    columns = np.stack([np.ones_like(sweep.current), sweep.current / scale], axis=1)
    target = sweep.voltage - kinetic
    if sweep.known is not None:
        value = sweep.known[0]
        weight = _weight(sweep)
        columns = np.append(columns, [[0.0, weight / scale]], axis=0)
        target = np.append(target, weight * value)
    solution = np.linalg.lstsq(columns, target, rcond=None)[0]
    spread = math.sqrt(np.linalg.inv(columns.T @ columns)[1, 1]) / scale
    return float(solution[0]), float(solution[1]) / scale, spread


def _least(problem: _Projected) -> tuple[float, Floats]:
    """Return ln j0 of the least sum of squares for equal faces."""
    from scipy.optimize import minimize_scalar

    sweep = problem.sweep
    grid = np.linspace(*sweep.range, _GRID)
    squares = np.array([problem.squares(sweep.kinetic(x)) for x in grid])
    k = int(np.clip(squares.argmin(), 1, _GRID - 2))
    found = minimize_scalar(
        lambda x: problem.squares(sweep.kinetic(x)), bounds=(grid[k - 1], grid[k + 1]), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return float(found.x), np.empty(0)


def _least_shaped(problem: _Projected, law: Law, near: Fit | None) -> tuple[float, Floats]:
    """Return ln j0 and shape of the least sum of squares, from the best place of a coarse grid and from the law within."""
    sweep = problem.sweep
    thin = replace(
        sweep,
        current=sweep.current[:: len(sweep.current) // _THIN + 1],
        voltage=sweep.voltage[:: len(sweep.current) // _THIN + 1],
    )
    coarse = _projected(thin)
    low, high = sweep.range
    places = np.linspace(low + math.log(10.0), high - 0.5 * math.log(10.0), _GRID // 3)
    if law is Law.BOTH and near is not None:
        places = near.best + np.array([-0.5, 0.0, 0.5])
    pairs = [(x, z) for z in _starts(sweep, law) for x in places]
    pairs.sort(key=lambda p: coarse.squares(thin.kinetic(p[0], *shape_of(thin, law, p[1]))))
    starts = pairs[:1]
    if near is not None:
        starts.append((near.best, _within(sweep, law, near)))
    found = [_descend(problem, law, x, z) for x, z in starts]
    return min(found, key=lambda f: f[2])[:2]


def _within(sweep: Sweep, law: Law, near: Fit) -> Floats:
    """Return the shape of a law that equals the fit of a law within it."""
    ratio, symmetry = shape_of(sweep, near.law, near.shape)
    if law is Law.BOTH:
        return np.array([ratio, symmetry])
    if law is Law.UNEQUAL:
        return np.zeros(1)
    return np.array([(0.5 - symmetry) ** 2 if sweep.interfaces > 1 else symmetry])


def _descend(
    problem: _Projected, law: Law, x: float, shape: Floats, *, fixed: bool = False
) -> tuple[float, Floats, float]:
    """Return ln j0, shape and sum of squares of a local minimum; ``fixed`` keeps ln j0."""
    from scipy.optimize import least_squares

    sweep = problem.sweep
    bounds = _bounds(sweep, law)
    limits = np.array(bounds if fixed else [sweep.range, *bounds]).T
    start = np.array([*([] if fixed else [x]), *shape])
    width = limits[1] - limits[0]
    inner = np.clip(start, limits[0] + 1e-6 * width, limits[1] - 1e-6 * width)

    def residual(free: Floats) -> Floats:
        here, rest = (x, free) if fixed else (float(free[0]), free[1:])
        return problem.residual(sweep.kinetic(here, *shape_of(sweep, law, rest)))

    exact = (
        1e-7 if fixed else 1e-12
    )  # of the sum of squares; a limit is where it rises by 4 parts in the number of records
    found = least_squares(
        residual,
        inner,
        jac="2-point" if fixed else "3-point",
        bounds=(limits[0], limits[1]),
        x_scale="jac",
        ftol=exact,
        xtol=1e-9,
        gtol=_LEVEL,
    )
    best, least = min(
        ((found.x, 2.0 * float(found.cost)), (start, float(np.sum(residual(start) ** 2)))), key=lambda p: p[1]
    )
    return (x, best, least) if fixed else (float(best[0]), np.asarray(best[1:]), least)


def inflation(residual: Floats) -> float:
    """Return how much a variance grows where neighbouring residuals go together: (1 + r)/(1 - r), at least 1."""
    total = float(residual @ residual)
    if total <= 0.0:
        return 1.0
    together = min(max(float(residual[1:] @ residual[:-1]) / total, 0.0), 0.99)
    return (1.0 + together) / (1.0 - together)


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard uncertainties by the curvature of the sum of squares; infinite where it is flat.

    Those of ln j0 of both faces, of the symmetry, of the resistance and of the total resistance at rest [ohm m^2].
    """

    first: float = math.inf
    second: float = math.inf
    symmetry: float = math.inf
    resistance: float = math.inf
    total: float = math.inf


def spread_of(sweep: Sweep, fit: Fit) -> Spread:
    """Return the uncertainties of a fit, of all that its law leaves free together."""
    place = np.array([fit.best, *shape_of(sweep, fit.law, fit.shape)])
    free = {Law.EQUAL: [0], Law.UNEQUAL: [0, 1], Law.SYMMETRY: [0, 2], Law.BOTH: [0, 1, 2]}[fit.law]
    columns = [np.ones_like(sweep.current), sweep.current]
    for k in free:
        step = np.where(np.arange(3) == k, 1e-4, 0.0)
        columns.append((sweep.kinetic(*(place + step)) - sweep.kinetic(*(place - step))) / 2e-4)
    slopes = np.stack(columns, axis=1)
    if sweep.known is not None:
        slopes = np.append(slopes, [[0.0, _weight(sweep)] + [0.0] * len(free)], axis=0)
    size = np.sqrt(np.einsum("rk,rk->k", slopes, slopes)) + 1e-300
    curvature = (slopes / size).T @ (slopes / size)
    if np.linalg.cond(curvature) > _FLAT:
        return Spread()
    covariance = np.zeros((5, 5))
    where = [0, 1, *(2 + k for k in free)]
    covariance[np.ix_(where, where)] = fit.variance * np.linalg.inv(curvature) / np.outer(size, size)
    share = 1.0 / (1.0 + math.exp(place[1]))  # ln j1 = ln j0 + ln((1 + 1/r)/2), ln j2 = ln j1 + ln r
    faces_both = -sweep.interfaces * sweep.thermal * math.exp(-fit.best)
    turns = np.array(
        [
            [0.0, 0.0, 1.0, -share, 0.0],
            [0.0, 0.0, 1.0, 1.0 - share, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
            [0.0, 1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, faces_both, 0.0, 0.0],
        ]
    )
    return Spread(*(math.sqrt(max(float(v), 0.0)) for v in np.diag(turns @ covariance @ turns.T)))


# limits ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class End:
    """What holds at a limit of ln j0: the limit, resistance and total resistance there."""

    log_exchange: float
    resistance: float
    total: float


def end_of(sweep: Sweep, x: float, law: Law, shape: Floats) -> End:
    """Return resistance and total resistance at rest, at an exchange current and shape."""
    resistance = _line(sweep, sweep.kinetic(x, *shape_of(sweep, law, shape)))[1]
    return End(x, resistance, resistance + sweep.interfaces * sweep.thermal * math.exp(-x))


def profiled(sweep: Sweep, fit: Fit) -> tuple[End | None, End | None]:
    """Return the 95 % limits of ln j0 by the profile of the sum of squares; None where it does not rise enough."""
    from scipy.stats import t

    problem = _projected(sweep)
    rise = float(t.ppf(0.5 + 0.5 * _CONFIDENCE, fit.freedom)) ** 2 * fit.variance
    shapes = {fit.best: fit.shape}

    def over(x: float) -> float:
        shapes[x], squares = _at(problem, fit.law, x, shapes[min(shapes, key=lambda known: abs(known - x))])
        return squares - fit.squares - rise

    ends = []
    for end in sweep.range:
        x = _crossing(over, fit.best, end)
        ends.append(None if x is None else end_of(sweep, x, fit.law, shapes[min(shapes, key=lambda k: abs(k - x))]))
    return ends[0], ends[1]


def _at(problem: _Projected, law: Law, x: float, near: Floats) -> tuple[Floats, float]:
    """Return shape and sum of squares where ln j0 is given."""
    sweep = problem.sweep

    def squares(shape: Floats) -> float:
        return problem.squares(sweep.kinetic(x, *shape_of(sweep, law, shape)))

    if law is Law.EQUAL:
        return near, squares(near)
    start = min([near, *_starts(sweep, law)], key=squares)
    _, shape, least = _descend(problem, law, x, start, fixed=True)
    return shape, least


def _crossing(over: Callable[[float], float], best: float, end: float) -> float | None:
    """Return where a function rises through zero on the way from the best to an end; None if it does not."""
    from scipy.optimize import brentq

    way = end - best
    inside, step = best, _STEP
    while True:
        outside = best + math.copysign(min(step, abs(way)), way)
        if over(outside) > 0.0:
            return float(brentq(over, inside, outside, xtol=1e-3 * abs(outside - best), rtol=1e-12))
        if step >= abs(way):
            return None
        inside, step = outside, 2.0 * step
