"""Which law of charge transfer a slow sweep calls for, what else it leaves open, and whether it is charge transfer at all."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._tafel_fit import RATIO, End, Fit, Law, Sweep, end_of, fit_law, inflation, profiled, shape_of

Floats = NDArray[np.float64]

__all__ = ["Choice", "Slope", "Verdict", "choose", "surely_worse"]

_CALLED = 0.999  # a law with more freedom takes the place of one with less
_SURE = 0.99  # a slope is refused, a law or a resistance is left out of what is possible
_DOUBT = 0.843  # a freer symmetry enters the interval; chi squared of 2, the criterion of Akaike
_BENT = 0.999  # the sweep is no straight line
_COARSE = 36
_RATIOS = (0.0, 1.0, 2.0, 4.0)
_EXACT = 0.01  # of the least slope: by so much 3 K of error in the temperature move it
_FLAT = 1e13  # condition of a curvature from which no uncertainty is read


class Verdict(Enum):
    """Why no exchange current can be given."""

    NONE = "none"
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of the overpotential over ln j per interface [V] where it is free, and the least that is possible."""

    value: float
    std: float
    least: float
    low: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The law that is reported, its 95 % ends, those of all laws that the sweep leaves open, and what speaks against it."""

    fit: Fit
    own: tuple[End | None, End | None]
    ends: tuple[End, ...]
    widened: tuple[Law, ...]
    skipped: tuple[Law, ...]
    slope: Slope
    verdict: Verdict
    bent: bool

    @property
    def open_ended(self) -> bool:
        """Whether the sweep leaves ln j0 open on a side, by its law or by two faces that nothing tells to be equal."""
        return Law.UNEQUAL in self.skipped or self.own[0] is None or self.own[1] is None

    @property
    def limits(self) -> tuple[float, float]:
        """The 95 % limits of ln j0 over all laws that the sweep leaves open."""
        if self.open_ended:
            return -math.inf, math.inf
        places = [end.log_exchange for end in self.ends]
        return min(places), max(places)


def choose(sweep: Sweep) -> Choice:
    """Return the law that the evidence calls for, with the doubt about it in the limits.

    Equal faces and the symmetry as given are kept unless two exchange currents, or a symmetry left free, describe the sweep
    better at 99.9 % (ratio of likelihoods); the better of both is taken, and both together where that is better again.
    Nothing says that two faces are equal: the interval of one exchange current always holds what unequal faces leave open. The
    symmetry is given: what another one leaves open enters where it predicts better (criterion of Akaike), or is freed.
    """
    equal = fit_law(sweep, Law.EQUAL)
    wider = {Law.SYMMETRY: fit_law(sweep, Law.SYMMETRY, equal)}
    if sweep.interfaces > 1:
        wider[Law.UNEQUAL] = fit_law(sweep, Law.UNEQUAL, equal)
    better = [f for f in wider.values() if _allowed(f, equal) < 1.0 - _CALLED and _is_bent(sweep, f)]
    chosen, others = equal, [f for f in wider.values() if f.law is Law.UNEQUAL or _allowed(f, equal) < 1.0 - _DOUBT]
    if better:
        chosen = min(better, key=lambda f: f.squares)
        others = [f for f in better if f is not chosen and _allowed(chosen, f) > 1.0 - _SURE]
    if sweep.interfaces > 1:
        both = fit_law(sweep, Law.BOTH, min(wider.values(), key=lambda f: f.squares))
        if _allowed(both, chosen) < 1.0 - _CALLED and _is_bent(sweep, both):
            chosen, others = both, []
        elif chosen.law is Law.SYMMETRY or _allowed(both, chosen) < 1.0 - _DOUBT:
            others.append(both)
    closest = min([chosen, *wider.values()], key=lambda f: f.squares)
    slope = _slope(sweep, closest)
    verdict = _verdict(sweep, chosen, closest, slope)
    own = profiled(sweep, chosen)
    ends, widened, skipped = _ends(sweep, chosen, own, others)
    return Choice(chosen, own, ends, widened, skipped, slope, verdict, _is_bent(sweep, chosen))


def _ends(
    sweep: Sweep, chosen: Fit, own: tuple[End | None, End | None], others: list[Fit]
) -> tuple[tuple[End, ...], tuple[Law, ...], tuple[Law, ...]]:
    """Return the ends of all laws that the sweep leaves open, and the laws that enter and those that are open themselves."""
    here = end_of(sweep, chosen.best, chosen.law, chosen.shape)
    ends = [here, *(end for end in own if end is not None)]
    widened, skipped = [], []
    for fit in others if None not in own else []:
        low, high = profiled(sweep, fit)
        if low is None or high is None:
            skipped.append(fit.law)
            continue
        ends += [low, high]
        widened.append(fit.law)
    return tuple(ends), tuple(widened), tuple(skipped)


def _allowed(wide: Fit, narrow: Fit) -> float:
    """Return the probability of so great a gain by the freedom of the wider law, if the narrower holds."""
    from scipy.stats import f as fisher

    more = max(len(wide.shape) - len(narrow.shape), 1)
    gain = max(narrow.squares - wide.squares, 0.0) / more / wide.variance
    return float(fisher.sf(gain, more, wide.freedom))


def surely_worse(held: Fit, free: Fit) -> bool:
    """Return whether a law with a resistance as a datum fits worse at 99 % than the same law without it."""
    from scipy.stats import f as fisher

    return (held.squares - free.squares) / free.variance > float(fisher.ppf(_SURE, 1, free.freedom))


def _is_bent(sweep: Sweep, fit: Fit) -> bool:
    """Return whether the sweep departs from a straight line at 99.9 %."""
    from scipy.stats import f as fisher

    columns = np.stack([np.ones_like(sweep.current), sweep.current / np.abs(sweep.current).max()], axis=1)
    left = sweep.voltage - columns @ np.linalg.lstsq(columns, sweep.voltage, rcond=None)[0]
    more = 1 + len(fit.shape)
    gain = (float(left @ left) - float(fit.residual @ fit.residual)) / more / fit.variance
    return gain > float(fisher.ppf(_BENT, more, fit.freedom))


# slope ----------------------------------------------------------------------------------------------------------------
def _verdict(sweep: Sweep, chosen: Fit, closest: Fit, slope: Slope) -> Verdict:
    """Return whether no law of charge transfer has the slope of the sweep."""
    if chosen.law in (Law.SYMMETRY, Law.BOTH):
        away = abs(shape_of(sweep, chosen.law, chosen.shape)[1] - 0.5)
        if away > 0.4 - 1e-3:
            return Verdict.HIGH
    if not slope.low:
        return Verdict.NONE
    return Verdict.LOW if sweep.interfaces == 1 or _beaten(sweep, closest) else Verdict.NONE


def _beaten(sweep: Sweep, closest: Fit) -> bool:
    """Return whether two unequal faces whose overpotential is stretched by less than one fit better at 99 %."""
    from scipy.optimize import minimize
    from scipy.stats import f as fisher

    even = replace(sweep, symmetry=0.5, known=None)
    low = sweep.range[0]
    top = math.log(float(np.abs(sweep.current).max())) + 1.0
    places = [(x, r) for x in np.linspace(low, top, _COARSE // 2) for r in _RATIOS]
    start = min(places, key=lambda p: _stretched(even, p[0], None, p[1])[0])
    far = math.log(RATIO)

    def at(free: Floats) -> tuple[float, float, Floats]:
        return _stretched(even, float(np.clip(free[0], low, top)), None, min(abs(float(free[1])), far))

    def squares_at(free: Floats) -> float:
        return at(free)[0]

    first = np.array([float(start[0]), float(start[1])])
    found = minimize(squares_at, first, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-18})
    squares, scale, residual = at(np.asarray(found.x, dtype=np.float64))
    freedom = max(len(residual) - 5, 1)
    size = max(squares / freedom * inflation(residual), sweep.rounding**2)
    gain = (float(closest.residual @ closest.residual) - squares) / size
    return scale < 1.0 - _EXACT and gain > float(fisher.ppf(_SURE, 1, freedom))


def _slope(sweep: Sweep, fit: Fit) -> Slope:
    """Return the Tafel slope per interface where it is left free, and whether it is below what equal faces can have.

    The law is stretched by a factor s: V = V0 + R j + s eta(j, j0) with R >= 0 and a symmetry of 1/2, whose slope is 2 s R T/F
    per e-fold and interface. A step of one electron has R T/(a F) on one face and R T/((1 - a) F) on the other. In a cell of
    two equal faces the mean of both is at least 2 R T/F, whatever a; on a single face it is at least R T/F.
    """
    from scipy.stats import f as fisher

    even = replace(sweep, symmetry=0.5, known=None)
    least = 1.0 if sweep.interfaces > 1 else 0.5
    low, high = sweep.range
    # with j0 far above the currents the law is a line, and s says nothing
    squares, scale, residual, place = _best_stretched(
        even, low, math.log(float(np.abs(sweep.current).max())) + 1.0, None
    )
    at_least = _best_stretched(even, low, high, least)[0]
    freedom = max(len(sweep.current) - 4, 1)
    size = max(squares / freedom * min(inflation(residual), inflation(fit.residual)), sweep.rounding**2)
    limit = float(fisher.ppf(_SURE, 1, freedom))
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


def _best_stretched(sweep: Sweep, low: float, high: float, scale: float | None) -> tuple[float, float, Floats, float]:
    """Return the least sum of squares over ln j0, the factor and the residual there, and ln j0."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(low, high, _COARSE)
    k = int(np.argmin([_stretched(sweep, x, scale)[0] for x in grid]))
    ends = (grid[max(k - 1, 0)], grid[min(k + 1, _COARSE - 1)])
    found = minimize_scalar(
        lambda x: _stretched(sweep, x, scale)[0], bounds=ends, method="bounded", options={"xatol": 1e-7}
    )
    return min(((*_stretched(sweep, x, scale), x) for x in (float(found.x), float(grid[k]))), key=lambda way: way[0])


def _stretched(
    sweep: Sweep, log_exchange: float, scale: float | None, log_ratio: float = 0.0
) -> tuple[float, float, Floats]:
    """Return sum of squares, factor and residual of the law; rest voltage free, resistance and factor >= 0."""
    from scipy.optimize import nnls

    kinetic = sweep.kinetic(log_exchange, log_ratio)
    target = sweep.voltage if scale is None else sweep.voltage - scale * kinetic
    columns = [sweep.current / float(np.abs(sweep.current).max())]
    if scale is None:
        columns.append(kinetic / float(np.abs(kinetic).max()))
    centred = np.stack([c - c.mean() for c in columns], axis=1)
    solution, norm = nnls(centred, target - target.mean())
    found = scale if scale is not None else float(solution[1]) / float(np.abs(kinetic).max())
    return float(norm) ** 2, found, target - target.mean() - centred @ solution
