"""How far the likelihood ratio of a small sample strays: cuts of a profile that make its interval cover 95 %.

The limits that chi-square gives to a profile are too narrow for a handful of cells (five cells with three failures: the 95 %
point of W is 6.9, not 3.84). In a location-scale family the signed root of W does not depend on the parameters where the
values are seen exactly and each group is watched until a given number of its cells have failed. Its distribution is then
known: in closed form for normal values without censoring (Student's t and chi-square), by simulation with a fixed seed
otherwise. Limits instead of values, and censoring at given times, follow it approximately; how well is measured in
``proofs/lifetimes.py``.

Source: J. F. Lawless, Statistical Models and Methods for Lifetime Data, 2nd ed., Wiley 2003, sections 5.1 and 5.2 (pivotal
quantities and likelihood ratio of location-scale families).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._survival_families import EXTREME, NORMAL, Family
from garnetlab.analyse._survival_likelihood import (
    Censored,
    Fit,
    Restriction,
    fixed_difference,
    fixed_location,
    fixed_scale,
    maximise,
    profile_limits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL = 0.95
_SETS = 4000
_SEED = 20250611
#: with more failures than this chi-square holds well enough
_MANY = 100
_FAMILIES = {f.name: f for f in (NORMAL, EXTREME)}


@dataclass(frozen=True, slots=True)
class Target:
    """What a profile is of: ``location`` (plus quantile scale) of a group, ``difference`` of two, or ln of the ``scale``."""

    kind: str
    first: int = 0
    second: int = 0
    quantile: float = 0.0

    def restriction(self, groups: int, value: float | Floats) -> Restriction:
        """Return the restriction under which the target has a value, one per set."""
        if self.kind == "location":
            return fixed_location(groups, self.first, value, self.quantile)
        if self.kind == "difference":
            return fixed_difference(groups, self.first, self.second, value)
        return fixed_scale(groups, np.exp(value))

    def estimate(self, fit: Fit) -> Floats:
        """Return the most likely value (sets,)."""
        if self.kind == "location":
            return fit.locations[:, self.first] + self.quantile * fit.scale
        if self.kind == "difference":
            return fit.locations[:, self.second] - fit.locations[:, self.first]
        found: Floats = np.log(fit.scale)
        return found

    @property
    def standard(self) -> float:
        """Value at location 0 and scale 1."""
        return self.quantile if self.kind == "location" else 0.0


def cuts(family: Family, sizes: tuple[int, ...], failures: tuple[int, ...], target: Target) -> tuple[float, float]:
    """Return how far W may rise below and above the best value; infinite where the failures tell no spread."""
    total, located = sum(failures), sum(r > 0 for r in failures)
    freedom = total - located
    if freedom < 1:
        return math.inf, math.inf
    if freedom > _MANY:
        from scipy.stats import chi2

        return (float(chi2.ppf(LEVEL, 1)),) * 2
    if family.name == "normal" and sizes == failures:
        return _normal_cuts(total, freedom, target.kind)
    if 0 in failures:  # what never failed has no location: Student's t of the others
        return _normal_cuts(total, freedom, target.kind)
    return _simulated(family.name, sizes, failures, target)[:2]


def shape_bias(family: Family, sizes: tuple[int, ...], failures: tuple[int, ...]) -> float:
    """Return the median of the most likely 1/scale over the true one."""
    if sum(failures) - len(failures) < 1 or 0 in failures or sum(failures) > _MANY:
        return 1.0
    return math.exp(-_simulated(family.name, sizes, failures, Target("scale"))[2])


def _normal_cuts(number: int, freedom: int, kind: str) -> tuple[float, float]:
    from scipy.stats import chi2, t

    tail = 0.5 * (1.0 - LEVEL)
    if kind != "scale":
        cut = number * math.log1p(float(t.ppf(1.0 - tail, freedom)) ** 2 / freedom)
        return cut, cut
    ratios = [float(chi2.ppf(p, freedom)) / number for p in (1.0 - tail, tail)]
    below, above = [number * (r - 1.0 - math.log(r)) for r in ratios]
    return (below if ratios[0] > 1.0 else 0.0), (above if ratios[1] < 1.0 else 0.0)


@lru_cache(maxsize=256)
def _simulated(
    family: str, sizes: tuple[int, ...], failures: tuple[int, ...], target: Target
) -> tuple[float, float, float]:
    """Return the cuts and the median estimate from simulated samples of location 0 and scale 1."""
    law = _FAMILIES[family]
    data, fit = _fitted_samples(family, sizes, failures)
    held = maximise(data, law, target.restriction(data.groups, target.standard))
    away = target.estimate(fit) - target.standard
    root = np.sign(away) * np.sqrt(np.maximum(2.0 * (fit.value - held.value), 0.0))
    low, high = np.quantile(root, [0.5 * (1.0 - LEVEL), 0.5 * (1.0 + LEVEL)])
    return float(max(high, 0.0) ** 2), float(max(-low, 0.0) ** 2), float(np.median(away))


@lru_cache(maxsize=8)
def _fitted_samples(family: str, sizes: tuple[int, ...], failures: tuple[int, ...]) -> tuple[Censored, Fit]:
    data = _samples(_FAMILIES[family], sizes, failures)
    return data, maximise(data, _FAMILIES[family])


def _samples(law: Family, sizes: tuple[int, ...], failures: tuple[int, ...]) -> Censored:
    rng = np.random.default_rng(_SEED)
    lows, highs = [], []
    for size, failed in zip(sizes, failures, strict=True):
        x = np.sort(law.quantile(rng.random((_SETS, size))), axis=1)
        last = x[:, failed - 1 : failed]
        lows.append(np.minimum(x, last))
        highs.append(np.where(x <= last, x, np.inf))
    return Censored(np.hstack(lows), np.hstack(highs), np.repeat(np.arange(len(sizes)), sizes))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Most likely value with its 95 % limits; a limit the data do not give is infinite."""

    value: float
    low: float
    high: float


def estimate(data: Censored, family: Family, fit: Fit, target: Target, *, unit: float) -> Estimate:
    """Return the most likely value of a target in one data set and its calibrated profile interval.

    ``unit`` is a step of the size of the observations' spread, with which the search begins.
    """
    best = float(target.estimate(fit)[0])
    sizes = tuple(int((data.group == g).sum()) for g in range(data.groups))
    failures = tuple(int((data.failed[0] & (data.group == g)).sum()) for g in range(data.groups))
    limits = cuts(family, sizes, failures, target)

    def drop(values: Floats) -> Floats:
        held = maximise(data, family, target.restriction(data.groups, values))
        found: Floats = 2.0 * (fit.value - held.value)
        return found

    if math.isinf(limits[0]):
        return Estimate(best, -math.inf, math.inf)
    step, reach = (0.1, 12.0) if target.kind == "scale" else (0.1 * unit, 1e5 * unit)
    return Estimate(best, *profile_limits(drop, best, step, limits, reach))
